//! What the rest of the program asks of the store. Methods are synchronous and short: a local transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::contents::ContentMarks;
use super::trail::TrailMarks;
use crate::types::{
    ChangeEvent, Circumstances, Coverage, Decision, EventId, Exception, Finding, FindingId, FindingStatus, FleetName,
    Golden, GoldenRef, GoldenStatus, Instance, InstanceId, Place, Plan, ScanId, Verdict, VerdictReason,
};

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the lease.
    #[error("{holder} holds the lease `{name}` until {until}")]
    LeaseHeld {
        /// Lease.
        name: String,
        /// Who: host, pid and command.
        holder: String,
        /// When it would expire by itself.
        until: Timestamp,
    },
    /// Our lease was taken over: somebody else wrote a newer epoch.
    #[error("the lease `{name}` was lost to another process")]
    LeaseLost {
        /// Lease.
        name: String,
    },
    /// The state was written by a newer version.
    #[error("the state has schema {found}, this version knows up to {known}: install a newer cattleguard")]
    NewerSchema {
        /// Found.
        found: i64,
        /// Known.
        known: i64,
    },
    /// The file is damaged. It is left as it is.
    #[error("the state file {path} is damaged ({detail}); it was left untouched, restore it from a backup")]
    Corrupt {
        /// Path.
        path: String,
        /// What SQLite says.
        detail: String,
    },
    /// The disk is full.
    #[error("no space left for the state file {path}")]
    Full {
        /// Path.
        path: String,
    },
    /// Something is not there.
    #[error("{0}")]
    NotFound(String),
    /// A rule of the store was broken, e.g. two goldens of one name.
    #[error("{0}")]
    Conflict(String),
    /// Anything else.
    #[error("state: {0}")]
    Other(String),
}

/// A held lease with its fencing epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Name, e.g. `scan`.
    pub name: String,
    /// Holder text.
    pub holder: String,
    /// Grows with every new holder; writes of an older epoch are refused.
    pub epoch: i64,
}

/// Mutual exclusion between processes.
pub trait Leases {
    /// Takes the lease, or says who holds it. An expired lease is taken over with a new epoch.
    fn acquire(&self, name: &str, holder: &str, now: Timestamp, ttl_s: i64) -> Result<Lease, StoreError>;
    /// Extends it.
    fn renew(&self, lease: &Lease, now: Timestamp, ttl_s: i64) -> Result<(), StoreError>;
    /// Gives it back.
    fn release(&self, lease: &Lease) -> Result<(), StoreError>;
}

/// The golden registry.
pub trait Goldens {
    /// Adds a version, with an audit entry by its recorder. A conflict: a version that exists, a promoted one
    /// where the line has another.
    fn add_golden(&self, golden: &Golden) -> Result<(), StoreError>;
    /// Replaces a golden of the same reference; promoting one version makes the line's former promoted
    /// version `deprecated` in the same transaction. Writes no audit entry, because it does not know who asks:
    /// what people do goes through [`Goldens::set_golden_status`].
    fn save_golden(&self, golden: &Golden) -> Result<(), StoreError>;
    /// A person promotes, deprecates or revokes a version, with a note on why. Promoting deprecates the line's
    /// former promoted version. Writes the audit entry in the same transaction. A revoked version stays
    /// revoked, and nothing goes back to `recorded`: both are conflicts.
    fn set_golden_status(
        &self,
        reference: &GoldenRef,
        status: GoldenStatus,
        note: Option<&str>,
        by: &str,
        now: Timestamp,
    ) -> Result<Golden, StoreError>;
    /// All goldens, by line, newest recording last.
    fn goldens(&self) -> Result<Vec<Golden>, StoreError>;
    /// One golden.
    fn golden(&self, reference: &GoldenRef) -> Result<Option<Golden>, StoreError>;
}

/// One instance's result as stored with a scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceResult {
    /// Instance as it was seen, without inventory rows.
    pub instance: Instance,
    /// Fleet.
    pub fleet: Option<FleetName>,
    /// Golden it was compared with.
    pub golden: Option<GoldenRef>,
    /// Verdict.
    pub verdict: Verdict,
    /// Reasons.
    pub reasons: Vec<VerdictReason>,
    /// Decision.
    pub decision: Option<Decision>,
    /// Active findings.
    pub findings: Vec<FindingId>,
}

/// Everything one scan commits in one transaction: results, findings and the notices they cause.
#[derive(Clone, Debug)]
pub struct ScanCommit {
    /// Scan.
    pub scan_id: ScanId,
    /// Start.
    pub started_at: Timestamp,
    /// End.
    pub finished_at: Timestamp,
    /// Exit code the scan will return.
    pub exit_code: u8,
    /// Coverage.
    pub coverage: Vec<Coverage>,
    /// Per instance.
    pub instances: Vec<InstanceResult>,
    /// Every finding that is new or changed, resolved ones included.
    pub findings: Vec<Finding>,
    /// Change events to remember (already known ids are ignored).
    pub events: Vec<ChangeEvent>,
    /// Checkpoints to advance: (place, source name) -> through.
    pub checkpoints: Vec<(Place, String, Timestamp)>,
    /// Log objects and messages.
    pub marks: TrailMarks,
    /// Content hashes.
    pub contents: ContentMarks,
    /// What attachments and addresses belong to whom, to be remembered.
    pub links: Vec<Link>,
    /// User data digests to remember.
    pub user_data: Vec<UserDataMemo>,
    /// The plan.
    pub plan: Plan,
    /// Notices for the outbox.
    pub notices: Vec<OutboxDraft>,
    /// Policy inputs with their digests, for replay.
    pub inputs: Vec<(InstanceId, String, Value)>,
    /// What belongs to the decisions of `instances`, for their records.
    pub circumstances: Vec<Circumstances>,
}

/// A remembered relation: this interface, attachment, volume, association or address belonged to that instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// Where.
    pub place: Place,
    /// `eni-…`, `eni-attach-…`, `vol-…`, `iip-assoc-…`, `eipassoc-…`, an address, …
    pub key: String,
    /// Whose.
    pub instance: InstanceId,
    /// Last time it was seen.
    pub seen_at: Timestamp,
}

/// The user data digest of one launch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDataMemo {
    /// Where.
    pub place: Place,
    /// Which instance.
    pub instance: InstanceId,
    /// SHA-256 of the decoded text; `None` when there is none.
    pub digest: Option<String>,
    /// When it was fetched.
    pub fetched_at: Timestamp,
}

/// A stored scan's header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScanSummary {
    /// Scan.
    pub scan_id: ScanId,
    /// Start.
    pub started_at: Timestamp,
    /// End.
    pub finished_at: Timestamp,
    /// Exit code.
    pub exit_code: u8,
    /// Clean, drifted, unjudged counts.
    pub clean: u64,
    /// Drifted.
    pub drifted: u64,
    /// Unjudged.
    pub unjudged: u64,
    /// Coverage.
    pub coverage: Vec<Coverage>,
}

/// A policy input that was stored with a scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredInput {
    /// Start of the last scan that evaluated it.
    pub scanned_at: Timestamp,
    /// Instance.
    pub instance: InstanceId,
    /// SHA-256 of the document, as the decision names it.
    pub digest: String,
    /// The document.
    pub input: Value,
}

/// Scans, their results and what is remembered between them.
pub trait Scans {
    /// Commits one scan: all of it or nothing. Refused when the lease was lost.
    fn commit_scan(&self, lease: &Lease, commit: &ScanCommit) -> Result<(), StoreError>;
    /// The last scan.
    fn last_scan(&self) -> Result<Option<ScanSummary>, StoreError>;
    /// The last result of one instance.
    fn instance_result(&self, id: &InstanceId) -> Result<Option<InstanceResult>, StoreError>;
    /// The last results of all instances of the last scan.
    fn instance_results(&self) -> Result<Vec<InstanceResult>, StoreError>;
    /// The last plan.
    fn last_plan(&self) -> Result<Option<Plan>, StoreError>;
    /// Through when a source of a place was read.
    fn checkpoints(&self) -> Result<BTreeMap<(Place, String), Timestamp>, StoreError>;
    /// Event ids among these that a scan has met already.
    fn known_events(&self, ids: &[EventId]) -> Result<BTreeSet<EventId>, StoreError>;
    /// Events since a time, oldest first, for correlation over scans.
    fn events_since(&self, since: Timestamp) -> Result<Vec<ChangeEvent>, StoreError>;
    /// Events of one instance, oldest first.
    fn events_of(&self, id: &InstanceId) -> Result<Vec<ChangeEvent>, StoreError>;
    /// Remembered links, the longest unseen first: of two owners of one key, the last in order is the newest.
    fn links(&self) -> Result<Vec<Link>, StoreError>;
    /// Remembered user data digests.
    fn user_data(&self) -> Result<Vec<UserDataMemo>, StoreError>;
    /// When each instance was last seen clean.
    fn last_clean(&self) -> Result<BTreeMap<InstanceId, Timestamp>, StoreError>;
    /// Verdicts over time of one instance: (scan start, verdict), oldest first.
    fn verdicts_of(&self, id: &InstanceId) -> Result<Vec<(Timestamp, Verdict)>, StoreError>;
    /// Visits the policy inputs of scans since a time, oldest first; of scans that said the same only the last one's.
    fn each_input_since(&self, since: Timestamp, visit: &mut dyn FnMut(StoredInput)) -> Result<(), StoreError>;
    /// The newest policy input of one instance. Scans keep none of instances without findings.
    fn last_input(&self, id: &InstanceId) -> Result<Option<StoredInput>, StoreError>;
    /// All of them, for few instances: each is some kilobytes.
    fn inputs_since(&self, since: Timestamp) -> Result<Vec<StoredInput>, StoreError> {
        let mut found = Vec::new();
        self.each_input_since(since, &mut |input| found.push(input))?;
        Ok(found)
    }
    /// Deletes scans, events and inputs older than a time; keeps open findings and what they point to. Operations
    /// stay for longer: see [`super::retention::OPERATIONS_KEPT`].
    fn prune(&self, before: Timestamp) -> Result<u64, StoreError>;
}

/// Findings between scans.
pub trait Findings {
    /// All findings, or only the active and waived ones.
    fn findings(&self, with_resolved: bool) -> Result<Vec<Finding>, StoreError>;
    /// One finding.
    fn finding(&self, id: &FindingId) -> Result<Option<Finding>, StoreError>;
    /// A person acknowledges or reopens it. Writes the audit entry in the same transaction.
    fn set_finding_status(
        &self,
        id: &FindingId,
        status: FindingStatus,
        by: &str,
        now: Timestamp,
    ) -> Result<Finding, StoreError>;
}

/// Exceptions and pauses.
pub trait Waivers {
    /// Adds an exception.
    fn add_exception(&self, exception: &Exception, by: &str) -> Result<(), StoreError>;
    /// All exceptions, expired ones included.
    fn exceptions(&self) -> Result<Vec<Exception>, StoreError>;
    /// Ends one now.
    fn revoke_exception(&self, id: &crate::types::ExceptionId, by: &str, now: Timestamp) -> Result<(), StoreError>;
    /// Pulls the kill switch for one fleet, or for everything.
    fn pause(&self, fleet: Option<&FleetName>, reason: &str, by: &str, now: Timestamp) -> Result<(), StoreError>;
    /// Lets go of it.
    fn resume(&self, fleet: Option<&FleetName>, by: &str, now: Timestamp) -> Result<(), StoreError>;
    /// What is paused: fleet (or all) with the reason.
    fn pauses(&self) -> Result<Vec<(Option<FleetName>, String)>, StoreError>;
}

/// A notice on its way into the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutboxDraft {
    /// Unique; the idempotency key that receivers see. Inserting a known key is ignored.
    pub key: String,
    /// Destination name from the configuration.
    pub destination: String,
    /// Group: (fleet, code, actor) rendered as text; rows of a group are delivered in order.
    pub group: String,
    /// Not before.
    pub due_at: Timestamp,
    /// The rendered-independent notice (`report::Notice`) as JSON.
    pub payload: Value,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutboxState {
    /// Waiting.
    Pending,
    /// Accepted by the receiver.
    Delivered,
    /// Given up.
    Dead,
}

/// A stored row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Sequence: order of commit.
    pub seq: i64,
    /// What was drafted.
    pub draft: OutboxDraft,
    /// State.
    pub state: OutboxState,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was put in.
    pub created_at: Timestamp,
    /// Next attempt.
    pub next_attempt_at: Timestamp,
    /// Last error.
    pub last_error: Option<String>,
    /// Since when it may have arrived without our knowing: set by [`Outbox::begin`].
    pub begun_at: Option<Timestamp>,
}

/// The outbox. A notice (a payload whose `schema` begins with `cattleguard.dev/notice/`) gets the head of the audit
/// log as its `audit` when it is put in.
pub trait Outbox {
    /// Adds rows outside a scan (test messages, self-alerts).
    fn enqueue(&self, drafts: &[OutboxDraft], now: Timestamp) -> Result<(), StoreError>;
    /// Pending rows whose time has come, in order. A row that failed and is not yet due holds back everything after it
    /// at its destination; a row whose time has not come yet holds back only its own group. So nothing overtakes
    /// what was tried, and a reminder for later does not delay what is new.
    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<OutboxRow>, StoreError>;
    /// When the next pending row becomes due.
    fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;
    /// Says that a delivery begins that may arrive without our knowing. Keeps the first time.
    fn begin(&self, seq: i64, now: Timestamp) -> Result<(), StoreError>;
    /// Marks a row delivered.
    fn delivered(&self, seq: i64, now: Timestamp) -> Result<(), StoreError>;
    /// Records a failed attempt and when to try again.
    fn failed(&self, seq: i64, error: &str, next: Timestamp) -> Result<(), StoreError>;
    /// Takes a row out that was not delivered: a test that failed, of which its sender knows.
    fn withdraw(&self, seq: i64) -> Result<(), StoreError>;
    /// Destinations that take nothing now: a row waits after an attempt, or the last one that ended was given up.
    fn failing(&self) -> Result<BTreeSet<String>, StoreError>;
    /// Gives a row up.
    fn dead(&self, seq: i64, error: &str, now: Timestamp) -> Result<(), StoreError>;
    /// Rows by state, newest last.
    fn rows(&self, state: Option<OutboxState>) -> Result<Vec<OutboxRow>, StoreError>;
    /// The last delivered (when) or pending (due when) notice of a group at a destination, for repeats.
    fn last_notice(&self, destination: &str, group: &str) -> Result<Option<(Timestamp, Value)>, StoreError>;
}

/// One entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// 1, 2, 3, … without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who: principal or local user and host.
    pub actor: String,
    /// What: `golden.promote`, `finding.ack`, …
    pub action: String,
    /// On what.
    pub object: String,
    /// Details.
    pub details: Value,
    /// Hash of the entry before, hex; 64 zeros in the first.
    pub previous: String,
    /// Hash of this entry, hex.
    pub hash: String,
}

/// The append-only, hash-chained audit log.
pub trait Audit {
    /// Appends.
    fn append(
        &self,
        at: Timestamp,
        actor: &str,
        action: &str,
        object: &str,
        details: &Value,
    ) -> Result<AuditEntry, StoreError>;
    /// The newest entry of one action.
    fn last_of(&self, action: &str) -> Result<Option<AuditEntry>, StoreError>;
    /// All entries in order.
    fn entries(&self) -> Result<Vec<AuditEntry>, StoreError>;
    /// For each action, how many things are kept that only an entry of it can have made. A log with fewer of them was
    /// emptied, or begun anew.
    fn deeds(&self) -> Result<Vec<(&'static str, u64)>, StoreError>;
    /// Sequence and hash of the last entry, kept apart from the entries: a chain that was cut at its end is
    /// sound in itself, and only this tells. `None` before the first entry.
    fn head(&self) -> Result<Option<(i64, String)>, StoreError>;
}

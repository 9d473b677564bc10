//! What is told to people: one notice about one group of findings, or about our own sight.
//!
//! A notice is a value in the outbox; the renderers turn it into Slack blocks or a CloudEvent when it is sent.
//! Its JSON form is stored and sent, so fields are only ever added. Every text in it is bounded and cleaned when
//! it is drafted.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::clean;
use crate::types::{AccountId, Code, EventId, FindingId, FleetName, InstanceId, OperationId, Region, ScanId, Severity};

/// The schema name carried by every notice.
pub const NOTICE_SCHEMA: &str = "cattleguard.dev/notice/v1";

/// What kind of news it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A group of findings was seen for the first time.
    New,
    /// The group changed since it was last told.
    Update,
    /// Nothing changed, and nobody has acknowledged it.
    Repeat,
    /// A person has seen it: no more reminders.
    Acknowledged,
    /// It comes and goes: until it settles only its end is told.
    Flapping,
    /// Nothing of the group is left.
    Resolved,
    /// The group's findings are now known to be somebody else's doing and go on in that group.
    Reattributed,
    /// A fleet drifted as a whole and is frozen; told once instead of once for each group.
    MassDrift,
    /// More groups at once than anybody reads; told as one list of counts.
    Digest,
    /// Of what a digest told many groups ended at once, and others go on.
    DigestEnding,
    /// Something can no longer be seen.
    CoverageLost,
    /// It can be seen again.
    CoverageRestored,
    /// A policy could not be evaluated: alert, no enforcement.
    PolicyError,
    /// An operation has begun.
    OperationStarted,
    /// An operation did what it was to do.
    OperationDone,
    /// An operation was rolled back, or cannot go on without a person.
    OperationFailed,
    /// A plan waits for a person's approval.
    ApprovalWanted,
    /// It does not wait for one any more: it was approved, or another plan took its place.
    ApprovalEnded,
    /// An exception ends soon.
    ExceptionEnding,
    /// An exception has ended: what it waived counts again.
    ExceptionEnded,
    /// A test of the destination.
    Test,
    /// Another destination did not take a notice for a whole day.
    DeadLetter,
    /// It takes notices again.
    DeliveryRestored,
    /// The head of the audit log could not be put into its bucket.
    AnchorFailed,
    /// It could be again.
    AnchorRestored,
}

impl NoticeKind {
    /// The snake-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Update => "update",
            Self::Repeat => "repeat",
            Self::Acknowledged => "acknowledged",
            Self::Flapping => "flapping",
            Self::Resolved => "resolved",
            Self::Reattributed => "reattributed",
            Self::MassDrift => "mass_drift",
            Self::Digest => "digest",
            Self::DigestEnding => "digest_ending",
            Self::CoverageLost => "coverage_lost",
            Self::CoverageRestored => "coverage_restored",
            Self::PolicyError => "policy_error",
            Self::OperationStarted => "operation_started",
            Self::OperationDone => "operation_done",
            Self::OperationFailed => "operation_failed",
            Self::ApprovalWanted => "approval_wanted",
            Self::ApprovalEnded => "approval_ended",
            Self::ExceptionEnding => "exception_ending",
            Self::ExceptionEnded => "exception_ended",
            Self::Test => "test",
            Self::DeadLetter => "dead_letter",
            Self::DeliveryRestored => "delivery_restored",
            Self::AnchorFailed => "anchor_failed",
            Self::AnchorRestored => "anchor_restored",
        }
    }

    /// Whether it says that something is wrong, so that its end will be told as well.
    pub fn is_firing(self) -> bool {
        match self {
            Self::New
            | Self::Update
            | Self::Repeat
            | Self::Acknowledged
            | Self::Flapping
            | Self::MassDrift
            | Self::Digest
            | Self::DigestEnding
            | Self::CoverageLost
            | Self::PolicyError => true,
            Self::Resolved
            | Self::Reattributed
            | Self::CoverageRestored
            // Operations are told status by status, and have an end of their own.
            | Self::OperationStarted
            | Self::OperationDone
            | Self::OperationFailed
            | Self::ApprovalWanted
            | Self::ApprovalEnded
            | Self::ExceptionEnding
            | Self::ExceptionEnded
            | Self::Test
            | Self::DeadLetter
            | Self::DeliveryRestored
            | Self::AnchorFailed
            | Self::AnchorRestored => false,
        }
    }
}

/// What belongs into one notice: fleet, code and actor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupKey {
    /// Fleet, when there is one.
    pub fleet: Option<FleetName>,
    /// Finding code, or what else the notice is about: `mass-drift`, `coverage`, `policy-error`, `digest`.
    pub code: Code,
    /// Who: the best attribution's name, or what tells groups of other kinds apart. `None`: nobody known.
    pub actor: Option<String>,
}

impl fmt::Display for GroupKey {
    /// The key under which the outbox keeps the group. An actor's name that had to be cleaned or cut keeps a
    /// digest of the original, so two of them never meet in one group.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fleet = self.fleet.as_ref().map_or("-", FleetName::as_str);
        write!(f, "{}/{}/", clean(fleet, 80), clean(self.code.as_str(), 80))?;
        let Some(actor) = &self.actor else { return f.write_str("unattributed") };
        let shown = clean(actor, 100);
        write!(f, "by:{shown}")?;
        if shown != *actor {
            let digest = blake3::hash(actor.as_bytes()).to_hex();
            write!(f, "#{}", digest.get(..8).unwrap_or_default())?;
        }
        Ok(())
    }
}

/// Who made a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeActor {
    /// The human name.
    pub display: String,
    /// ARN.
    pub principal: String,
    /// From where.
    pub source_ip: Option<String>,
    /// MFA, when the record says.
    pub mfa: Option<bool>,
    /// Event name.
    pub event_name: String,
    /// Event id.
    pub event_id: EventId,
    /// When.
    pub event_time: Timestamp,
    /// SSM session or command id.
    pub execution: Option<String>,
    /// Why this event explains the finding.
    pub because: String,
}

/// One finding as told to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeFinding {
    /// Finding id.
    pub id: FindingId,
    /// Code.
    pub code: Code,
    /// Instance.
    pub instance: InstanceId,
    /// ARN of the instance.
    pub arn: String,
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// `line@version` it was compared with.
    pub golden: Option<String>,
    /// Severity after policy.
    pub severity: Severity,
    /// One sentence.
    pub summary: String,
    /// What the golden says, short; empty when there is nothing to compare with.
    pub expected: String,
    /// What was seen, short.
    pub actual: String,
    /// Who; `None` when nothing in the trail explains it.
    pub who: Option<NoticeActor>,
    /// What policy says.
    pub policy: Vec<String>,
    /// What happens next.
    pub next: String,
    /// What holds it: one line for each gate.
    pub held: Vec<String>,
    /// First scan time that saw it.
    pub first_seen: Timestamp,
    /// `open`, `acknowledged`, `waived`, `resolved`.
    pub status: String,
}

/// Exact counts, however many findings are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeTotals {
    /// Findings.
    pub findings: u64,
    /// Instances.
    pub instances: u64,
    /// Findings new since the group was last told.
    pub added: u64,
    /// Findings gone since the group was last told.
    pub gone: u64,
}

/// One difference that many instances share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedChange {
    /// Fingerprint.
    pub fingerprint: String,
    /// Code.
    pub code: Code,
    /// One sentence, from one of the findings.
    pub summary: String,
    /// What the golden says.
    pub expected: String,
    /// What was seen.
    pub actual: String,
    /// How many instances have it.
    pub instances: u64,
    /// Who, from the finding with the best explanation.
    pub who: Option<NoticeActor>,
}

/// How a group stood when a digest told of it, so that it is not told again as new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// The group's state.
    pub state: String,
    /// Whether it was firing.
    pub firing: bool,
}

/// The operation that a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeOperation {
    /// Id.
    pub id: OperationId,
    /// `quarantine`, `replace`, `release`, `rollback`.
    pub kind: String,
    /// `running`, `retaining`, `rolling-back`, `needs-human`, `done`, `rolled-back`.
    pub status: String,
    /// Instance.
    pub instance: InstanceId,
    /// ARN of the instance.
    pub arn: String,
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// What was launched in its place.
    pub replacement: Option<InstanceId>,
}

/// The last entry of the audit log when a notice was made: `cattleguard audit verify --head SEQ:HASH` proves later that
/// nothing before it was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// Sequence number.
    pub seq: i64,
    /// Hash, hex.
    pub hash: String,
}

impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// One notice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// [`NOTICE_SCHEMA`].
    pub schema: String,
    /// Kind.
    pub kind: NoticeKind,
    /// Group.
    pub group: GroupKey,
    /// Highest severity in it.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// When it was drafted.
    pub time: Timestamp,
    /// When it may be sent first; later than `time` while the group waits.
    pub due_at: Timestamp,
    /// Scan behind it.
    pub scan_id: Option<ScanId>,
    /// Details that are not findings.
    pub lines: Vec<String>,
    /// The first findings, worst first.
    pub findings: Vec<NoticeFinding>,
    /// Exact counts.
    pub totals: NoticeTotals,
    /// Mass drift: what the instances have in common, the commonest first.
    pub shared: Vec<SharedChange>,
    /// Digest of what the group consists of; equal states need no update.
    pub state: String,
    /// The finding ids of the group, when they are few enough to be listed.
    pub members: Vec<FindingId>,
    /// Digest: the groups it tells of, by a digest of their key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub covers: BTreeMap<String, Covered>,
    /// The operation it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<NoticeOperation>,
    /// When the group came or went lately.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flips: Vec<Timestamp>,
    /// Dead letter: the destinations that did not take it either.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<String>,
    /// The audit log's head when the notice was put into the outbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditHead>,
}

impl Notice {
    /// An empty notice of a kind; the caller fills in what it knows.
    pub fn blank(kind: NoticeKind, group: GroupKey, severity: Severity, title: &str, now: Timestamp) -> Self {
        Self {
            schema: NOTICE_SCHEMA.to_owned(),
            kind,
            group,
            severity,
            title: clean(title, 150),
            time: now,
            due_at: now,
            scan_id: None,
            lines: Vec::new(),
            findings: Vec::new(),
            totals: NoticeTotals::default(),
            shared: Vec::new(),
            state: String::new(),
            members: Vec::new(),
            covers: BTreeMap::new(),
            operation: None,
            flips: Vec::new(),
            tried: Vec::new(),
            audit: None,
        }
    }

    /// A notice that tests a destination.
    pub fn test(destination: &str, now: Timestamp) -> Self {
        let group = GroupKey { fleet: None, code: Code::known("test"), actor: Some(clean(destination, 100)) };
        let mut notice = Self::blank(NoticeKind::Test, group, Severity::Info, "Cattleguard test message", now);
        notice.lines.push("If you can read this, alerts will arrive here.".to_owned());
        notice
    }

    /// The notice as it is stored in the outbox.
    pub fn to_value(&self) -> serde_json::Value {
        // Only maps with keys that are not text can fail, and there are none.
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_keys_stay_apart() {
        let key = |actor: Option<&str>| {
            GroupKey {
                fleet: Some("web".into()),
                code: Code::known("event-ssh-key-pushed"),
                actor: actor.map(str::to_owned),
            }
            .to_string()
        };
        assert_eq!(key(Some("alice")), "web/event-ssh-key-pushed/by:alice");
        assert_eq!(key(None), "web/event-ssh-key-pushed/unattributed");
        assert_ne!(key(Some("alice\u{200b}")), key(Some("alice")));
        assert_ne!(key(Some("unattributed")), key(None));
        assert!(key(Some(&"x".repeat(5000))).len() < 200);
    }

    #[test]
    fn a_notice_survives_its_json() {
        let notice = Notice::test("ops", Timestamp::UNIX_EPOCH);
        let back: Notice = serde_json::from_value(notice.to_value()).unwrap();
        assert_eq!(back, notice);
    }
}

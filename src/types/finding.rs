//! Findings: one drift of one instance, explained.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    AccountId, ActorKind, ChangeEvent, Code, EventId, ExceptionId, FindingId, FleetName, GoldenRef, InstanceId, Region,
    Severity, Source,
};

/// Where a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingStatus {
    /// Seen and nobody has said anything.
    Open,
    /// A person has seen it; repeats are not notified.
    Acknowledged,
    /// Covered by an exception; visible everywhere, never acted on.
    Waived,
    /// Complete coverage no longer shows it.
    Resolved,
}

impl FindingStatus {
    /// The lower-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Waived => "waived",
            Self::Resolved => "resolved",
        }
    }
}

impl fmt::Display for FindingStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why an event explains a finding when the call is the change itself.
pub const BECAUSE_DIRECT: &str = "the call is the change itself";

/// One change event that explains a finding. The best explanation comes first in a finding's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribution {
    /// ARN of the principal.
    pub principal: String,
    /// The human name.
    pub display: String,
    /// CloudTrail event id.
    pub event_id: EventId,
    /// CloudTrail event name.
    pub event_name: String,
    /// When.
    pub event_time: Timestamp,
    /// From where.
    pub source_ip: Option<String>,
    /// MFA, when the record says.
    pub mfa: Option<bool>,
    /// SSM session or command id.
    pub execution: Option<String>,
    /// Why this event explains the finding: `the call is the change itself`, `a session was open then`.
    pub because: String,
    /// What else the record says of the caller, for policy; `None` in what was stored before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
}

/// What a record says of a caller beside its name. Everything in it is the record's text, bounded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// What kind of principal.
    pub kind: ActorKind,
    /// ARN of the role or user behind a session.
    pub issuer: Option<String>,
    /// Role session name.
    pub session_name: Option<String>,
    /// Source identity of the session.
    pub source_identity: Option<String>,
    /// The AWS service that made the call for somebody.
    pub invoked_by: Option<String>,
    /// The instance whose own role session called.
    pub instance: Option<InstanceId>,
    /// What the caller wrote as its reason or comment.
    pub reason: Option<String>,
}

impl Caller {
    /// The caller of an event.
    pub fn of(event: &ChangeEvent) -> Self {
        Self {
            kind: event.actor.kind,
            issuer: event.actor.issuer.clone(),
            session_name: event.actor.session_name.clone(),
            source_identity: event.actor.source_identity.clone(),
            invoked_by: event.actor.invoked_by.clone(),
            instance: event.actor.calling_instance.clone(),
            reason: event.reason.clone(),
        }
    }
}

/// One drift of one instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// `f-` and 16 hex digits of the fingerprint: the same drift keeps its id over scans.
    pub id: FindingId,
    /// Code.
    pub code: Code,
    /// Instance.
    pub instance: InstanceId,
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Fleet, when the instance belongs to one.
    pub fleet: Option<FleetName>,
    /// The golden it was compared with.
    pub golden: Option<GoldenRef>,
    /// Severity before policy.
    pub severity: Severity,
    /// What exactly differs, normalised: a package name, a device, an event id. Part of the identity.
    pub subject: String,
    /// One sentence.
    pub summary: String,
    /// What the golden says; null when there is nothing to compare with.
    pub expected: Value,
    /// What was seen.
    pub actual: Value,
    /// Which source saw it.
    pub source: Source,
    /// Change events that explain it, best first. Empty means: nothing in the trail explains it.
    pub attribution: Vec<Attribution>,
    /// When it was first observed: the scan's time, or the capture time of the inventory that shows it.
    pub first_seen: Timestamp,
    /// Last scan time that saw it.
    pub last_seen: Timestamp,
    /// How many scans saw it.
    pub times_seen: u32,
    /// Status.
    pub status: FindingStatus,
    /// The exception that waives it.
    pub exception: Option<ExceptionId>,
    /// The digest of code, subject and difference without the instance: equal on hosts that drifted in the
    /// same way, so a rollout or a bad golden shows as one fingerprint on many hosts.
    pub fingerprint: String,
}

impl Finding {
    /// The finding's identity: its code, place, instance and subject.
    pub fn identity(
        code: &Code,
        account: &AccountId,
        region: &Region,
        instance: &InstanceId,
        subject: &str,
    ) -> FindingId {
        let mut hasher = blake3::Hasher::new();
        for part in ["finding/v1", code.as_str(), account.as_str(), region.as_str(), instance.as_str(), subject] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let hex = hasher.finalize().to_hex();
        FindingId::new(format!("f-{}", hex.get(..16).unwrap_or_default()))
    }

    /// The fingerprint shared by hosts that drifted in the same way.
    pub fn fingerprint_of(code: &Code, subject: &str, expected: &Value, actual: &Value) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in ["fingerprint/v1", code.as_str(), subject, &expected.to_string(), &actual.to_string()] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_hex().get(..32).unwrap_or_default().to_owned()
    }

    /// Whether this finding about an event adds nothing to a finding about the state of the same instance: every
    /// event of it is the very call that made the state differ. It stays a finding; people are told once.
    pub fn is_told_by(&self, state: &Self) -> bool {
        let direct =
            |id: &EventId| state.attribution.iter().any(|by| by.event_id == *id && by.because == BECAUSE_DIRECT);
        self.code.family() == "event"
            && state.code.family() != "event"
            && state.is_active()
            && state.instance == self.instance
            && !self.attribution.is_empty()
            && self.attribution.iter().all(|by| direct(&by.event_id))
    }

    /// Whether it still counts: open or acknowledged.
    pub fn is_active(&self) -> bool {
        matches!(self.status, FindingStatus::Open | FindingStatus::Acknowledged)
    }
}

/// What a scan says of one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything needed was seen and nothing differs.
    Clean,
    /// Something differs.
    Drifted,
    /// Something needed could not be seen, and nothing that was seen differs.
    Unjudged,
}

impl Verdict {
    /// The lower-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Drifted => "drifted",
            Self::Unjudged => "unjudged",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a verdict is not `clean`; also given beside `drifted` for what could not be seen as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictReason {
    /// The source that is missing, when one is.
    pub source: Option<Source>,
    /// For a human.
    pub reason: String,
}

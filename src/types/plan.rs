//! Plans: what enforcement would do, what it holds and why.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, FindingId, FleetName, GoldenRef, InstanceId, PlanHash, Region, Severity, Track};

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationKind {
    /// Contain with evidence.
    Quarantine,
    /// Replace from the golden.
    Replace,
    /// Undo a quarantine.
    Release,
    /// Undo an unfinished operation.
    Rollback,
}

impl OperationKind {
    /// The lower-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quarantine => "quarantine",
            Self::Replace => "replace",
            Self::Release => "release",
            Self::Rollback => "rollback",
        }
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What stands for the fleet of a server that belongs to none. No configured fleet can be called so.
pub const NO_FLEET: &str = "no fleet";

/// One operation of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// What.
    pub kind: OperationKind,
    /// On which instance.
    pub instance: InstanceId,
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Fleet.
    pub fleet: FleetName,
    /// The golden a replacement is launched from.
    pub golden: Option<GoldenRef>,
    /// Track.
    pub track: Track,
    /// Severity of the decision.
    pub severity: Severity,
    /// Findings behind it.
    pub findings: Vec<FindingId>,
    /// BLAKE3 of the instance as it was seen: an executor refuses when it has changed since.
    pub before_image: String,
    /// For people: why.
    pub reasons: Vec<String>,
    /// Every gate's answer; all of them allow.
    pub gates: Vec<GateReport>,
}

/// The gates, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Nothing at all is done while it is pulled.
    KillSwitch,
    /// The fleet allows enforcement.
    OptIn,
    /// No other controller owns the instance.
    Ownership,
    /// The observation is fresh.
    Evidence,
    /// Seen twice, or by two sources.
    Confirmed,
    /// No exception covers it.
    Exception,
    /// The fleet is not drifting as a whole.
    MassDrift,
    /// This lineage was not just replaced for the same reason.
    ReplaceLoop,
    /// A maintenance window is open.
    Window,
    /// The budget has room.
    Budget,
    /// Target groups and zones keep their minimum.
    Availability,
    /// No configured alarm is firing.
    Alarm,
    /// A person approved this plan.
    Approval,
    /// The golden can be launched.
    GoldenUsable,
    /// The enforcing role may make the calls.
    Permissions,
}

impl Gate {
    /// Every gate, in order.
    pub const ALL: [Self; 15] = [
        Self::KillSwitch,
        Self::OptIn,
        Self::Ownership,
        Self::Evidence,
        Self::Confirmed,
        Self::Exception,
        Self::MassDrift,
        Self::ReplaceLoop,
        Self::Window,
        Self::Budget,
        Self::Availability,
        Self::Alarm,
        Self::Approval,
        Self::GoldenUsable,
        Self::Permissions,
    ];

    /// The kebab-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KillSwitch => "kill-switch",
            Self::OptIn => "opt-in",
            Self::Ownership => "ownership",
            Self::Evidence => "evidence",
            Self::Confirmed => "confirmed",
            Self::Exception => "exception",
            Self::MassDrift => "mass-drift",
            Self::ReplaceLoop => "replace-loop",
            Self::Window => "window",
            Self::Budget => "budget",
            Self::Availability => "availability",
            Self::Alarm => "alarm",
            Self::Approval => "approval",
            Self::GoldenUsable => "golden-usable",
            Self::Permissions => "permissions",
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a gate says. Ordered: the greatest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GateAnswer {
    /// Go on.
    Allow,
    /// Not now.
    Hold,
    /// Not until somebody changes something.
    Refuse,
}

impl GateAnswer {
    /// The lower-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Hold => "hold",
            Self::Refuse => "refuse",
        }
    }
}

impl fmt::Display for GateAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One gate's answer with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateReport {
    /// Which gate.
    pub gate: Gate,
    /// Its answer.
    pub answer: GateAnswer,
    /// When a hold ends by itself, if that is known.
    pub until: Option<Timestamp>,
    /// Why, and what would lift it.
    pub reason: String,
}

/// An operation that is not done now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What would be done.
    pub kind: OperationKind,
    /// On which instance.
    pub instance: InstanceId,
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Fleet.
    pub fleet: Option<FleetName>,
    /// Hash of the operation that it will be, where nothing but an approval holds it: what an approval covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<PlanHash>,
    /// Every gate's answer, in order.
    pub gates: Vec<GateReport>,
}

/// An immutable list of operations, and what is held and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Over operations and their before-images; the same plan has the same hash.
    pub hash: PlanHash,
    /// Over those operations alone that need a person's approval, given or not. `None`: no operation does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<PlanHash>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What would be done, in order.
    pub operations: Vec<Operation>,
    /// What is held.
    pub held: Vec<Held>,
    /// Fleets that the mass-drift breaker has frozen, with the reason.
    pub frozen: Vec<(FleetName, String)>,
}

impl Plan {
    /// The hash by which a person approves it: what fleets do by themselves does not change it.
    pub fn to_approve(&self) -> &PlanHash {
        self.approval.as_ref().unwrap_or(&self.hash)
    }
}

/// Where a window may end: the midnight after the day on which it begins.
pub const END_OF_DAY: &str = "24:00";

/// A recurring time in which replacing is allowed, in an IANA time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Days, `mon` to `sun`; empty means every day.
    pub days: Vec<String>,
    /// Start, `HH:MM`.
    pub from: String,
    /// End, `HH:MM`; before `from` means the next day.
    pub to: String,
    /// IANA zone, e.g. `Europe/Berlin`.
    pub zone: String,
}

//! The record of one operation: what it is about, what was there before, every step with its state. It is what
//! the journal keeps, and all that a process needs to go on where another one was killed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::step::Step;
use super::{GroupDetail, InstanceDetail, Method, OperationStatus, RoleDetail, Settings, StepState, WriteCall};
use crate::types::{
    Digest, FindingId, FleetName, GoldenRef, InstanceId, OperationId, OperationKind, Place, PlanHash, SecurityGroupId,
    Severity, Track,
};

/// One registration of the instance, as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetBefore {
    /// ARN of the target group.
    pub group: String,
    /// Instance id, or the address that was registered.
    pub target: String,
    /// Port.
    pub port: Option<i32>,
    /// Zone, as registered.
    pub zone: Option<String>,
    /// Health.
    pub health: String,
}

impl TargetBefore {
    /// Whether it was registered by address.
    pub fn by_address(&self) -> bool {
        !self.target.starts_with("i-")
    }
}

/// What was there before the first step. `release` and rollback restore exactly this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BeforeImage {
    /// The instance.
    pub detail: InstanceDetail,
    /// Where it was registered.
    pub targets: Vec<TargetBefore>,
    /// Its group.
    pub group: Option<GroupDetail>,
    /// Its group must launch no substitute, because that would not be the golden for sure: it is to want one less meanwhile.
    #[serde(default)]
    pub no_substitute: bool,
    /// The role behind its profile.
    pub role: Option<RoleDetail>,
    /// The isolating group in its VPC, verified to let nothing through.
    pub isolation_group: SecurityGroupId,
    /// The group that lets everything through, verified, when the cut needs it.
    pub open_group: Option<SecurityGroupId>,
    /// ARN of the quarantine profile.
    pub quarantine_profile: Option<String>,
    /// The network ACL of each subnet and the free rule numbers below the lowest one in use, when the cut needs it.
    pub acls: BTreeMap<String, (String, Vec<i32>)>,
    /// SHA-256 of the instance's user data.
    pub user_data: Option<Digest>,
}

/// Whether the instance can still reach anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Proven, or only likely.
    pub proven: bool,
    /// Why.
    pub why: String,
}

/// What became known on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The replacement.
    pub replacement: Option<InstanceId>,
    /// Snapshots that were begun.
    pub snapshots: Vec<String>,
    /// The cut.
    pub cut: Option<Cut>,
    /// Root volume replacement task.
    pub task: Option<String>,
    /// When the replacement was first seen serving.
    pub serving_since: Option<Timestamp>,
    /// SHA-256 of the console output, when it was kept.
    pub console: Option<Digest>,
    /// Folder and SHA-256 of the evidence bundle's manifest.
    pub evidence: Option<(String, Digest)>,
    /// When the old instance may be ended.
    pub retain_until: Option<Timestamp>,
    /// Differences that the attestation found.
    pub attestation: Vec<String>,
    /// ARN of the principal that makes the calls, so that they are recognised in the trail.
    pub principal: Option<String>,
    /// Desired capacity of its Auto Scaling group when a member was first to be detached from it. Detaching lowers it by
    /// one; a member that had left by itself did not.
    pub desired: BTreeMap<InstanceId, i32>,
    /// A person asked for everything to be undone, containment included.
    pub undo_all: bool,
    /// What people should know.
    pub notes: Vec<String>,
}

/// One step with its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// What to do.
    pub step: Step,
    /// Where it stands.
    pub state: StepState,
    /// Attempts of the call, forward and back together.
    pub attempts: u32,
    /// The call as it was made last, resolved in full.
    pub call: Option<WriteCall>,
    /// When the intent was written first: that of undoing it, once that has begun.
    pub begun_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Whether a call of it may have had an effect: an intent was written, and AWS has not refused it for certain.
    #[serde(default)]
    pub may_have_happened: bool,
    /// The last error.
    pub error: Option<String>,
}

impl StepRecord {
    /// A step that is not begun.
    pub fn pending(step: Step) -> Self {
        Self {
            step,
            state: StepState::Pending,
            attempts: 0,
            call: None,
            begun_at: None,
            ended_at: None,
            may_have_happened: false,
            error: None,
        }
    }
}

/// Why an operation is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// Who asked: a person, or `cattleguard` for what a plan says.
    pub by: String,
    /// Reasons.
    pub reasons: Vec<String>,
    /// The plan it comes from.
    pub plan: Option<PlanHash>,
    /// Hash of the plan's operation: what an approval covers.
    #[serde(default)]
    pub operation: Option<PlanHash>,
    /// Findings behind it.
    pub findings: Vec<FindingId>,
    /// Fingerprints of these findings: a replacement that drifts with one of them freezes its lineage.
    pub fingerprints: Vec<String>,
    /// Gates that a person overrode, with the reason.
    pub overridden: Option<String>,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperationRecord {
    /// Id.
    pub id: OperationId,
    /// What.
    pub kind: OperationKind,
    /// Where.
    pub place: Place,
    /// On which instance.
    pub instance: InstanceId,
    /// Its fleet.
    pub fleet: FleetName,
    /// What a replacement is launched from and attested against.
    pub golden: Option<GoldenRef>,
    /// Track.
    pub track: Track,
    /// Severity.
    pub severity: Severity,
    /// Why.
    pub requested: Requested,
    /// The operation that this one undoes.
    pub undoes: Option<OperationId>,
    /// How.
    pub settings: Settings,
    /// What was there.
    pub before: BeforeImage,
    /// How many replacements led to this instance, this one included.
    pub generation: u32,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it is left to a person.
    pub deadline: Timestamp,
    /// Where it stands.
    pub status: OperationStatus,
    /// Why it stands there, for people.
    pub note: Option<String>,
    /// Steps, in order.
    pub steps: Vec<StepRecord>,
    /// What became known.
    pub facts: Facts,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// How the note of a kept server begins that somebody wants kept for longer.
pub(super) const KEPT_BEYOND: &str = "kept beyond its time";

/// How the note of a kept server begins that somebody put into traffic again.
pub(super) const IN_TRAFFIC: &str = "in traffic again";

/// How the note of an operation begins that was written down and then never begun.
pub(super) const WITHDRAWN: &str = "not begun";

impl OperationRecord {
    /// Whether it ended before its first call: it took nothing from anybody, and says nothing about a golden.
    pub fn was_withdrawn(&self) -> bool {
        let over = matches!(self.status, OperationStatus::RollingBack | OperationStatus::RolledBack);
        over && self.note.as_deref().is_some_and(|note| note.starts_with(WITHDRAWN))
    }

    /// Why a person should look at the old server that is kept: it is still there although its time is over, or
    /// somebody put it into traffic again.
    pub fn kept_for_a_person(&self) -> Option<&str> {
        let retaining = self.status == OperationStatus::Retaining;
        let told = |note: &&str| note.starts_with(KEPT_BEYOND) || note.starts_with(IN_TRAFFIC);
        self.note.as_deref().filter(|_| retaining).filter(told)
    }
}

/// Servers that were replaced and are only kept for a while: they take no part in their fleets. Where a root volume was
/// replaced in place, the server serves.
pub fn kept(records: &[OperationRecord]) -> BTreeSet<&InstanceId> {
    let kept = records.iter().filter(|record| {
        record.kind == OperationKind::Replace
            && record.status == OperationStatus::Retaining
            && record.settings.method == Method::Launch
    });
    kept.map(|record| &record.instance).collect()
}

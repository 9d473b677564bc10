//! Why an operation is not begun, and what would lift that. Pure: what was read comes in as values.
//!
//! Every check is asked, so that a person sees all that stands against an operation at once and not one thing after
//! another.

mod cut;
mod group;
mod moves;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::{AclDetail, BeforeImage, CaptureRequest, CutMode, GroupDetail, Method, SecurityGroupDetail, VolumeDetail};
use crate::types::{OperationKind, Track};

/// An operation that is not begun. The reason says what would lift it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// Why, and what would lift it.
    pub reason: String,
    /// Whether it passes by itself: the next scan may try again.
    pub transient: bool,
}

impl Refusal {
    /// Stands until somebody changes something.
    pub fn lasting(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), transient: false }
    }

    /// Passes by itself.
    pub fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), transient: true }
    }

    /// All of them as one; it passes by itself only when each does.
    pub fn join(refusals: Vec<Self>) -> Option<Self> {
        let transient = refusals.iter().all(|refusal| refusal.transient);
        let reasons: Vec<String> = refusals.into_iter().map(|refusal| refusal.reason).collect();
        (!reasons.is_empty()).then(|| Self { reason: reasons.join("; "), transient })
    }
}

/// What was read beside the before-image: it only decides whether to begin.
#[derive(Clone, Debug, Default)]
pub struct Readings {
    /// The isolating group.
    pub isolation: Option<SecurityGroupDetail>,
    /// The group that lets everything through.
    pub open: Option<SecurityGroupDetail>,
    /// Volumes that outlive the instance.
    pub volumes: Vec<VolumeDetail>,
    /// The network ACL of each subnet.
    pub acls: BTreeMap<String, AclDetail>,
    /// The Auto Scaling group it is said to belong to; the before-image has the group when it exists.
    pub group: Option<String>,
}

/// Everything that a check may look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'a> {
    pub(super) before: &'a BeforeImage,
    pub(super) read: &'a Readings,
    pub(super) request: &'a CaptureRequest<'a>,
}

impl Case<'_> {
    /// Whether the instance is cut off while it may still be worth something to an attacker.
    fn contains(&self) -> bool {
        contains(self.request)
    }

    /// Whether a new instance takes its place.
    fn launches(&self) -> bool {
        self.request.kind == OperationKind::Replace && self.request.settings.method == Method::Launch
    }

    /// Whether the root volume is replaced in place.
    fn in_place(&self) -> bool {
        self.request.kind == OperationKind::Replace && self.request.settings.method == Method::RootVolume
    }

    /// Whether it is replaced while it is in quarantine: nothing more is taken from it, and what it has is evidence.
    fn contained(&self) -> bool {
        self.request.kind == OperationKind::Replace && self.request.track == Track::Compromise
    }

    /// Whether it is stopped on the way: by the cut, or to be kept after its replacement.
    fn stops(&self) -> bool {
        (self.launches() && !self.contained()) || self.stop_cut()
    }

    /// Whether the cut stops it.
    fn stop_cut(&self) -> bool {
        self.contains() && self.request.settings.cut == CutMode::Stop
    }
}

/// Whether an operation cuts the instance off as containment, not only to retire it.
pub(super) fn contains(request: &CaptureRequest<'_>) -> bool {
    request.kind == OperationKind::Quarantine
}

/// Whether a member that is contained leaves its group without a substitute: containing launches nothing by itself, and
/// what the group would launch may not be the golden.
pub(super) fn no_substitute(request: &CaptureRequest<'_>, group: Option<&GroupDetail>) -> bool {
    contains(request) && group.is_some_and(|group| group::not_golden(group, request.golden_image).is_some())
}

type Check = fn(&Case<'_>) -> Option<Refusal>;

/// Every check, in the order in which people read the answers.
const CHECKS: [Check; 23] = [
    state::moving,
    state::not_contained,
    state::spot,
    state::reserved,
    state::dedicated_host,
    state::stop_protected,
    state::instance_store_root,
    state::instance_store,
    state::not_running,
    group::known,
    group::member,
    group::golden,
    group::minimum,
    group::room,
    group::refreshing,
    cut::isolation,
    cut::open,
    cut::public,
    cut::acl,
    cut::profile,
    moves::volumes,
    moves::network,
    moves::registered,
];

/// All that stands against an operation; nothing stands against undoing one.
pub fn refusals(before: &BeforeImage, read: &Readings, request: &CaptureRequest<'_>) -> Vec<Refusal> {
    if matches!(request.kind, OperationKind::Release | OperationKind::Rollback) {
        return Vec::new();
    }
    let case = Case { before, read, request };
    CHECKS.iter().filter_map(|check| check(&case)).collect()
}

/// What is asked about an instance in quarantine that is to be replaced: all but what its quarantine was asked already,
/// and what only concerns servers that something is still taken from.
const IN_QUARANTINE: [Check; 9] = [
    state::evidence_in_place,
    state::spot,
    state::reserved,
    state::dedicated_host,
    group::substituted,
    group::no_golden,
    moves::volumes,
    moves::network,
    moves::registered,
];

/// All that stands against replacing an instance in quarantine. `before` is what was there before the quarantine.
pub fn refusals_in_quarantine(before: &BeforeImage, request: &CaptureRequest<'_>) -> Vec<Refusal> {
    let case = Case { before, read: &Readings::default(), request };
    IN_QUARANTINE.iter().filter_map(|check| check(&case)).collect()
}

//! What a person wants done with one instance, as a decision: it goes through the same gates as a policy's.

use crate::types::{
    Action, Decision, DecisionStatus, Enforcement, Fleet, Instance, InstanceId, OperationKind, Severity, Track,
};

/// A person's wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Which instance.
    pub instance: InstanceId,
    /// Quarantine or replace.
    pub kind: OperationKind,
    /// Contain first.
    pub contain_first: bool,
    /// Who.
    pub by: String,
    /// The person's word against the gates, if it was given.
    pub overriding: Option<String>,
}

/// The wish as a decision, under the same ceilings as any other.
pub(super) fn decision(
    wish: &Wish,
    instance: &Instance,
    fleet: Option<&Fleet>,
    mode: Enforcement,
    policy: Option<&Decision>,
) -> Decision {
    let asked = match wish.kind {
        OperationKind::Replace => Action::Replace,
        OperationKind::Quarantine | OperationKind::Release | OperationKind::Rollback => Action::Quarantine,
    };
    let ceiling = match fleet.map_or(Enforcement::Observe, |fleet| fleet.enforcement).min(mode) {
        Enforcement::Observe => Action::Alert,
        Enforcement::Quarantine => Action::Quarantine,
        Enforcement::Replace => Action::Replace,
    };
    // A person's word lifts the ceilings too; the record says so.
    let action = if wish.overriding.is_some() { asked } else { asked.min(ceiling) };
    Decision {
        instance: instance.id.clone(),
        account: instance.account.clone(),
        region: instance.region.clone(),
        fleet: fleet.map(|fleet| fleet.name.clone()),
        action,
        asked,
        capped_by: (action < asked).then(|| "the configured ceiling".to_owned()),
        track: if wish.contain_first { Track::Compromise } else { Track::Hygiene },
        severity: policy.map_or(Severity::Medium, |policy| policy.severity.max(Severity::Medium)),
        reasons: vec![format!("asked for by {}", wish.by)],
        controls: policy.map(|policy| policy.controls.clone()).unwrap_or_default(),
        grace_s: 0,
        status: DecisionStatus::Ok,
        policies: Vec::new(),
        input_digest: policy.map(|policy| policy.input_digest.clone()).unwrap_or_default(),
        bundle_digest: policy.map(|policy| policy.bundle_digest.clone()).unwrap_or_default(),
    }
}

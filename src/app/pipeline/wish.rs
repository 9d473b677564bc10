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
        track: if wish.contain_first || policy.is_some_and(may_be_compromised) {
            Track::Compromise
        } else {
            Track::Hygiene
        },
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

/// Whether policy wants it contained first. Nobody who acts by hand lets a host at large longer than policy would.
fn may_be_compromised(policy: &Decision) -> bool {
    policy.track == Track::Compromise && policy.asked >= Action::Quarantine
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::sample;

    #[test]
    fn who_acts_by_hand_contains_first_where_policy_would() {
        let instance = sample::instance("i-1");
        let track = |contain_first, policy: Option<(Track, Action)>| {
            let wish = Wish {
                instance: instance.id.clone(),
                kind: OperationKind::Quarantine,
                contain_first,
                by: "erin".to_owned(),
                overriding: None,
            };
            let plain = decision(&wish, &instance, None, Enforcement::Observe, None);
            let policy = policy.map(|(track, asked)| Decision { track, asked, ..plain });
            decision(&wish, &instance, None, Enforcement::Observe, policy.as_ref()).track
        };
        assert_eq!(track(false, None), Track::Hygiene);
        assert_eq!(track(true, None), Track::Compromise);
        assert_eq!(track(false, Some((Track::Compromise, Action::Replace))), Track::Compromise);
        assert_eq!(track(false, Some((Track::Compromise, Action::Alert))), Track::Hygiene);
        assert_eq!(track(false, Some((Track::Hygiene, Action::Replace))), Track::Hygiene);
    }
}

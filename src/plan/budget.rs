//! How many instances of a fleet may be out of service at once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::types::{Fleet, FleetName, Instance, InstanceId};

use super::{OperationState, PlanInput};

/// A share of a number, rounded down. Nonsense shares (negative, not a number) are none of it.
pub(super) fn percent_of(percent: f64, size: usize) -> usize {
    if !percent.is_finite() || percent <= 0.0 {
        return 0;
    }
    // Fleets are far smaller than 2^52, and the product is cut, never rounded up.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded above"
    )]
    let share = (percent.min(100.0) * size as f64 / 100.0).floor() as usize;
    share.min(size)
}

/// How many instances of a fleet of this size may be taken at once.
pub(super) fn allowed(fleet: &Fleet, size: usize) -> usize {
    let mut share = percent_of(fleet.budget_percent, size);
    if share == 0 && fleet.allow_min_one && fleet.budget_percent > 0.0 {
        share = 1;
    }
    share.min(usize::try_from(fleet.budget_count).unwrap_or(usize::MAX))
}

/// What uses up one fleet's budget.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage {
    /// Live instances.
    pub(super) size: usize,
    /// Instances with an operation in flight.
    pub(super) in_flight: BTreeSet<InstanceId>,
    /// What operations in flight have launched: not yet capacity that could be lost.
    pub(super) made: BTreeSet<InstanceId>,
    /// Instances whose operation finished within the cool-down.
    pub(super) recent: BTreeSet<InstanceId>,
    /// Instances that do not serve although they should.
    pub(super) unhealthy: BTreeSet<InstanceId>,
    /// Instances in quarantine, which serve nobody. They count for what takes another one away; what is replaced while it
    /// serves does not wait for an investigation.
    pub(super) contained: BTreeSet<InstanceId>,
    /// When the first of `recent` stops counting.
    pub(super) next_free: Option<jiff::Timestamp>,
}

impl Usage {
    /// Everything that counts, each instance once.
    pub(super) fn all(&self) -> BTreeSet<&InstanceId> {
        self.in_flight.iter().chain(&self.recent).chain(&self.unhealthy).collect()
    }
}

/// What uses up each fleet's budget before this plan.
pub(super) fn usage(input: &PlanInput<'_>) -> BTreeMap<FleetName, Usage> {
    let mut usage: BTreeMap<FleetName, Usage> = BTreeMap::new();
    let mut counted = BTreeSet::new();
    let made = |id: &InstanceId| {
        let in_flight = input.history.operations.iter().filter(|past| past.state == OperationState::InFlight);
        in_flight.into_iter().any(|past| past.replacement.as_ref() == Some(id))
    };
    for subject in input.members() {
        let Some(fleet) = subject.fleet else { continue };
        let entry = usage.entry(fleet.clone()).or_default();
        if counted.insert((fleet, &subject.instance.id)) {
            entry.size += 1;
        }
        // A group has launched a substitute for a member that is contained; nobody has for another server.
        if subject.instance.asg.is_none() && input.history.contained.contains(&subject.instance.id) {
            entry.contained.insert(subject.instance.id.clone());
        }
        if is_unhealthy(subject.instance) && !made(&subject.instance.id) {
            entry.unhealthy.insert(subject.instance.id.clone());
        }
    }
    for operation in &input.history.operations {
        let cooldown =
            input.fleets.iter().find(|fleet| fleet.name == operation.fleet).map(|fleet| fleet.budget_cooldown);
        let entry = usage.entry(operation.fleet.clone()).or_default();
        match operation.state {
            OperationState::InFlight => {
                entry.in_flight.insert(operation.instance.clone());
                entry.made.extend(operation.replacement.clone());
            }
            OperationState::Finished(at) => {
                let cooldown = SignedDuration::try_from(cooldown.unwrap_or_default()).unwrap_or(SignedDuration::MAX);
                let free = at.checked_add(cooldown).unwrap_or(jiff::Timestamp::MAX);
                if input.now < free {
                    entry.recent.insert(operation.instance.clone());
                    entry.next_free = Some(entry.next_free.map_or(free, |first| first.min(free)));
                }
            }
        }
    }
    usage
}

/// Whether an instance does not serve although it should. One that is being registered or started counts
/// as well: it is capacity that is not there yet.
fn is_unhealthy(instance: &Instance) -> bool {
    let group_says = instance.asg.as_ref().and_then(|membership| membership.health.as_deref());
    let targets_say = instance.targets.iter().any(|target| matches!(target.health.as_str(), "unhealthy" | "initial"));
    instance.state != "running" || group_says == Some("Unhealthy") || targets_say
}

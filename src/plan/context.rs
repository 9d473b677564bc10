//! What the gates share: facts worked out once, and what this plan has taken so far.

use std::collections::{BTreeMap, BTreeSet};

use crate::types::{FleetName, Instance, InstanceId, OperationKind};

use super::budget::{self, Usage};
use super::candidate::Candidate;
use super::rollout::{self, Part, Rollouts, Zone};
use super::{PlanInput, breaker};

/// Facts worked out once for a plan.
pub(super) struct Context<'p, 'a> {
    pub(super) input: &'p PlanInput<'a>,
    pub(super) frozen: BTreeMap<FleetName, String>,
    pub(super) usage: BTreeMap<FleetName, Usage>,
    pub(super) rollouts: Rollouts,
}

impl<'p, 'a> Context<'p, 'a> {
    pub(super) fn new(input: &'p PlanInput<'a>) -> Self {
        let (frozen, usage) = (breaker::mass_drift(input), budget::usage(input));
        let alone = Self { input, frozen, usage, rollouts: Rollouts::default() };
        let rollouts = rollout::rollouts(&alone);
        Self { rollouts, ..alone }
    }

    /// Whether an operation in flight is about the candidate's instance.
    pub(super) fn busy(&self, candidate: &Candidate<'_>) -> bool {
        let id = &candidate.instance.id;
        let usage = candidate.fleet.and_then(|fleet| self.usage.get(&fleet.name));
        usage.is_some_and(|usage| usage.in_flight.contains(id) || usage.made.contains(id))
    }
}

/// What this plan has taken so far, from budgets and from load balancers.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    taken: BTreeMap<FleetName, BTreeSet<InstanceId>>,
    from_groups: BTreeMap<String, u32>,
    from_zones: BTreeMap<(String, String), u32>,
    from_asgs: BTreeMap<String, i32>,
    zones: BTreeMap<Part, BTreeSet<Zone>>,
}

impl Ledger {
    /// Enters an operation.
    pub(super) fn take(&mut self, candidate: &Candidate<'_>) {
        let instance = candidate.instance;
        if let Some(fleet) = candidate.fleet {
            self.taken.entry(fleet.name.clone()).or_default().insert(instance.id.clone());
            if candidate.kind == OperationKind::Replace {
                let part = (fleet.name.clone(), instance.place());
                self.zones.entry(part).or_default().insert(Zone::of(instance));
            }
        }
        if !candidate.loses_capacity() {
            return;
        }
        // Each group once, on however many ports.
        let healthy = instance.targets.iter().filter(|target| target.health == "healthy");
        let groups: BTreeSet<&String> = healthy.map(|target| &target.target_group).collect();
        for group in groups {
            *self.from_groups.entry(group.clone()).or_default() += 1;
            *self.from_zones.entry((group.clone(), instance.zone.clone())).or_default() += 1;
        }
        if let Some(group) = asg_key(instance) {
            *self.from_asgs.entry(group).or_default() += 1;
        }
    }

    /// Instances of a fleet that this plan takes.
    pub(super) fn taken(&self, fleet: &FleetName) -> impl Iterator<Item = &InstanceId> {
        self.taken.get(fleet).into_iter().flatten()
    }

    /// Zones in which this plan replaces instances of a fleet.
    pub(super) fn zones(&self, part: &Part) -> Option<&BTreeSet<Zone>> {
        self.zones.get(part)
    }

    /// Healthy targets that this plan takes from a target group.
    pub(super) fn taken_from_group(&self, group: &str) -> u32 {
        self.from_groups.get(group).copied().unwrap_or_default()
    }

    /// Healthy targets that this plan takes from a target group in one zone.
    pub(super) fn taken_from_zone(&self, group: &str, zone: &str) -> u32 {
        self.from_zones.get(&(group.to_owned(), zone.to_owned())).copied().unwrap_or_default()
    }

    /// Members that this plan takes from the instance's Auto Scaling group.
    pub(super) fn taken_from_asg(&self, instance: &Instance) -> i32 {
        asg_key(instance).and_then(|key| self.from_asgs.get(&key).copied()).unwrap_or_default()
    }
}

/// Group names are unique only within an account and region.
fn asg_key(instance: &Instance) -> Option<String> {
    let membership = instance.asg.as_ref()?;
    Some(format!("{}/{}/{}", instance.account, instance.region, membership.group))
}

//! One availability zone at a time: in which zone a fleet's replacements work, for each account-region.
//!
//! A bad golden, or a bad way of replacing, then costs one zone and not the service. Replacing on the compromise
//! track is no rollout: it does not wait for one, but a rollout waits for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::types::{Fleet, FleetName, Gate, GateAnswer, GateReport, Instance, InstanceId, OperationKind, Place, Track};

use super::candidate::{Candidate, candidates};
use super::context::{Context, Ledger};
use super::{OperationState, PlanInput, gates};

/// A zone. One that nobody knows is no other instance's zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Zone {
    Named(String),
    UnknownOf(InstanceId),
}

impl Zone {
    fn new(name: &str, instance: &InstanceId) -> Self {
        if name.is_empty() { Self::UnknownOf(instance.clone()) } else { Self::Named(name.to_owned()) }
    }

    pub(super) fn of(instance: &Instance) -> Self {
        Self::new(&instance.zone, &instance.id)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::UnknownOf(instance) => write!(f, "the unknown zone of {instance}"),
        }
    }
}

/// A fleet in one account-region.
pub(super) type Part = (FleetName, Place);

/// Where replacements work before this plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Rollouts {
    /// Zones of replacements in flight.
    in_flight: BTreeMap<Part, BTreeSet<Zone>>,
    /// The zone to begin or to go on in, with how many wait there.
    next: BTreeMap<Part, (Zone, usize)>,
}

/// Why a replacement waits for another zone, if it does.
pub(super) fn waits(candidate: &Candidate<'_>, context: &Context<'_, '_>, ledger: &Ledger) -> Option<String> {
    let fleet = rolls(candidate)?;
    let (here, part) = (Zone::of(candidate.instance), (fleet.name.clone(), candidate.instance.place()));
    let rollouts = &context.rollouts;
    let elsewhere = |zones: Option<&BTreeSet<Zone>>| zones.into_iter().flatten().find(|zone| **zone != here).cloned();
    let (zone, why) = if let Some(zone) = elsewhere(rollouts.in_flight.get(&part)) {
        (zone, "a replacement is in flight there; its end lifts this".to_owned())
    } else if let Some(zone) = elsewhere(ledger.zones(&part)) {
        (zone, "this plan replaces there; the end of that lifts this".to_owned())
    } else if rollouts.in_flight.contains_key(&part) {
        return None;
    } else {
        let (zone, left) = rollouts.next.get(&part).filter(|(zone, _)| *zone != here)?;
        (zone.clone(), format!("left there to replace: {left}; it lifts when they are done or held by other gates"))
    };
    let (name, place) = part;
    Some(format!(
        "fleet {name} is replaced in one zone at a time in {place}, now in {zone}: {why}; \
         one_zone_at_a_time = false lifts it too"
    ))
}

/// The fleet, when the candidate is part of a rollout that keeps to one zone.
fn rolls<'a>(candidate: &Candidate<'a>) -> Option<&'a Fleet> {
    let rolling = candidate.kind == OperationKind::Replace && candidate.decision.track == Track::Hygiene;
    candidate.fleet.filter(|fleet| rolling && fleet.one_zone_at_a_time)
}

/// Where replacements work, and where they go on. A zone where all that is left is held by other gates is finished as
/// far as it can be: the others do not wait for it.
pub(super) fn rollouts(context: &Context<'_, '_>) -> Rollouts {
    let input = context.input;
    let mut in_flight: BTreeMap<Part, BTreeSet<Zone>> = BTreeMap::new();
    let mut worked: BTreeMap<(Part, Zone), usize> = BTreeMap::new();
    for past in input.history.operations.iter().filter(|past| past.kind == OperationKind::Replace) {
        let (part, zone) = ((past.fleet.clone(), past.place.clone()), Zone::new(&past.zone, &past.instance));
        if past.state == OperationState::InFlight {
            in_flight.entry(part.clone()).or_default().insert(zone.clone());
        }
        // What was done for another version was another rollout.
        if past.golden.is_some() && past.golden == promoted(input, &past.fleet) {
            *worked.entry((part, zone)).or_default() += 1;
        }
    }
    let mut waiting: BTreeMap<Part, BTreeMap<Zone, Waiting>> = BTreeMap::new();
    for candidate in candidates(input) {
        let (Some(fleet), Some(standing)) = (rolls(&candidate), standing(&candidate, context)) else { continue };
        let part = (fleet.name.clone(), candidate.instance.place());
        waiting.entry(part).or_default().entry(Zone::of(candidate.instance)).or_default().add(standing);
    }
    let next = waiting.into_iter().filter_map(|(part, zones)| {
        let real = zones.values().any(|waiting| waiting.allowed > 0);
        let left = |waiting: &Waiting| if real { waiting.allowed } else { waiting.imagined };
        let order = |zone: &Zone| {
            let worked = worked.get(&(part.clone(), zone.clone())).copied().unwrap_or_default();
            (std::cmp::Reverse(worked), zone.clone())
        };
        let open = zones.iter().filter(|(_, waiting)| left(waiting) > 0);
        let (zone, waiting) = open.min_by_key(|(zone, _)| order(zone))?;
        Some((part.clone(), (zone.clone(), left(waiting))))
    });
    let next = next.collect();
    Rollouts { in_flight, next }
}

/// Candidates that wait in one zone.
#[derive(Clone, Copy, Debug, Default)]
struct Waiting {
    allowed: usize,
    /// They would be, if the configuration allowed it.
    imagined: usize,
}

#[derive(Clone, Copy, Debug)]
enum Standing {
    Allowed,
    Imagined,
}

impl Waiting {
    fn add(&mut self, standing: Standing) {
        match standing {
            Standing::Allowed => self.allowed += 1,
            Standing::Imagined => self.imagined += 1,
        }
    }
}

/// Whether nothing but the budget and a person holds it.
fn standing(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Option<Standing> {
    if context.busy(candidate) {
        return None;
    }
    let reports = gates::ask_all(candidate, context, &Ledger::default());
    let all_but = |but: &[Gate]| {
        let allows = |report: &GateReport| report.answer == GateAnswer::Allow || but.contains(&report.gate);
        reports.iter().all(allows)
    };
    if all_but(&[Gate::Budget, Gate::Approval]) {
        return Some(Standing::Allowed);
    }
    all_but(&[Gate::Budget, Gate::Approval, Gate::OptIn]).then_some(Standing::Imagined)
}

fn promoted(input: &PlanInput<'_>, fleet: &FleetName) -> Option<crate::types::GoldenRef> {
    let fleet = input.fleets.iter().find(|known| known.name == *fleet)?;
    gates::promoted(input, fleet).map(crate::types::Golden::reference)
}

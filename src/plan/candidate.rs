//! What might be done: one candidate for each operation that policy asks for.

use std::cmp::Ordering;

use crate::types::{Action, Decision, Finding, Fleet, Instance, OperationKind, Track};

use super::acting::acting;
use super::{PlanInput, PlanSubject};

/// One operation that policy asks for, before the gates.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) kind: OperationKind,
    pub(super) instance: &'a Instance,
    pub(super) fleet: Option<&'a Fleet>,
    pub(super) decision: &'a Decision,
    /// The findings behind it, the oldest first.
    pub(super) findings: Vec<&'a Finding>,
    /// Every finding of the instance that is not resolved.
    pub(super) all_findings: Vec<&'a Finding>,
}

impl Candidate<'_> {
    /// Whether the instance stops serving before something else serves: containing does that, and so does
    /// replacing on the compromise track. On the hygiene track the replacement serves first.
    pub(super) fn loses_capacity(&self) -> bool {
        self.kind == OperationKind::Quarantine || self.decision.track == Track::Compromise
    }
}

/// Every candidate, in the order in which budgets are given out: the most severe first, then the oldest
/// finding, then by place and id.
pub(super) fn candidates<'a>(input: &PlanInput<'a>) -> Vec<Candidate<'a>> {
    let mut found = Vec::new();
    for subject in input.members() {
        let Some(decision) = subject.decision else { continue };
        let fleet = subject.fleet.and_then(|name| input.fleets.iter().find(|fleet| fleet.name == *name));
        let contained = input.history.contained.contains(&subject.instance.id);
        for kind in kinds(decision).into_iter().filter(|kind| !(contained && *kind == OperationKind::Quarantine)) {
            found.push(candidate(subject, decision, fleet, kind));
        }
    }
    found.sort_by(order);
    found.dedup_by(|a, b| a.kind == b.kind && same_instance(a, b));
    found
}

/// Policy's wish, and containment beside a replacement where that can be wanted on its own: when the ceiling
/// allows only that, or when the instance may be compromised and its replacement is held.
fn kinds(decision: &Decision) -> Vec<OperationKind> {
    match decision.asked {
        Action::None | Action::Alert => Vec::new(),
        Action::Quarantine => vec![OperationKind::Quarantine],
        Action::Replace if decision.action == Action::Quarantine || decision.track == Track::Compromise => {
            vec![OperationKind::Replace, OperationKind::Quarantine]
        }
        Action::Replace => vec![OperationKind::Replace],
    }
}

fn candidate<'a>(
    subject: &PlanSubject<'a>,
    decision: &'a Decision,
    fleet: Option<&'a Fleet>,
    kind: OperationKind,
) -> Candidate<'a> {
    Candidate {
        kind,
        instance: subject.instance,
        fleet,
        decision,
        findings: acting(subject, kind),
        all_findings: subject.findings.clone(),
    }
}

fn same_instance(a: &Candidate<'_>, b: &Candidate<'_>) -> bool {
    (&a.instance.account, &a.instance.region, &a.instance.id)
        == (&b.instance.account, &b.instance.region, &b.instance.id)
}

fn order(a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
    let oldest = |candidate: &Candidate<'_>| candidate.all_findings.iter().map(|finding| finding.first_seen).min();
    // No finding at all sorts last: `None` would come first.
    let age = match (oldest(a), oldest(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    b.decision
        .severity
        .cmp(&a.decision.severity)
        .then(age)
        .then_with(|| a.instance.account.cmp(&b.instance.account))
        .then_with(|| a.instance.region.cmp(&b.instance.region))
        .then_with(|| a.instance.id.cmp(&b.instance.id))
        // Replacing is the stronger wish and is asked about first.
        .then_with(|| b.kind.cmp(&a.kind))
}

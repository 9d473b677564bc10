//! Makes the plan: asks the gates about every candidate in turn and gives out budgets in order.

use crate::types::plan::NO_FLEET;
use crate::types::{FleetName, Gate, GateAnswer, GateReport, Held, Operation, OperationKind, Plan, PlanHash};

use super::candidate::{Candidate, candidates};
use super::context::{Context, Ledger};
use super::{PlanInput, before_image, gates, operation_hash, plan_hash};

/// Makes the plan. The same input in any order gives the same plan.
///
/// Its hash covers the operations and, in their places, those that wait for nothing but a person's approval, and stays the
/// same when the approval is given. The hash to approve covers those alone that need an approval. What is approved are
/// the operations, one by one: each may be carried out as long as it is planned unchanged.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let context = Context::new(input);
    let proposal = Proposal::draw(&context);
    let hash = plan_hash(proposal.entries.iter().filter_map(|entry| entry.operation.as_ref()));
    let needing: Vec<&Operation> = proposal.entries.iter().filter_map(Entry::needs_approval).collect();
    let approval = (!needing.is_empty()).then(|| plan_hash(needing));
    let (operations, held) = proposal.settle(&hash, approval.as_ref(), &context);
    Plan { hash, approval, created_at: input.now, operations, held, frozen: context.frozen.into_iter().collect() }
}

/// One candidate with its answers.
struct Entry<'a> {
    candidate: Candidate<'a>,
    gates: Vec<GateReport>,
    /// When nothing but an approval can still hold it.
    operation: Option<Operation>,
}

impl Entry<'_> {
    /// The operation, when a person has to approve it.
    fn needs_approval(&self) -> Option<&Operation> {
        let asks = |report: &GateReport| report.gate == Gate::Approval && report.answer == GateAnswer::Hold;
        self.operation.as_ref().filter(|_| self.gates.iter().any(asks))
    }
}

struct Proposal<'a> {
    entries: Vec<Entry<'a>>,
}

impl<'a> Proposal<'a> {
    fn draw(context: &Context<'_, 'a>) -> Self {
        let mut real = Ledger::default();
        // What would be taken if the configuration allowed it, so that an observing user sees what the
        // budget would do. It never takes from what is really done.
        let mut imagined = Ledger::default();
        let mut entries: Vec<Entry<'a>> = Vec::new();
        for candidate in candidates(context.input) {
            let replaced = entries
                .last()
                .is_some_and(|last| last.operation.is_some() && last.candidate.instance.id == candidate.instance.id);
            // Replacing on the compromise track contains first: nothing is left to do.
            if replaced {
                continue;
            }
            let mut gates = gates::ask_all(&candidate, context, &real);
            let only = |gates: &[GateReport], but: &[Gate]| {
                gates.iter().all(|report| report.answer == GateAnswer::Allow || but.contains(&report.gate))
            };
            let opted_in = gates.iter().any(|report| report.gate == Gate::OptIn && report.answer == GateAnswer::Allow);
            let mut operation = None;
            if opted_in {
                if only(&gates, &[Gate::Approval]) {
                    operation = operation_of(&candidate, context.input);
                    real.take(&candidate);
                    imagined.take(&candidate);
                }
            } else {
                gates = gates::ask_all(&candidate, context, &imagined);
                if only(&gates, &[Gate::OptIn, Gate::Approval]) {
                    imagined.take(&candidate);
                }
            }
            entries.push(Entry { candidate, gates, operation });
        }
        Self { entries }
    }

    fn settle(
        self,
        hash: &PlanHash,
        to_approve: Option<&PlanHash>,
        context: &Context<'_, '_>,
    ) -> (Vec<Operation>, Vec<Held>) {
        let (mut operations, mut held) = (Vec::new(), Vec::new());
        for entry in self.entries {
            let own = entry.needs_approval().map(operation_hash);
            let Entry { candidate, mut gates, operation } = entry;
            let mut waits = false;
            if let (Some(own), Some(to_approve)) = (&own, to_approve) {
                let given = gates::Given::of([own, hash], &candidate.instance.id, context);
                let report = match given.counts {
                    Some(approval) => gates::approved(approval),
                    None => gates::awaiting(to_approve, &given),
                };
                waits = report.answer != GateAnswer::Allow;
                for old in gates.iter_mut().filter(|old| old.gate == Gate::Approval) {
                    old.clone_from(&report);
                }
            }
            match operation {
                Some(operation) if !waits => operations.push(Operation { gates, ..operation }),
                _ => held.push(Held { operation: own, ..held_of(&candidate, gates) }),
            }
        }
        (operations, held)
    }
}

fn operation_of(candidate: &Candidate<'_>, input: &PlanInput<'_>) -> Option<Operation> {
    let golden = match candidate.kind {
        OperationKind::Replace => gates::promoted(input, candidate.fleet?).map(crate::types::Golden::reference),
        OperationKind::Quarantine | OperationKind::Release | OperationKind::Rollback => None,
    };
    // By a person's word any server can be contained, whatever is configured.
    let fleet = candidate.fleet.map_or_else(|| FleetName::new(NO_FLEET), |fleet| fleet.name.clone());
    let mut findings: Vec<_> = candidate.findings.iter().map(|finding| finding.id.clone()).collect();
    findings.sort();
    Some(Operation {
        kind: candidate.kind,
        instance: candidate.instance.id.clone(),
        account: candidate.instance.account.clone(),
        region: candidate.instance.region.clone(),
        fleet,
        golden,
        track: candidate.decision.track,
        severity: candidate.decision.severity,
        findings,
        before_image: before_image(candidate.instance),
        reasons: candidate.decision.reasons.clone(),
        gates: Vec::new(),
    })
}

fn held_of(candidate: &Candidate<'_>, gates: Vec<GateReport>) -> Held {
    Held {
        kind: candidate.kind,
        instance: candidate.instance.id.clone(),
        account: candidate.instance.account.clone(),
        region: candidate.instance.region.clone(),
        fleet: candidate.fleet.map(|fleet| fleet.name.clone()),
        operation: None,
        gates,
    }
}

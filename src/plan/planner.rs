//! Makes the plan: asks the gates about every candidate in turn and gives out budgets in order.

use crate::types::plan::NO_FLEET;
use crate::types::{FleetName, Gate, GateAnswer, GateReport, Held, Operation, OperationKind, Plan, PlanHash};

use super::candidate::{Candidate, candidates};
use super::context::{Context, Ledger};
use super::{PlanInput, before_image, gates, plan_hash};

/// Makes the plan. The same input in any order gives the same plan.
///
/// Its hash covers the operations and, in their places, those that wait for nothing but a person's approval:
/// it is the hash to approve, and stays the same when the approval is given.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let context = Context::new(input);
    let proposal = Proposal::draw(&context);
    let hash = plan_hash(proposal.entries.iter().filter_map(|entry| entry.operation.as_ref()));
    let (operations, held) = proposal.settle(&hash, &context);
    Plan { hash, created_at: input.now, operations, held, frozen: context.frozen.into_iter().collect() }
}

/// One candidate with its answers.
struct Entry<'a> {
    candidate: Candidate<'a>,
    gates: Vec<GateReport>,
    /// When nothing but an approval can still hold it.
    operation: Option<Operation>,
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

    fn settle(self, hash: &PlanHash, context: &Context<'_, '_>) -> (Vec<Operation>, Vec<Held>) {
        let now = context.input.now;
        let approval = context
            .input
            .approvals
            .iter()
            .filter(|approval| approval.plan == *hash && now < approval.expires_at)
            .max_by(|a, b| (a.expires_at, &a.approver).cmp(&(b.expires_at, &b.approver)));
        let (mut operations, mut held) = (Vec::new(), Vec::new());
        for Entry { candidate, mut gates, operation } in self.entries {
            let waits = gates.iter().any(|report| report.gate == Gate::Approval && report.answer == GateAnswer::Hold);
            if operation.is_some() && waits {
                let report = approval.map_or_else(|| gates::awaiting(hash, context), gates::approved);
                gates = gates
                    .into_iter()
                    .map(|old| if old.gate == Gate::Approval { report.clone() } else { old })
                    .collect();
            }
            match operation {
                Some(operation) if !waits || approval.is_some() => operations.push(Operation { gates, ..operation }),
                _ => held.push(held_of(&candidate, gates)),
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
        gates,
    }
}

//! Checks a plan on its own, whoever made it: an executor refuses one that does not hold.

use std::collections::BTreeSet;

use crate::types::{Gate, GateAnswer, GateReport, Held, OperationKind, Plan};

use super::plan_hash;

/// What is wrong with a plan. Empty when it holds.
pub fn check(plan: &Plan) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for operation in &plan.operations {
        let name = format!("{} {}", operation.kind, operation.instance);
        let place = (&operation.account, &operation.region, &operation.instance);
        if !seen.insert(place) {
            problems.push(format!("{name}: the instance has two operations"));
        }
        complete(&name, &operation.gates, &mut problems);
        if operation.gates.iter().any(|report| report.answer != GateAnswer::Allow) {
            problems.push(format!("{name}: a gate does not allow it"));
        }
        if (operation.kind == OperationKind::Replace) != operation.golden.is_some() {
            problems.push(format!("{name}: a replacement, and nothing else, needs a golden"));
        }
        if plan.frozen.iter().any(|(fleet, _)| *fleet == operation.fleet) {
            problems.push(format!("{name}: fleet {} is frozen", operation.fleet));
        }
        if operation.before_image.is_empty() {
            problems.push(format!("{name}: there is no before-image"));
        }
    }
    if !plan.operations.windows(2).all(|pair| matches!(pair, [a, b] if a.severity >= b.severity)) {
        problems.push("operations are not in order of severity".to_owned());
    }
    let mut held = BTreeSet::new();
    for entry in &plan.held {
        let name = format!("held {} {}", entry.kind, entry.instance);
        if !held.insert((entry.kind, &entry.account, &entry.region, &entry.instance)) {
            problems.push(format!("{name}: it is listed twice"));
        }
        complete(&name, &entry.gates, &mut problems);
        if entry.gates.iter().all(|report| report.answer == GateAnswer::Allow) {
            problems.push(format!("{name}: every gate allows it"));
        }
    }
    // Operations that wait for approval only are part of the hash, but not of the list.
    if !plan.held.iter().any(awaits_approval_only) && plan_hash(&plan.operations) != plan.hash {
        problems.push("the hash is not that of the operations".to_owned());
    }
    problems
}

fn complete(name: &str, gates: &[GateReport], problems: &mut Vec<String>) {
    if !gates.iter().map(|report| report.gate).eq(Gate::ALL) {
        problems.push(format!("{name}: not every gate answered, in order"));
    }
    if gates.iter().any(|report| report.reason.is_empty()) {
        problems.push(format!("{name}: a gate gives no reason"));
    }
}

/// Whether nothing but a person's approval holds it.
pub fn awaits_approval_only(entry: &Held) -> bool {
    entry.gates.iter().all(|report| (report.answer == GateAnswer::Allow) == (report.gate != Gate::Approval))
}

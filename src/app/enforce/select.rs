//! `enforce --plan FILE`: exactly that plan, and nothing that has changed since.

use crate::types::{Operation, Plan};

/// The operations of an approved plan that still hold, and why the others do not. What is in the fresh plan only is
/// not done.
pub(in crate::app) fn select(given: &Plan, fresh: &Plan) -> (Plan, Vec<String>) {
    let mut refused = Vec::new();
    let mut kept = Vec::new();
    for wanted in &given.operations {
        let same = |operation: &&Operation| {
            operation.instance == wanted.instance
                && operation.account == wanted.account
                && operation.region == wanted.region
        };
        let name = format!("{} {}", wanted.kind, wanted.instance);
        match fresh.operations.iter().find(same) {
            Some(now) if now.kind != wanted.kind => refused.push(format!("{name}: it is a {} now", now.kind)),
            Some(now) if now.golden != wanted.golden => refused.push(format!("{name}: another golden is promoted now")),
            Some(now) if now.before_image != wanted.before_image => {
                refused.push(format!("{name}: the instance has changed since the plan was made"));
            }
            Some(now) if now.findings != wanted.findings => {
                refused.push(format!("{name}: its findings have changed since the plan was made"));
            }
            Some(now) if now.track != wanted.track => refused.push(format!("{name}: it is on another track now")),
            Some(now) => kept.push(now.clone()),
            None => refused.push(match fresh.held.iter().find(|held| held.instance == wanted.instance) {
                Some(held) => {
                    let gates: Vec<String> = held
                        .gates
                        .iter()
                        .filter(|report| report.answer != crate::types::GateAnswer::Allow)
                        .map(|report| format!("{} ({})", report.gate, report.reason))
                        .collect();
                    format!("{name}: it is held now by {}", gates.join("; "))
                }
                None => format!("{name}: nothing is wanted of the instance any more"),
            }),
        }
    }
    let plan = Plan { operations: kept, held: Vec::new(), ..fresh.clone() };
    (plan, refused)
}

//! `enforce --plan FILE`: exactly that plan, and nothing that has changed since.

use crate::plan::operation_hash;
use crate::types::{Held, Operation, Plan};

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
    approved_since(given, fresh, &mut kept, &mut refused);
    let plan = Plan { operations: kept, held: Vec::new(), ..fresh.clone() };
    (plan, refused)
}

/// Whether what waited for an approval is the same operation now. A file of an older version does not name it, but the
/// plan's hash covers it: the same hash is the same operations.
fn unchanged(waited: &Held, found: Option<&Operation>, given: &Plan, fresh: &Plan) -> bool {
    let Some(then) = &waited.operation else { return fresh.hash == given.hash };
    let same_held = |held: &&Held| held.kind == waited.kind && held.instance == waited.instance;
    let now = found.map(operation_hash).or_else(|| fresh.held.iter().find(same_held)?.operation.clone());
    now.as_ref() == Some(then)
}

/// What waited for nothing but an approval when the file was written.
fn approved_since(given: &Plan, fresh: &Plan, kept: &mut Vec<Operation>, refused: &mut Vec<String>) {
    for waited in given.held.iter().filter(|held| crate::plan::awaits_approval_only(held)) {
        let name = format!("{} {}", waited.kind, waited.instance);
        let same = |operation: &&Operation| {
            operation.kind == waited.kind
                && operation.instance == waited.instance
                && operation.account == waited.account
                && operation.region == waited.region
        };
        match fresh.operations.iter().find(same) {
            found if !unchanged(waited, found, given, fresh) => refused.push(format!(
                "{name}: it waited for an approval of {}, and has changed since: the plan to approve is {} now: look at \
                 it, and approve that",
                given.to_approve(),
                fresh.to_approve()
            )),
            Some(now) => kept.push(now.clone()),
            None => {
                refused.push(format!("{name}: it still waits for a person: `cattleguard approve {}`", fresh.to_approve()));
            }
        }
    }
}

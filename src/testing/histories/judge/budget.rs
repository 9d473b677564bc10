//! Never more instances out at once than the budget says, those that were out a moment ago included.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Violation;
use super::case::Case;
use crate::remediate::OperationStatus;
use crate::testing::histories::evidence::Fact;
use crate::types::{InstanceId, OperationId};

pub(super) fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut budgets: Vec<(Timestamp, usize)> = Vec::new();
    let mut busy: BTreeMap<&OperationId, &InstanceId> = BTreeMap::new();
    let mut finished: Vec<(Timestamp, &InstanceId)> = Vec::new();
    let cooldown = SignedDuration::from_secs(case.evidence.cooldown_s);
    for witnessed in &case.evidence.facts {
        match &witnessed.fact {
            Fact::Paused | Fact::Resumed => {}
            Fact::Budget(count) => budgets.push((witnessed.at, *count)),
            Fact::Became { operation, status, .. } => {
                let over = status.is_over() || *status == OperationStatus::Retaining;
                if let Some(instance) = over.then(|| busy.remove(operation)).flatten() {
                    finished.push((witnessed.at, instance));
                }
            }
            Fact::Began { operation, instance, planned_at, .. } => {
                busy.insert(operation, instance);
                let Some(planned) = planned_at else { continue };
                let counts = |at: Timestamp| planned.duration_since(at) < cooldown || at > *planned;
                let recent = finished.iter().filter(|(at, _)| counts(*at)).map(|(_, instance)| *instance);
                let out: BTreeSet<&InstanceId> = busy.values().copied().chain(recent).collect();
                let allowed = in_force(&budgets, *planned);
                if out.len() > allowed {
                    let what = format!("{} instances are out, {allowed} may be: {out:?}", out.len());
                    found.push(Violation { rule: "budget", at: witnessed.at, what });
                }
            }
        }
    }
    found
}

/// The greatest budget in force at a time or set since.
fn in_force(budgets: &[(Timestamp, usize)], at: Timestamp) -> usize {
    let before = budgets.iter().rev().find(|(since, _)| *since <= at).map(|(_, count)| *count);
    let since = budgets.iter().filter(|(since, _)| *since > at).map(|(_, count)| *count);
    since.chain(before).max().unwrap_or_default()
}

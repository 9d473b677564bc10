//! Never more than one living replacement of one instance.

use std::collections::{BTreeMap, BTreeSet};

use super::Violation;
use super::case::Case;
use crate::testing::{By, Change};
use crate::types::{InstanceId, OperationKind};

pub(super) fn judge(case: &Case<'_>) -> Vec<Violation> {
    const RULE: &str = "one replacement";
    let mut found = Vec::new();
    let mut living: BTreeMap<&InstanceId, BTreeSet<&InstanceId>> = BTreeMap::new();
    for entry in &case.evidence.log {
        if entry.change == Change::Terminating {
            living.values_mut().for_each(|replacements| replacements.retain(|new| **new != entry.instance));
        }
        let (By::Enforcer(operation), Change::Launched { .. }) = (&entry.by, &entry.change) else { continue };
        let mut say = |what: String| found.push(Violation { rule: RULE, at: entry.at, what });
        let Some(seen) = case.evidence.operations.get(operation) else {
            say(format!("{} was launched for {operation}, which nobody knows", entry.instance));
            continue;
        };
        if case.stated.get(operation).is_none_or(|stated| stated.kind != OperationKind::Replace) {
            say(format!("{} was launched by {operation}, which replaces nothing", entry.instance));
        }
        let others = living.entry(&seen.instance).or_default();
        if let Some(other) = others.first() {
            say(format!("{} was launched although {other} lives, both for {}", entry.instance, seen.instance));
        }
        others.insert(&entry.instance);
    }
    found
}

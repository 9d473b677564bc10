//! Never two replacements of a rollout at once in two zones.

use std::collections::BTreeMap;

use super::Violation;
use super::case::Case;
use crate::testing::histories::evidence::Fact;
use crate::types::{OperationId, OperationKind, Track};

pub(super) fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut busy: BTreeMap<&OperationId, &str> = BTreeMap::new();
    for witnessed in &case.evidence.facts {
        match &witnessed.fact {
            Fact::Began {
                operation, kind: OperationKind::Replace, track: Track::Hygiene, planned_at: Some(_), ..
            } => {
                let form = case.evidence.operations.get(operation).and_then(|seen| seen.form.as_ref());
                // One that made no call did nothing in any zone.
                let Some(zone) = form.map(|form| form.detail.instance.zone.as_str()) else { continue };
                if let Some((other, elsewhere)) = busy.iter().find(|(_, held)| **held != zone) {
                    let what = format!("{operation} began in {zone} while {other} went on in {elsewhere}");
                    found.push(Violation { rule: "one zone", at: witnessed.at, what });
                }
                busy.insert(operation, zone);
            }
            Fact::Became { operation, status, .. } if !status.is_in_flight() => drop(busy.remove(operation)),
            _ => {}
        }
    }
    found
}

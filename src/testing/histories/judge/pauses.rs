//! Nothing is changed while people have paused it.

use super::Violation;
use super::case::Case;
use crate::testing::histories::evidence::Fact;

pub(super) fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut switches = case.evidence.facts.iter().filter_map(|witnessed| match witnessed.fact {
        Fact::Paused => Some((witnessed.after, true)),
        Fact::Resumed => Some((witnessed.after, false)),
        Fact::Budget(_) | Fact::Began { .. } | Fact::Became { .. } => None,
    });
    let mut next = switches.next();
    let mut paused = false;
    for (entry, operation, _) in case.ours() {
        while let Some((_, state)) = next.filter(|(after, _)| *after <= entry.seq) {
            paused = state;
            next = switches.next();
        }
        if paused {
            let what = format!("{operation} changed {}: {:?}", entry.instance, entry.change);
            found.push(Violation { rule: "paused", at: entry.at, what });
        }
    }
    found
}

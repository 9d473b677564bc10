//! What another bundle would have asked for: policies compared on input documents that scans stored.

use std::collections::{BTreeMap, BTreeSet};

use crate::types::{Action, PolicyOutcome, PolicyResult, Severity, Track};

/// What all policies together ask for on one input, before the caps of mode and fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The strongest action.
    pub action: Action,
    /// The greatest severity.
    pub severity: Severity,
    /// The track.
    pub track: Track,
    /// Policies that could not be evaluated, and why. Then nothing is enforced, whatever the others ask for.
    pub failed: BTreeMap<String, String>,
    /// The rules that fired, as `policy id`, or `policy: message` for one without an id.
    pub rules: BTreeSet<String>,
}

impl Asked {
    /// Sums up what policies said.
    pub fn of(results: &[PolicyResult]) -> Self {
        let hits = || results.iter().flat_map(|result| &result.hits);
        let failed = results.iter().filter(|result| result.outcome == PolicyOutcome::Error);
        let rules = results.iter().flat_map(|result| {
            result.hits.iter().map(|hit| match hit.id.as_str() {
                "" => format!("{}: {}", result.policy, hit.msg),
                id => format!("{} {id}", result.policy),
            })
        });
        let why = |result: &PolicyResult| result.error.clone().unwrap_or_default();
        let failed: BTreeMap<String, String> = failed.map(|result| (result.policy.clone(), why(result))).collect();
        let asked = hits().map(|hit| hit.action).max().unwrap_or_default();
        Self {
            action: if failed.is_empty() { asked } else { Action::Alert },
            severity: hits().map(|hit| hit.severity).max().unwrap_or_default(),
            track: hits().map(|hit| hit.track).max().unwrap_or_default(),
            failed,
            rules: rules.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::evaluate::{Evaluator, PolicySet, PolicySource};

    fn set(text: &str) -> PolicySet {
        let text = format!("package cattleguard.test.own\n\n{text}\n");
        PolicySet::compile(vec![PolicySource::new("own.rego", text)], Value::Null).expect("it compiles")
    }

    #[test]
    fn a_bundle_that_asks_for_more_is_told_from_one_that_fails() {
        let input = json!({"instance": {"id": "i-0123456789abcdef0"}});
        let warns = set("warn contains {\"id\": \"A-1\", \"msg\": \"look\"} if input.instance.id");
        let acts = set(
            "violation contains {\"msg\": \"go\", \"severity\": \"high\", \"action\": \"replace\"} if input.instance.id",
        );
        let fails = set(
            "value := 1 if input.instance.id\n\nvalue := 2 if input.instance.id\n\nviolation contains \"x\" if value",
        );
        let one = |set: &PolicySet| Asked::of(&Evaluator::fast(set).results(&input));
        let asked = |before: &PolicySet, after: &PolicySet| (one(before), one(after));
        let (before, after) = asked(&warns, &acts);
        assert_eq!((before.action, after.action), (Action::Alert, Action::Replace));
        assert_eq!(before.rules, BTreeSet::from(["cattleguard.test.own A-1".to_owned()]));
        assert_eq!(after.rules, BTreeSet::from(["cattleguard.test.own: go".to_owned()]));
        let (before, after) = asked(&acts, &fails);
        assert_eq!((before.failed.len(), after.failed.len(), after.action), (0, 1, Action::Alert));
        assert!(after.failed.values().all(|why| !why.is_empty()), "{after:?}");
        let (before, after) = asked(&acts, &acts);
        assert_eq!(before, after);
    }
}

//! Why a rule did or did not fire on one input: how far the engine got in each of its bodies.

use super::bundle::PolicySet;
use super::engine::FileLines;
use super::evaluator::Evaluator;
use crate::types::PolicyResult;

/// One body of a deciding rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseTrace {
    /// Package, e.g. `cattleguard.host.in_place_modification`.
    pub policy: String,
    /// Rule, e.g. `violation`.
    pub rule: String,
    /// File.
    pub file: String,
    /// Line of its head.
    pub line: u32,
    /// The last line that the engine reached when the body did not hold to its end; `None` when it did.
    pub stopped_at: Option<u32>,
}

impl ClauseTrace {
    /// Whether the whole body held for at least one binding.
    pub fn fired(&self) -> bool {
        self.stopped_at.is_none()
    }
}

/// What each policy says of an input, and how far each of its deciding rules got.
pub fn explain_input(set: &PolicySet, input: &serde_json::Value) -> (Vec<PolicyResult>, Vec<ClauseTrace>) {
    let mut evaluator = Evaluator::new(set);
    evaluator.record_coverage();
    let results = evaluator.results(input);
    let lines = evaluator.coverage();
    let mut traces = Vec::new();
    for module in set.modules() {
        let name = module.package.iter().skip(1).cloned().collect::<Vec<_>>().join(".");
        let Some(package) = set.packages().iter().find(|package| package.name == name) else { continue };
        let mut ends: Vec<u32> = module.rules.iter().skip(1).map(|rule| rule.line).collect();
        ends.push(u32::MAX);
        for (rule, end) in module.rules.iter().zip(ends) {
            if package.rules().any(|deciding| deciding == rule.name) {
                traces.push(ClauseTrace {
                    policy: name.clone(),
                    rule: rule.name.clone(),
                    file: module.file.clone(),
                    line: rule.line,
                    stopped_at: stopped_at(&lines, &module.file, rule.line, end),
                });
            }
        }
    }
    traces.sort_by(|a, b| (&a.policy, &a.file, a.line).cmp(&(&b.policy, &b.file, b.line)));
    (results, traces)
}

/// The last reached line of the body between its head and the next rule, unless every line of it was reached.
fn stopped_at(files: &[FileLines], file: &str, line: u32, end: u32) -> Option<u32> {
    let within = |number: &&u32| (line..end).contains(*number);
    let Some(file) = files.iter().find(|lines| lines.file == file) else { return Some(line) };
    file.not_covered.iter().find(within)?;
    Some(file.covered.iter().filter(within).copied().max().unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::evaluate::PolicySource;

    const POLICY: &str = "package cattleguard.a

violation contains msg if {
\tsome finding in input.drift.findings
\tfinding.code == \"x\"
\tnot finding.waived
\tmsg := sprintf(\"found %s\", [finding.code])
}

warn contains \"late\" if {
\tinput.scan.time_ns > 10
\tinput.scan.time_ns > 20
}
";

    fn traces(input: &Value) -> Vec<(String, Option<u32>)> {
        let set = PolicySet::compile(vec![PolicySource::new("p.rego", POLICY)], Value::Null).unwrap();
        let (_, traces) = explain_input(&set, input);
        traces.into_iter().map(|trace| (trace.rule, trace.stopped_at)).collect()
    }

    #[test]
    fn a_body_that_held_has_fired_and_another_names_where_it_stopped() {
        let found = traces(&json!({"drift": {"findings": [{"code": "x"}]}, "scan": {"time_ns": 15}}));
        assert_eq!(found, [("violation".to_owned(), None), ("warn".to_owned(), Some(12))]);
    }

    #[test]
    fn the_best_binding_counts() {
        let waived = json!({"code": "x", "waived": true});
        let found = traces(&json!({"drift": {"findings": [{"code": "y"}, waived]}, "scan": {"time_ns": 25}}));
        assert_eq!(found, [("violation".to_owned(), Some(6)), ("warn".to_owned(), None)]);
        let none = traces(&json!({"drift": {"findings": [{"code": "y"}]}}));
        assert_eq!(none[0], ("violation".to_owned(), Some(5)));
    }
}

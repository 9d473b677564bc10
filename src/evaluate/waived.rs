//! Exceptions after policy: what policies say of findings that are all waived asks for nothing.
//!
//! The shipped policies leave waived findings out by themselves. A policy that does not must not undo an exception that
//! somebody approved; its hit stays in the result, with the exceptions that waive it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::types::{Action, Finding, FindingStatus, PolicyOutcome, PolicyResult, RuleHit, Severity};

/// What is said of an exception that is not named.
const SOMEBODYS: &str = "an exception";

/// The member of a hit's details that names the exceptions which waive it.
pub const WAIVED_BY: &str = "waived_by";

/// Which findings are waived, with the exception of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waived(BTreeMap<String, String>);

impl Waived {
    /// Those of an input document.
    pub fn of_input(input: &Value) -> Self {
        let findings = input.pointer("/drift/findings").and_then(Value::as_array);
        let waived = findings.into_iter().flatten().filter_map(|finding| {
            let is_waived = finding.get("status").and_then(Value::as_str) == Some("waived");
            let id = finding.get("id")?.as_str().filter(|_| is_waived)?;
            let by = finding.get("exception").and_then(Value::as_str).unwrap_or(SOMEBODYS);
            Some((id.to_owned(), by.to_owned()))
        });
        Self(waived.collect())
    }

    /// Those of an instance.
    pub fn of_findings(findings: &[&Finding]) -> Self {
        let waived = findings.iter().filter(|finding| finding.status == FindingStatus::Waived);
        let by = |finding: &Finding| {
            finding.exception.as_ref().map_or_else(|| SOMEBODYS.to_owned(), |exception| exception.as_str().to_owned())
        };
        Self(waived.map(|finding| (finding.id.as_str().to_owned(), by(finding))).collect())
    }

    /// Lowers every hit whose findings are all waived to nothing. A hit that names no finding is about the whole instance
    /// and stays; so does one that names a finding that is not known.
    pub fn apply(&self, mut results: Vec<PolicyResult>) -> Vec<PolicyResult> {
        if self.0.is_empty() {
            return results;
        }
        for result in &mut results {
            for hit in &mut result.hits {
                let by: Option<BTreeSet<&str>> =
                    hit.finding_ids.iter().map(|id| self.0.get(id.as_str()).map(String::as_str)).collect();
                if let Some(by) = by.filter(|by| !by.is_empty()) {
                    lower(hit, &by);
                }
            }
            let counts = |hit: &RuleHit| hit.action > Action::None || !is_waived(hit);
            result.outcome = match result.outcome {
                PolicyOutcome::Error => PolicyOutcome::Error,
                PolicyOutcome::Violation if result.hits.iter().any(|hit| hit.kind != "warn" && counts(hit)) => {
                    PolicyOutcome::Violation
                }
                _ if result.hits.iter().any(counts) => PolicyOutcome::Warn,
                _ if result.hits.is_empty() => PolicyOutcome::Pass,
                _ => PolicyOutcome::Waived,
            };
        }
        results
    }
}

fn lower(hit: &mut RuleHit, by: &BTreeSet<&str>) {
    hit.action = Action::None;
    hit.severity = Severity::Info;
    hit.grace_s = 0;
    let by = Value::from(by.iter().copied().collect::<Vec<_>>());
    match &mut hit.details {
        Value::Object(details) => {
            details.insert(WAIVED_BY.to_owned(), by);
        }
        Value::Null => hit.details = Value::Object(Map::from_iter([(WAIVED_BY.to_owned(), by)])),
        given => {
            let given = given.take();
            hit.details = Value::Object(Map::from_iter([(WAIVED_BY.to_owned(), by), ("details".to_owned(), given)]));
        }
    }
}

/// Whether a hit was lowered because of exceptions.
pub fn is_waived(hit: &RuleHit) -> bool {
    hit.details.get(WAIVED_BY).is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::evaluate::{Evaluator, PolicySet, PolicySource};

    /// A policy that never looks at the status of a finding.
    const CARELESS: &str = "package cattleguard.own.careless

violation contains hit if {
\tsome finding in input.drift.findings
\thit := {\"msg\": finding.code, \"action\": \"replace\", \"severity\": \"critical\", \"finding_ids\": [finding.id], \"x\": 1}
}

violation contains {\"msg\": \"whole\", \"severity\": \"low\"} if input.whole
";

    fn result(input: &Value) -> PolicyResult {
        let set = PolicySet::compile(vec![PolicySource::new("own.rego", CARELESS)], Value::Null).unwrap();
        Evaluator::new(&set).results(input).remove(0)
    }

    fn finding(id: &str, status: &str) -> Value {
        json!({"id": id, "code": id, "status": status, "exception": "x-1"})
    }

    #[test]
    fn a_careless_policy_does_not_undo_an_exception() {
        let waived = result(&json!({"drift": {"findings": [finding("f-1", "waived")]}}));
        assert_eq!(waived.outcome, PolicyOutcome::Waived);
        let hit = &waived.hits[0];
        assert_eq!((hit.action, hit.severity, is_waived(hit)), (Action::None, Severity::Info, true));
        assert_eq!(hit.details, json!({"x": 1, "waived_by": ["x-1"]}));
    }

    #[test]
    fn what_is_not_waived_counts_as_before() {
        let both = result(&json!({"drift": {"findings": [finding("f-1", "waived"), finding("f-2", "open")]}}));
        assert_eq!(both.outcome, PolicyOutcome::Violation);
        assert_eq!(both.hits.iter().filter(|hit| hit.action == Action::Replace).count(), 1);
        let whole = result(&json!({"whole": true, "drift": {"findings": [finding("f-1", "waived")]}}));
        assert_eq!(whole.outcome, PolicyOutcome::Violation, "what names no finding is about the instance");
    }
}

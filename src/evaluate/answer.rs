//! What the rules of a bundle said of one input, as the process that evaluates policies tells it.
//!
//! That process runs code of strangers, so its answer is read as untrusted: whatever is missing, surplus or not
//! understood makes the policies an error, and an error is never a pass.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bundle::PolicyPackage;
use super::policy_result;
use crate::types::{PolicyOutcome, PolicyResult};

/// Longest error text kept, in characters.
const MAX_ERROR: usize = 1_000;

/// Largest answer about one input, in bytes. The largest honest one holds 500 elements with details for each rule;
/// those of the shipped policies are a few kilobytes.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// Largest input document, in bytes. Inputs are bounded where they are built and are below 1 MiB.
pub const MAX_INPUT_BYTES: usize = 16 * 1024 * 1024;

/// What one rule said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RuleAnswer {
    /// Nothing: it is undefined.
    #[serde(rename = "u")]
    Undefined,
    /// A value.
    #[serde(rename = "v")]
    Value(Value),
    /// It could not be evaluated.
    #[serde(rename = "e")]
    Error(String),
}

/// What all rules that were asked said of one input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// By package and rule, in the bundle's order.
    pub rules: Vec<RuleAnswer>,
    /// How long it took, in nanoseconds.
    pub ns: u64,
}

/// What the policies said of one input.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// One for each package asked, in the bundle's order.
    pub policies: Vec<PolicyResult>,
    /// How long evaluation took.
    pub took: Duration,
}

impl Answered {
    /// Every one of these packages failed for the same reason.
    pub fn failed<'p>(packages: impl IntoIterator<Item = &'p PolicyPackage>, error: &str) -> Self {
        let error: String = error.chars().take(MAX_ERROR).collect();
        let policies = packages.into_iter().map(|package| PolicyResult {
            policy: package.name.clone(),
            outcome: PolicyOutcome::Error,
            hits: Vec::new(),
            error: Some(error.clone()),
        });
        Self { policies: policies.collect(), took: Duration::ZERO }
    }

    /// Reads an answer about these packages.
    ///
    /// # Errors
    /// When it is not an answer, or not about all of their rules.
    pub fn read(packages: &[&PolicyPackage], bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > MAX_ANSWER_BYTES {
            return Err(format!("the answer has {} bytes, more than {MAX_ANSWER_BYTES}", bytes.len()));
        }
        let answer: Answer = serde_json::from_slice(bytes).map_err(|error| format!("not an answer: {error}"))?;
        Self::of(packages, answer)
    }

    /// Sorts an answer by package.
    ///
    /// # Errors
    /// When it is not about all of their rules.
    pub(super) fn of(packages: &[&PolicyPackage], answer: Answer) -> Result<Self, String> {
        let asked: usize = packages.iter().map(|package| package.rules.len()).sum();
        if answer.rules.len() != asked {
            return Err(format!("the answer is about {} rules of {asked}", answer.rules.len()));
        }
        let mut rules = answer.rules.into_iter().map(bounded);
        let policies = packages.iter().map(|package| policy_result::of(package, &mut rules)).collect();
        Ok(Self { policies, took: Duration::from_nanos(answer.ns) })
    }
}

fn bounded(answer: RuleAnswer) -> RuleAnswer {
    match answer {
        RuleAnswer::Error(text) if text.len() > MAX_ERROR => RuleAnswer::Error(text.chars().take(MAX_ERROR).collect()),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::evaluate::bundle::DecidingRule;
    use crate::evaluate::hit::HitKind;

    fn package() -> PolicyPackage {
        let rule = |kind: HitKind| DecidingRule {
            kind,
            path: format!("data.cattleguard.a.{}", kind.as_str()),
            file: "a.rego".to_owned(),
            line: 3,
        };
        let rules = vec![rule(HitKind::Violation), rule(HitKind::Warn)];
        PolicyPackage { name: "cattleguard.a".to_owned(), rules }
    }

    fn read(answer: &Value) -> Result<Answered, String> {
        Answered::read(&[&package()], answer.to_string().as_bytes())
    }

    #[test]
    fn an_answer_about_every_rule_is_sorted_into_its_package() {
        let said = read(&json!({"rules": [{"v": [{"msg": "x", "action": "replace"}]}, "u"], "ns": 5})).unwrap();
        let [policy] = said.policies.as_slice() else { panic!("{said:?}") };
        assert_eq!((policy.outcome, policy.hits.len()), (PolicyOutcome::Violation, 1));
        assert_eq!(said.took, Duration::from_nanos(5));
    }

    #[test]
    fn what_is_missing_or_surplus_is_no_answer() {
        for answer in [
            json!({"rules": [{"v": []}], "ns": 5}),
            json!({"rules": [{"v": []}, {"v": []}, {"v": []}], "ns": 5}),
            json!({"rules": [{"v": []}, {"x": []}], "ns": 5}),
            json!({"rules": [{"v": []}, "u"]}),
            json!({"rules": [{"v": []}, "u"], "ns": -1}),
            json!({"rules": [{"v": []}, "u"], "ns": 5, "action": "none"}),
            json!([]),
        ] {
            assert!(read(&answer).is_err(), "{answer}");
        }
        assert!(Answered::read(&[&package()], b"\xff\xfe").is_err());
        assert!(Answered::read(&[&package()], &vec![b'['; 100_000]).is_err(), "deep nesting");
    }

    #[test]
    fn a_value_that_is_no_set_of_hits_is_an_error_of_its_policy() {
        for value in [json!("x"), json!({"a": 1}), json!([1]), json!([{"msg": "m", "action": "repalce"}])] {
            let said = read(&json!({"rules": [{"v": value}, "u"], "ns": 5})).unwrap();
            assert_eq!(said.policies[0].outcome, PolicyOutcome::Error, "{value}");
            assert!(said.policies[0].hits.is_empty());
            assert!(said.policies[0].error.as_ref().unwrap().starts_with("a.rego:3: "), "{said:?}");
        }
        let said = read(&json!({"rules": [{"e": "e".repeat(5_000)}, "u"], "ns": 5})).unwrap();
        assert_eq!(said.policies[0].outcome, PolicyOutcome::Error);
        assert!(said.policies[0].error.as_ref().unwrap().len() <= MAX_ERROR);
    }
}

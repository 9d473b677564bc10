//! What one policy package says of one input.

use serde_json::Value;

use super::answer::RuleAnswer;
use super::bundle::{DecidingRule, PolicyPackage};
use super::hit::{self, HitKind};
use crate::types::{PolicyOutcome, PolicyResult, RuleHit};

/// Most elements of one rule that are kept; more is a runaway policy, which is an error.
const MAX_HITS: usize = 500;

/// Reads what the deciding rules of a package said; takes as many answers as it has rules.
pub(super) fn of(package: &PolicyPackage, answers: &mut impl Iterator<Item = RuleAnswer>) -> PolicyResult {
    let mut hits = Vec::new();
    let mut errors = Vec::new();
    for DecidingRule { kind, path, file, line } in &package.rules {
        let found = match answers.next() {
            Some(RuleAnswer::Undefined) => Ok(Vec::new()),
            // The engine's own errors have their place in front.
            Some(RuleAnswer::Value(value)) => elements(*kind, value).map_err(|error| format!("{file}:{line}: {error}")),
            Some(RuleAnswer::Error(error)) => Err(error),
            None => Err(format!("nothing was said of {path}")),
        };
        match found {
            Ok(found) => hits.extend(found),
            Err(error) => errors.push(error),
        }
    }
    hits.sort_by(|a: &RuleHit, b: &RuleHit| {
        b.severity
            .cmp(&a.severity)
            .then(b.action.cmp(&a.action))
            .then_with(|| a.id.cmp(&b.id))
            .then_with(|| a.msg.cmp(&b.msg))
    });
    let outcome = if !errors.is_empty() {
        PolicyOutcome::Error
    } else if hits.iter().any(|hit| hit.kind != HitKind::Warn.as_str()) {
        PolicyOutcome::Violation
    } else if hits.is_empty() {
        PolicyOutcome::Pass
    } else {
        PolicyOutcome::Warn
    };
    let error = (!errors.is_empty()).then(|| errors.join("; "));
    PolicyResult { policy: package.name.clone(), outcome, hits, error }
}

fn elements(kind: HitKind, value: Value) -> Result<Vec<RuleHit>, String> {
    let items = match value {
        Value::Array(items) => items,
        other => return Err(format!("`{}` is {}, not a set", kind.as_str(), hit::quote(&other))),
    };
    if items.len() > MAX_HITS {
        return Err(format!("`{}` has {} elements, more than {MAX_HITS}", kind.as_str(), items.len()));
    }
    items.into_iter().map(|item| hit::parse(kind, item)).collect()
}

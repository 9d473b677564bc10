//! What one policy package says of one input.

use serde_json::Value;

use super::bundle::PolicyPackage;
use super::engine::Engine;
use super::hit::{self, HitKind};
use crate::types::{PolicyOutcome, PolicyResult, RuleHit};

/// Most elements of one rule that are kept; more is a runaway policy, which is an error.
const MAX_HITS: usize = 500;

/// Evaluates the deciding rules of a package on the engine's present input.
pub(super) fn evaluate(engine: &mut Engine, package: &PolicyPackage) -> PolicyResult {
    let mut hits = Vec::new();
    let mut errors = Vec::new();
    for (kind, path) in &package.rules {
        match engine.eval(path).and_then(|value| elements(*kind, value)) {
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

fn elements(kind: HitKind, value: Option<Value>) -> Result<Vec<RuleHit>, String> {
    let items = match value {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(other) => return Err(format!("`{}` is {other}, not a set", kind.as_str())),
    };
    if items.len() > MAX_HITS {
        return Err(format!("`{}` has {} elements, more than {MAX_HITS}", kind.as_str(), items.len()));
    }
    items.into_iter().map(|item| hit::parse(kind, item)).collect()
}

//! A decision record as `cattleguard.dev/decision/v1`, and what is left out of it.
//!
//! Names follow Open Policy Agent's decision logs where they mean the same. The schema is
//! `policies/decision.schema.json`.

use serde_json::{Map, Value, json};

use crate::types::{DecisionRecord, PolicyOutcome};

/// The document's schema id.
pub const DECISION_SCHEMA: &str = "cattleguard.dev/decision/v1";

/// The document of a record, with its input when that is given; `mask` names what is left out.
pub fn decision_json(record: &DecisionRecord, input: Option<Value>, mask: &[String]) -> Value {
    let DecisionRecord { id, scan, decided_at, last_scan, last_decided_at, decision, circumstances } = record;
    let hits = || decision.policies.iter().flat_map(|policy| &policy.hits);
    let mut rules: Vec<&str> = hits().map(|hit| hit.id.as_str()).filter(|id| !id.is_empty()).collect();
    rules.sort_unstable();
    rules.dedup();
    let errors = decision.policies.iter().filter(|policy| policy.outcome == PolicyOutcome::Error);
    let errors: Vec<Value> =
        errors.map(|policy| json!({"policy": policy.policy, "error": policy.error.as_deref().unwrap_or("")})).collect();
    let mut document = json!({
        "type": "decision",
        "schema": DECISION_SCHEMA,
        "decision_id": id,
        "scan_id": scan,
        "timestamp": decided_at,
        "last_scan_id": last_scan,
        "last_timestamp": last_decided_at,
        "instance": decision.instance,
        "account": decision.account,
        "region": decision.region,
        "fleet": decision.fleet,
        "bundle": {"revision": circumstances.bundle_revision, "digest": decision.bundle_digest},
        "input_digest": decision.input_digest,
        "status": decision.status,
        "action": decision.action,
        "asked": decision.asked,
        "capped_by": decision.capped_by,
        "track": decision.track,
        "severity": decision.severity,
        "grace_s": decision.grace_s,
        "reasons": decision.reasons,
        "controls": decision.controls,
        "rules": rules,
        "exceptions": circumstances.exceptions,
        "policies": decision.policies,
        "errors": errors,
        "duration_ns": circumstances.duration_ns,
    });
    if let (Some(input), Some(members)) = (input, document.as_object_mut()) {
        members.insert("input".to_owned(), input);
    }
    erase(&mut document, mask);
    document
}

/// Takes away what the pointers name, and says which of them named something.
fn erase(document: &mut Value, mask: &[String]) {
    let erased: Vec<&String> = mask
        .iter()
        .filter(|pointer| {
            let parts: Vec<String> = pointer.split('/').skip(1).map(unescaped).collect();
            remove(document, &parts)
        })
        .collect();
    if let Some(members) = document.as_object_mut().filter(|_| !erased.is_empty()) {
        members.insert("erased".to_owned(), json!(erased));
    }
}

/// RFC 6901: `~1` is a slash, `~0` a tilde.
fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// Whether anything was there. A list keeps its length: a member that is masked becomes null.
fn remove(value: &mut Value, parts: &[String]) -> bool {
    let Some((first, rest)) = parts.split_first() else { return false };
    match value {
        Value::Object(members) if rest.is_empty() && first == "*" => {
            let any = !members.is_empty();
            *members = Map::new();
            any
        }
        Value::Object(members) if rest.is_empty() => members.remove(first).is_some(),
        Value::Object(members) if first == "*" => members.values_mut().fold(false, |any, one| remove(one, rest) | any),
        Value::Object(members) => members.get_mut(first).is_some_and(|member| remove(member, rest)),
        Value::Array(items) => {
            let chosen = |index: usize| first == "*" || first.parse() == Ok(index);
            let mut any = false;
            for (_, item) in items.iter_mut().enumerate().filter(|(index, _)| chosen(*index)) {
                any |= if rest.is_empty() { !std::mem::take(item).is_null() } else { remove(item, rest) };
            }
            any
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(mut document: Value, mask: &[&str]) -> Value {
        erase(&mut document, &mask.iter().map(|pointer| (*pointer).to_owned()).collect::<Vec<_>>());
        document
    }

    #[test]
    fn what_is_masked_is_gone_and_named() {
        let document = json!({"input": {"tags": {"owner": "alice", "a/b": 1}, "n": 1}, "policies": [{"hits": [{"details": 1}, {}]}]});
        assert_eq!(
            masked(document.clone(), &["/input/tags"]),
            json!({"input": {"n": 1}, "policies": [{"hits": [{"details": 1}, {}]}], "erased": ["/input/tags"]})
        );
        let inner = masked(document.clone(), &["/policies/*/hits/*/details", "/input/tags/a~1b", "/nowhere"]);
        assert_eq!(inner["policies"], json!([{"hits": [{}, {}]}]));
        assert_eq!(inner["input"]["tags"], json!({"owner": "alice"}));
        assert_eq!(inner["erased"], json!(["/policies/*/hits/*/details", "/input/tags/a~1b"]));
        assert_eq!(masked(document.clone(), &["/input/tags/*"])["input"]["tags"], json!({}));
        assert_eq!(masked(document.clone(), &["/policies/0"])["policies"], json!([null]));
        assert_eq!(masked(document.clone(), &["/", "/input/x/y"]), document);
    }
}

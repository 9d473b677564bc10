//! Inline policies that deny sessions of a role: those of one instance, or all that were issued until now.
//!
//! They are recognised again by name and by what they say, so both follow from the inputs alone.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::types::{InstanceId, OperationId};

/// IAM's limit on policy names.
const MOST_NAME: usize = 128;

/// Denies everything to the sessions of one instance: EC2 names a session after the instance that it is for, and
/// `aws:userid` of a session is the role's unique id and that name. Returns the policy's name and document.
pub fn session_denial(role_unique_id: &str, instance: &InstanceId) -> (String, String) {
    let condition = json!({ "StringEquals": { "aws:userid": format!("{role_unique_id}:{instance}") } });
    (name("session", instance.as_str()), document("CattleguardDenySession", &condition))
}

/// Denies everything to all sessions of a role that were issued before a time, on every instance that shares it.
/// Sessions issued later are not touched. Returns the policy's name and document.
pub fn role_denial(operation: &OperationId, issued_before: Timestamp) -> (String, String) {
    // IAM compares whole seconds; a session of this very second belongs to those that are denied.
    let next = issued_before.as_second().saturating_add(i64::from(issued_before.subsec_nanosecond() > 0));
    let until = Timestamp::from_second(next).unwrap_or(issued_before).strftime("%Y-%m-%dT%H:%M:%SZ");
    let condition = json!({ "DateLessThan": { "aws:TokenIssueTime": until.to_string() } });
    (name("role", operation.as_str()), document("CattleguardDenyRole", &condition))
}

/// Names may hold letters, digits and `+=,.@-_`.
fn name(what: &str, of: &str) -> String {
    let of: String = of.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("cattleguard-deny-{what}-{of}").chars().take(MOST_NAME).collect()
}

fn document(sid: &str, condition: &Value) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Sid": sid, "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition },
        ],
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(document: &str) -> Value {
        let document: Value = serde_json::from_str(document).unwrap();
        let statements = document["Statement"].as_array().unwrap();
        assert_eq!((statements.len(), &statements[0]["Effect"]), (1, &json!("Deny")));
        statements[0]["Condition"].clone()
    }

    #[test]
    fn a_session_denial_names_one_session_and_nothing_else() {
        let (name, document) = session_denial("AROAEXAMPLE", &"i-0123".into());
        assert_eq!(name, "cattleguard-deny-session-i-0123");
        assert_eq!(condition(&document), json!({ "StringEquals": { "aws:userid": "AROAEXAMPLE:i-0123" } }));
        assert_ne!(session_denial("AROAEXAMPLE", &"i-0124".into()).0, name);
        assert_eq!(session_denial("AROAEXAMPLE", &"i-0123".into()).1, document);
    }

    #[test]
    fn a_role_denial_is_in_utc_and_includes_the_second_that_began() {
        let at = |text: &str| role_denial(&"op-1".into(), text.parse().unwrap()).1;
        let until = |text: &str| condition(&at(text))["DateLessThan"]["aws:TokenIssueTime"].clone();
        assert_eq!(until("2026-11-02T10:00:00+01:00"), "2026-11-02T09:00:00Z");
        assert_eq!(until("2026-11-02T09:00:00.25Z"), "2026-11-02T09:00:01Z");
        assert_eq!(role_denial(&"op-1".into(), Timestamp::UNIX_EPOCH).0, "cattleguard-deny-role-op-1");
    }

    #[test]
    fn names_are_what_iam_allows() {
        let (name, _) = role_denial(&OperationId::new(format!("op/ü {}", "x".repeat(300))), Timestamp::UNIX_EPOCH);
        assert!(name.len() <= 128 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{name}");
    }
}

//! What was undone is as it was, exactly, unless somebody else changed it meanwhile.

use jiff::Timestamp;

use super::Violation;
use super::case::Case;
use crate::remediate::{OperationStatus, role_denial, session_denial};
use crate::testing::histories::evidence::Fact;
use crate::testing::{By, SeenOperation, ServerForm};
use crate::types::{InstanceId, OperationId, OperationKind};

pub(super) fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for witnessed in &case.evidence.facts {
        let Fact::Became { operation, status, form: Some(form) } = &witnessed.fact else { continue };
        let Some(undone) = undone_by(case, operation, *status) else { continue };
        let Some(seen) = case.evidence.operations.get(undone) else { continue };
        let Some(before) = &seen.form else { continue };
        // What was there before was read when the operation began, which may be long before its first call.
        let since = case.stated.get(undone).map_or(seen.first_call, |stated| stated.at.min(seen.first_call));
        if touched(case, seen, before, (since, witnessed.after)) {
            continue;
        }
        let own = |form: &ServerForm| without_others(form, undone, &seen.instance);
        let (before, form) = (own(before), own(form));
        if form != before {
            let what = format!("{operation} did not restore {}: {}", seen.instance, difference(&before, &form));
            found.push(Violation { rule: "restored", at: witnessed.at, what });
        }
    }
    found
}

/// A form without the denials that other operations, which are not undone by this, hold on the same role.
fn without_others(form: &ServerForm, operation: &OperationId, instance: &InstanceId) -> ServerForm {
    let own = [session_denial("", instance).0, role_denial(operation, Timestamp::UNIX_EPOCH).0];
    let mut form = form.clone();
    form.policies.retain(|name, _| !name.starts_with("cattleguard-deny-") || own.contains(name));
    form
}

/// Which operation's work is undone by now: its own, or the quarantine that a release is about.
fn undone_by<'a>(case: &Case<'a>, operation: &'a OperationId, status: OperationStatus) -> Option<&'a OperationId> {
    let stated = case.stated.get(operation)?;
    match (stated.kind, status) {
        (OperationKind::Release, OperationStatus::Done) => stated.undoes,
        (OperationKind::Release, _) => None,
        (_, OperationStatus::RolledBack) => Some(operation),
        _ => None,
    }
}

/// Whether anybody but the enforcers had a hand in it since: on the instance, or on its group.
fn touched(case: &Case<'_>, seen: &SeenOperation, before: &ServerForm, (since, until): (Timestamp, u64)) -> bool {
    let later = case.evidence.log.iter().filter(|entry| entry.at >= since && entry.seq < until);
    let grouped = before.group.is_some();
    later.filter(|entry| !matches!(entry.by, By::Enforcer(_))).any(|entry| {
        entry.instance == seen.instance || (grouped && entry.by != By::World && entry.instance.as_str().is_empty())
    })
}

/// The first thing that differs.
pub(in crate::testing::histories) fn difference<T: serde::Serialize>(before: &T, after: &T) -> String {
    let (before, after) = (serde_json::to_value(before), serde_json::to_value(after));
    match (before, after) {
        (Ok(before), Ok(after)) => first_difference("", &before, &after).unwrap_or_default(),
        _ => "it cannot be shown".to_owned(),
    }
}

fn first_difference(path: &str, before: &serde_json::Value, after: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let keys = before.keys().chain(after.keys());
            let none = Value::Null;
            keys.into_iter().find_map(|key| {
                let (old, new) = (before.get(key).unwrap_or(&none), after.get(key).unwrap_or(&none));
                first_difference(&format!("{path}.{key}"), old, new)
            })
        }
        (before, after) if before != after => Some(format!("{path} was {before} and is {after}")),
        _ => None,
    }
}

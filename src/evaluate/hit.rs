//! One element of a `deny`, `violation` or `warn` set, read strictly.
//!
//! A misspelt severity must not quietly become a mild one, so anything that cannot be understood is an
//! error of the policy, and an error is never a pass.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::types::{Action, FindingId, RuleHit, Severity, Track};

/// Longest message kept, in characters. Messages quote tags and package names, which strangers choose.
const MAX_MESSAGE: usize = 1_000;

/// Longest rule id, control id or finding id, in characters.
const MAX_ID: usize = 200;

/// Most controls, and most finding ids.
const MAX_IDS: usize = 1_000;

/// Most that `details` may hold, in bytes of JSON: they are kept with the decision.
const MAX_DETAILS: usize = 64 * 1024;

/// Longest part of a wrong value that a message quotes, in characters.
const MAX_QUOTE: usize = 200;

/// Longest grace a rule may ask for, in seconds: 30 days.
const MAX_GRACE_S: u64 = 30 * 24 * 3_600;

/// The kinds of deciding rules, in the shape conftest made common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum HitKind {
    Deny,
    Violation,
    Warn,
}

impl HitKind {
    /// The kind a rule's name stands for: `deny`, `deny_x`, …
    pub(super) fn of_rule(name: &str) -> Option<Self> {
        [Self::Deny, Self::Violation, Self::Warn]
            .into_iter()
            .find(|kind| name.strip_prefix(kind.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Violation => "violation",
            Self::Warn => "warn",
        }
    }

    /// Severity of an element that names none.
    fn default_severity(self) -> Severity {
        match self {
            Self::Deny | Self::Violation => Severity::High,
            Self::Warn => Severity::Low,
        }
    }
}

/// Reads one element.
pub(super) fn parse(kind: HitKind, element: Value) -> Result<RuleHit, String> {
    let mut members = match element {
        Value::String(msg) => Map::from_iter([("msg".to_owned(), Value::String(msg))]),
        Value::Object(members) => members,
        other => {
            let (kind, other) = (kind.as_str(), quote(&other));
            return Err(format!("an element of `{kind}` is {other}, not a string or an object"));
        }
    };
    let msg = text(&mut members, "msg")?.filter(|msg| !msg.trim().is_empty());
    let msg = msg.ok_or_else(|| format!("an element of `{}` has no `msg`", kind.as_str()))?;
    let severity = match text(&mut members, "severity")? {
        Some(name) => name.parse().map_err(|error: String| format!("`severity`: {}", bounded(&error)))?,
        None => kind.default_severity(),
    };
    let action = action(&mut members)?;
    let hit = RuleHit {
        kind: kind.as_str().to_owned(),
        id: match text(&mut members, "id")? {
            Some(id) if id.chars().count() > MAX_ID => return Err(format!("`id` is longer than {MAX_ID} characters")),
            id => id.unwrap_or_default(),
        },
        msg: bounded(&msg),
        severity,
        action: if kind == HitKind::Warn { action.min(Action::Alert) } else { action },
        track: track(&mut members)?,
        controls: texts(&mut members, "controls")?,
        finding_ids: texts(&mut members, "finding_ids")?.into_iter().map(FindingId::from).collect(),
        grace_s: grace(&mut members)?,
        details: Value::Null,
    };
    let details = details(members);
    if !details.is_null() && details.to_string().len() > MAX_DETAILS {
        return Err(format!("`details` of an element of `{}` is larger than {MAX_DETAILS} bytes", kind.as_str()));
    }
    Ok(RuleHit { details, ..hit })
}

/// A value as a message quotes it.
pub(super) fn quote(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_QUOTE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn bounded(msg: &str) -> String {
    match msg.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", msg.get(..end).unwrap_or_default()),
        None => msg.to_owned(),
    }
}

fn text(members: &mut Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match members.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{key}` is {}, not a string", quote(&other))),
    }
}

fn texts(members: &mut Map<String, Value>, key: &str) -> Result<Vec<String>, String> {
    let Some(value) = members.remove(key) else { return Ok(Vec::new()) };
    let Value::Array(items) = value else { return Err(format!("`{key}` is {}, not a list", quote(&value))) };
    if items.len() > MAX_IDS {
        return Err(format!("`{key}` has more than {MAX_IDS} entries"));
    }
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        let Value::String(text) = item else { return Err(format!("`{key}` holds {}, not a string", quote(&item))) };
        if text.chars().count() > MAX_ID {
            return Err(format!("`{key}` holds an entry of more than {MAX_ID} characters"));
        }
        texts.push(text);
    }
    texts.sort();
    texts.dedup();
    Ok(texts)
}

fn action(members: &mut Map<String, Value>) -> Result<Action, String> {
    match text(members, "action")?.as_deref() {
        None | Some("alert") => Ok(Action::Alert),
        Some("none") => Ok(Action::None),
        Some("quarantine") => Ok(Action::Quarantine),
        Some("replace") => Ok(Action::Replace),
        Some(other) => Err(format!("`action`: `{}` is not one of none, alert, quarantine, replace", bounded(other))),
    }
}

fn track(members: &mut Map<String, Value>) -> Result<Track, String> {
    match text(members, "track")?.as_deref() {
        None | Some("hygiene") => Ok(Track::Hygiene),
        Some("compromise") => Ok(Track::Compromise),
        Some(other) => Err(format!("`track`: `{}` is not one of hygiene, compromise", bounded(other))),
    }
}

/// Seconds, or a number with `s`, `m`, `h` or `d` behind it. `grace_s` is read as well.
fn grace(members: &mut Map<String, Value>) -> Result<u64, String> {
    let Some(value) = members.remove("grace").or_else(|| members.remove("grace_s")) else { return Ok(0) };
    let seconds = match &value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => duration(text),
        _ => None,
    };
    let seconds =
        seconds.ok_or_else(|| format!("`grace` is {}, not seconds or a text such as \"2h\"", quote(&value)))?;
    Ok(seconds.min(MAX_GRACE_S))
}

pub(super) fn duration(text: &str) -> Option<u64> {
    let (number, factor) = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
        .into_iter()
        .find_map(|(unit, factor)| text.strip_suffix(unit).map(|number| (number, factor)))?;
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// What is left: `details` as given when it stands alone, else every unknown member beside it.
fn details(mut members: Map<String, Value>) -> Value {
    let details = members.remove("details");
    match (details, members.is_empty()) {
        (None, true) => Value::Null,
        (Some(details), true) => details,
        (Some(Value::Object(given)), false) => {
            members.extend(given);
            Value::Object(members)
        }
        (Some(details), false) => {
            members.insert("details".to_owned(), details);
            Value::Object(members)
        }
        (None, false) => Value::Object(members),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_string_is_a_message_with_defaults() {
        let hit = parse(HitKind::Violation, json!("no")).unwrap();
        assert_eq!((hit.msg.as_str(), hit.severity, hit.action), ("no", Severity::High, Action::Alert));
        assert_eq!(parse(HitKind::Warn, json!("no")).unwrap().severity, Severity::Low);
    }

    #[test]
    fn every_field_is_read_and_unknown_ones_are_kept() {
        let element = json!({"id": "X-1", "msg": "m", "severity": "critical", "action": "replace",
            "track": "compromise", "controls": ["b", "a", "a"], "finding_ids": ["f-1"], "grace": "2h",
            "ticket": "T-1", "details": {"k": 1}});
        let hit = parse(HitKind::Deny, element).unwrap();
        assert_eq!((hit.severity, hit.action, hit.track), (Severity::Critical, Action::Replace, Track::Compromise));
        assert_eq!((hit.id.as_str(), hit.grace_s), ("X-1", 7_200));
        assert_eq!(hit.controls, ["a", "b"]);
        assert_eq!(hit.details, json!({"k": 1, "ticket": "T-1"}));
    }

    #[test]
    fn a_warning_never_asks_for_more_than_an_alert() {
        let hit = parse(HitKind::Warn, json!({"msg": "m", "action": "replace"})).unwrap();
        assert_eq!(hit.action, Action::Alert);
    }

    #[test]
    fn what_cannot_be_understood_is_an_error() {
        for element in [
            json!(5),
            json!({}),
            json!({"msg": " "}),
            json!({"msg": 1}),
            json!({"msg": "m", "severity": "hihg"}),
            json!({"msg": "m", "action": "terminate"}),
            json!({"msg": "m", "track": "fast"}),
            json!({"msg": "m", "controls": "a"}),
            json!({"msg": "m", "finding_ids": [1]}),
            json!({"msg": "m", "grace": "soon"}),
            json!({"msg": "m", "grace": -5}),
        ] {
            assert!(parse(HitKind::Deny, element.clone()).is_err(), "{element}");
        }
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let hit = parse(HitKind::Deny, json!("é".repeat(5_000))).unwrap();
        assert_eq!(hit.msg.chars().count(), MAX_MESSAGE + 1);
    }

    #[test]
    fn rule_names_stand_for_kinds() {
        assert_eq!(HitKind::of_rule("deny"), Some(HitKind::Deny));
        assert_eq!(HitKind::of_rule("warn_stale"), Some(HitKind::Warn));
        assert_eq!(HitKind::of_rule("warning"), None);
        assert_eq!(HitKind::of_rule("denied"), None);
    }
}

//! A notice as an event for PagerDuty's Events API v2.
//!
//! Limits and words: "Send an event", "PD-CEF" and "Rate limits" in PagerDuty's developer documentation: a summary of
//! 1,024 characters, a `dedup_key` of 255, 512 kB in all, severities critical, error, warning and info.

use serde_json::{Map, Value, json};

use super::story::{self, Story};
use super::webhook::subject;
use crate::report::notice::{Notice, NoticeKind};
use crate::report::text::clean;
use crate::types::Severity;

/// Characters of a summary.
pub const SUMMARY_CHARS: usize = 1024;
/// Characters of the key by which PagerDuty knows an incident again.
pub const KEY_CHARS: usize = 255;
/// What is sent at most: far below the limit, because nobody reads more in an incident.
pub const BODY_BYTES: usize = 64_000;

/// What an event does to its incident.
pub fn action(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Acknowledged => "acknowledge",
        NoticeKind::Resolved
        | NoticeKind::Reattributed
        | NoticeKind::CoverageRestored
        | NoticeKind::AnchorRestored
        | NoticeKind::DeliveryRestored
        | NoticeKind::OperationStarted
        | NoticeKind::OperationDone
        | NoticeKind::ApprovalEnded
        // What it waived counts again, and is told by its own groups.
        | NoticeKind::ExceptionEnded
        // A pager does not hear it: while others go on, so does the incident.
        | NoticeKind::DigestEnding => "resolve",
        NoticeKind::New
        | NoticeKind::Update
        | NoticeKind::Repeat
        | NoticeKind::Flapping
        | NoticeKind::MassDrift
        | NoticeKind::Digest
        | NoticeKind::CoverageLost
        | NoticeKind::PolicyError
        | NoticeKind::OperationFailed
        | NoticeKind::ExceptionEnding
        | NoticeKind::ApprovalWanted
        | NoticeKind::Test
        | NoticeKind::DeadLetter
        | NoticeKind::AnchorFailed => "trigger",
    }
}

/// The same for every notice of a group, whatever its text: so one incident stands for one problem.
pub fn dedup_key(notice: &Notice) -> String {
    let group = notice.group.to_string();
    let digest = blake3::hash(group.as_bytes()).to_hex();
    format!("cattleguard-{}", digest.get(..40).unwrap_or_default())
}

/// The body of the request, with the integration key in it.
pub fn pagerduty_event(notice: &Notice, routing_key: &str) -> Vec<u8> {
    let told = story::story(notice);
    let mut shown = told.items.len();
    loop {
        let body = serde_json::to_vec(&event(notice, routing_key, &told, shown)).unwrap_or_default();
        if body.len() <= BODY_BYTES || shown == 0 {
            return body;
        }
        shown -= 1;
    }
}

/// Ends the incident of a notice, whatever it said.
pub fn pagerduty_end(notice: &Notice, routing_key: &str) -> Vec<u8> {
    let event = json!({"routing_key": routing_key, "event_action": "resolve", "dedup_key": dedup_key(notice)});
    serde_json::to_vec(&event).unwrap_or_default()
}

fn event(notice: &Notice, routing_key: &str, told: &Story, shown: usize) -> Value {
    let severity = match notice.severity {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "info",
    };
    let fleet = notice.group.fleet.as_ref().map(|fleet| clean(fleet.as_str(), 80));
    json!({
        "routing_key": routing_key,
        "event_action": action(notice.kind),
        "dedup_key": dedup_key(notice),
        "client": "Cattleguard",
        "payload": {
            "summary": clean(&told.headline, SUMMARY_CHARS),
            "source": clean(&subject(notice), 250),
            "severity": severity,
            "timestamp": notice.time.to_string(),
            "component": fleet,
            "group": fleet,
            "class": clean(notice.group.code.as_str(), 80),
            "custom_details": details(told, shown),
        },
    })
}

fn details(told: &Story, shown: usize) -> Value {
    let Story { headline: _, facts, lines, items, more, source } = told;
    let pairs = |rows: &[(&'static str, String)]| {
        rows.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect::<Map<_, _>>()
    };
    let mut details = pairs(facts);
    if !lines.is_empty() {
        details.insert("Details".to_owned(), json!(lines));
    }
    for (number, item) in (1..).zip(items.iter().take(shown)) {
        let mut rows = pairs(&item.rows);
        rows.insert("Finding".to_owned(), Value::from(item.title.as_str()));
        details.insert(format!("Finding {number}"), Value::Object(rows));
    }
    let cut = (shown < items.len()).then(|| format!("and {} more", items.len() - shown));
    if let Some(more) = more.clone().or(cut) {
        details.insert("More".to_owned(), Value::from(more));
    }
    details.extend(pairs(source));
    Value::Object(details)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn an_event_says_what_who_policy_and_next() {
        let notice = fixtures::notice(vec![fixtures::finding("event-ssh-key-pushed", "i-0aa", "key")]);
        let body: Value = serde_json::from_slice(&pagerduty_event(&notice, "R0UT1NG")).unwrap();
        insta::assert_json_snapshot!(body);
    }

    #[test]
    fn the_steps_of_one_problem_meet_in_one_incident() {
        let mut notice = fixtures::notice(vec![fixtures::finding("event-ssh-key-pushed", "i-0aa", "key")]);
        let key = dedup_key(&notice);
        let actions = [NoticeKind::New, NoticeKind::Acknowledged, NoticeKind::Resolved].map(|kind| {
            notice.kind = kind;
            let body: Value = serde_json::from_slice(&pagerduty_event(&notice, "k")).unwrap();
            assert_eq!(body["dedup_key"], key.as_str());
            body["event_action"].as_str().unwrap().to_owned()
        });
        assert_eq!(actions, ["trigger", "acknowledge", "resolve"]);
        assert!(key.len() <= KEY_CHARS);
        let other = fixtures::notice(vec![fixtures::finding("config-user-data", "i-0aa", "x")]);
        assert_ne!(dedup_key(&other), key);
    }

    #[test]
    fn the_worst_notice_keeps_every_limit() {
        let body = pagerduty_event(&fixtures::worst_notice(), "k");
        assert!(body.len() <= BODY_BYTES, "{}", body.len());
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert!(body["payload"]["summary"].as_str().unwrap().chars().count() <= SUMMARY_CHARS);
        assert!(!body["payload"]["source"].as_str().unwrap().is_empty());
    }
}

use proptest::prelude::*;

use super::*;
use crate::report::draft::{NotifySettings, draft_notices};
use crate::report::fixtures;
use crate::store::OutboxDraft;
use crate::types::{FindingId, Severity};

fn notices(report: &crate::report::ScanReport) -> Vec<Notice> {
    let drafts = draft_notices(
        report,
        &[fixtures::slack("ops", "http://127.0.0.1/")],
        &crate::report::OutboxHistory::new(&fixtures::MemoryOutbox::default()),
        fixtures::now(),
        &NotifySettings::default(),
    );
    drafts.into_iter().map(|OutboxDraft { payload, .. }| serde_json::from_value(payload).unwrap()).collect()
}

fn strings(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, out)),
        Value::Object(fields) => fields.values().for_each(|field| strings(field, out)),
        _ => {}
    }
}

#[test]
fn a_reply_that_only_moves_the_state_does_not_say_again_what_changed() {
    let whole = notices(&fixtures::report(vec![fixtures::finding("software-package-changed", "i-1", "openssl")]));
    let news = whole.into_iter().find(|notice| !notice.findings.is_empty()).expect("a notice with findings");
    let words = |notice: &Notice| slack_reply(notice).to_string();
    assert!(words(&news).contains("*What changed*"));
    for kind in [NoticeKind::Acknowledged, NoticeKind::Resolved] {
        let step = Notice { kind, lines: vec!["f-1 was acknowledged by erin.".to_owned()], ..news.clone() };
        let reply = words(&step);
        assert!(!reply.contains("*What changed*") && reply.contains("was acknowledged by erin"), "{reply}");
        assert!(reply.contains(step.findings[0].id.as_str()), "{reply}");
        check(&slack_reply(&step));
        assert!(slack_message(&step).to_string().contains("*What changed*"), "alone it says all");
    }
}

/// Slack refuses the whole message for one section without text.
#[test]
fn lines_without_text_make_no_section() {
    let sections = |lines: &[&str]| {
        let found = fixtures::notice(vec![fixtures::finding("software-package-changed", "i-1", "openssl")]);
        let message = slack_message(&Notice { lines: lines.iter().map(|line| (*line).to_owned()).collect(), ..found });
        check(&message);
        message["blocks"].as_array().unwrap().iter().filter(|one| one["type"] == "section").count()
    };
    assert_eq!(sections(&["", " "]), sections(&[]));
    assert_eq!(sections(&["", "seen"]), sections(&[]) + 1);
}

/// Slack's limits, and that nothing in the message can act.
fn check(message: &Value) {
    let blocks = message["blocks"].as_array().unwrap();
    assert!(blocks.len() <= MAX_BLOCKS);
    assert!(message.to_string().chars().count() <= TOTAL_CHARS, "{}", message.to_string().chars().count());
    for block in blocks {
        let text = block["text"]["text"].as_str().unwrap_or_default();
        let limit = if block["type"] == "header" { HEADER_CHARS } else { SECTION_CHARS };
        assert!(text.chars().count() <= limit);
        assert!(block["type"] != "section" || block.get("fields").is_some() || !text.is_empty());
        for field in block["fields"].as_array().into_iter().flatten() {
            assert!(field["text"].as_str().unwrap().chars().count() <= 2000);
        }
        if block["type"] == "actions" {
            let elements = block["elements"].as_array().unwrap();
            assert!((1..=25).contains(&elements.len()));
            for element in elements {
                let chars =
                    |place: &str| element.pointer(place).map_or(0, |text| text.as_str().unwrap().chars().count());
                assert!((1..=255).contains(&chars("/action_id")) && (1..=2000).contains(&chars("/value")));
                assert!((1..=75).contains(&chars("/text/text")));
                assert!(chars("/confirm/title/text") <= 100 && chars("/confirm/text/text") <= 300);
                assert!(chars("/confirm/confirm/text") <= 30 && chars("/confirm/deny/text") <= 30);
            }
        }
        if block["type"] != "header" {
            assert!(!text.contains('<') && !text.contains('>'), "{text}");
        }
    }
    let mut all = Vec::new();
    strings(message, &mut all);
    for text in all {
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        let lower = text.to_lowercase();
        for word in ["@here", "@channel", "@everyone"] {
            assert!(!lower.contains(word), "{text}");
        }
        for line in text.lines() {
            assert_eq!(line.matches('`').count() % 2, 0, "a code span is open: {line}");
        }
    }
}

#[test]
fn says_what_changed_who_policy_and_why_it_waits() {
    let mut report = fixtures::report(vec![fixtures::finding("event-interactive-session", "i-0aa", "session")]);
    report.plan.held.push(fixtures::held("i-0aa"));
    let message = slack_message(&notices(&report)[0]);
    check(&message);
    insta::assert_snapshot!(message["blocks"][0]["text"]["text"].as_str().unwrap(), @r"HIGH · web: event-interactive-session on i-0aa, by alice");
    insta::assert_snapshot!(message["blocks"][2]["text"]["text"].as_str().unwrap(), @r#"
    *What changed* on `i-0aa` in `111122223333/eu-west-1` (high)
    `event-interactive-session`: session differs from the golden
    *Who* `alice` called `StartSession` from `198.51.100.7`, with MFA, at 2026-11-23 09:58:00Z, event `11111111-2222-3333-4444-555555555555`, session `alice-0a1b2c`
    `arn:aws:sts::111122223333:assumed-role/Admin/alice` (a session was open then)
    *Policy*
    • alert (policy asked for replace, lowered by mode = "observe"), severity high
    • modified in place
    *Next* would replace it, but holds
    *Held by*
    • opt-in: refuse: fleet web is observe-only: set enforcement = "replace"
    • window: hold until 2026-11-24 02:00:00Z: outside every window
    "#);
}

/// The longest buttons that there can be.
fn most() -> [Button; 3] {
    let ids = (0..100).map(|number| FindingId::new(format!("f-{number:016x}"))).collect();
    [
        Button::Acknowledge(ids),
        Button::Approve("x".repeat(80).as_str().into()),
        Button::Pause("w".repeat(80).as_str().into()),
    ]
}

#[test]
fn buttons_stand_before_the_last_line_and_only_where_they_are_asked_for() {
    let report = fixtures::report(vec![fixtures::finding("event-interactive-session", "i-0aa", "session")]);
    let notice = &notices(&report)[0];
    assert!(!slack_message(notice).to_string().contains("actions"));
    let message = slack_root(notice, "New", &crate::report::press::buttons_of(notice));
    check(&message);
    let blocks = message["blocks"].as_array().unwrap();
    assert_eq!(blocks.last().unwrap()["type"], "context");
    insta::assert_json_snapshot!(blocks[blocks.len() - 2], @r#"
    {
      "block_id": "cattleguard",
      "elements": [
        {
          "action_id": "cattleguard.acknowledge",
          "text": {
            "emoji": false,
            "text": "Acknowledge",
            "type": "plain_text"
          },
          "type": "button",
          "value": "1:f-602af4afd914bae4"
        },
        {
          "action_id": "cattleguard.pause",
          "confirm": {
            "confirm": {
              "emoji": false,
              "text": "Pause",
              "type": "plain_text"
            },
            "deny": {
              "emoji": false,
              "text": "Cancel",
              "type": "plain_text"
            },
            "style": "danger",
            "text": {
              "emoji": false,
              "text": "Nothing is quarantined or replaced in fleet web until somebody runs 'cattleguard resume'. Scans and alerts go on.",
              "type": "plain_text"
            },
            "title": {
              "emoji": false,
              "text": "Pause enforcement?",
              "type": "plain_text"
            }
          },
          "style": "danger",
          "text": {
            "emoji": false,
            "text": "Pause fleet",
            "type": "plain_text"
          },
          "type": "button",
          "value": "1:web"
        }
      ],
      "type": "actions"
    }
    "#);
    let plan = Button::Approve("blake3:0011".into());
    let message = slack_root(notice, "Waits for approval", &[plan]);
    insta::assert_json_snapshot!(message["blocks"][blocks.len() - 2], @r#"
    {
      "block_id": "cattleguard",
      "elements": [
        {
          "action_id": "cattleguard.approve",
          "confirm": {
            "confirm": {
              "emoji": false,
              "text": "Approve",
              "type": "plain_text"
            },
            "deny": {
              "emoji": false,
              "text": "Cancel",
              "type": "plain_text"
            },
            "style": "primary",
            "text": {
              "emoji": false,
              "text": "Plan blake3:0011 is approved as a whole, with everything else that waits in it; here it is about 1 instance. 'cattleguard plan' shows it.",
              "type": "plain_text"
            },
            "title": {
              "emoji": false,
              "text": "Approve this plan?",
              "type": "plain_text"
            }
          },
          "style": "primary",
          "text": {
            "emoji": false,
            "text": "Approve",
            "type": "plain_text"
          },
          "type": "button",
          "value": "1:blake3:0011"
        }
      ],
      "type": "actions"
    }
    "#);
}

#[test]
fn the_worst_hostile_notice_stays_within_the_limits() {
    let nasty = "<!channel>`*@here\u{202e}\u{1b}[2J&<http://evil.example|ok>".repeat(200);
    let mut findings = Vec::new();
    for number in 0..60 {
        let mut finding = fixtures::finding("config-user-data", &format!("i-{number}"), "userdata");
        finding.summary = nasty.clone();
        finding.expected = json!(nasty);
        finding.actual = json!([nasty, nasty]);
        let by = &mut finding.attribution[0];
        by.display = nasty.clone();
        by.principal = nasty.clone();
        by.event_name = nasty.clone();
        by.because = nasty.clone();
        by.execution = Some(nasty.clone());
        by.source_ip = Some(nasty.clone());
        finding.severity = Severity::Critical;
        findings.push(finding);
    }
    let mut report = fixtures::report(findings);
    for result in &mut report.instances {
        if let Some(decision) = &mut result.decision {
            decision.reasons = vec![nasty.clone(); 20];
            decision.capped_by = Some(nasty.clone());
        }
    }
    let mut held = fixtures::held("i-0");
    held.gates = vec![held.gates[2].clone(); 15];
    held.gates.iter_mut().for_each(|gate| gate.reason.clone_from(&nasty));
    report.plan.held.push(held);
    report.plan.frozen.push(("web".into(), nasty.clone()));
    let frozen = notices(&report);
    report.plan.frozen.clear();
    for notice in frozen.into_iter().chain(notices(&report)) {
        let message = slack_message(&notice);
        check(&message);
        assert!(message["blocks"].as_array().unwrap().len() >= 4, "something of it is shown");
        let message = slack_root(&notice, &nasty, &most());
        check(&message);
        let blocks = message["blocks"].as_array().unwrap();
        assert!(blocks.len() >= 5, "something of it is shown beside the buttons");
        assert_eq!(blocks[blocks.len() - 2]["elements"].as_array().unwrap().len(), 3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_anywhere_stays_within_the_limits(
        text in "(\\PC|[<>&`*_~@|\\n\\x1b]|@here|<!channel>){0,400}",
        findings in 1_usize..40,
        lines in 0_usize..60,
    ) {
        let report = fixtures::report(vec![fixtures::finding("config-user-data", "i-1", "x")]);
        let mut notice = notices(&report).remove(0);
        notice.title = text.clone();
        notice.group.fleet = Some(text.as_str().into());
        notice.lines = vec![text.clone(); lines];
        let finding = &mut notice.findings[0];
        finding.id = FindingId::new(&text);
        finding.instance = text.as_str().into();
        finding.summary = text.clone();
        finding.expected = text.clone();
        finding.next = text.clone();
        finding.held = vec![text.clone(); 15];
        finding.policy = vec![text.clone(); 15];
        finding.who.as_mut().unwrap().display = text;
        notice.findings = vec![notice.findings[0].clone(); findings];
        notice.totals.findings = findings as u64;
        check(&slack_message(&notice));
        check(&slack_root(&notice, "New", &most()));
    }
}

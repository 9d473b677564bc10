//! A notice as an Adaptive Card for a Microsoft Teams channel, behind a Workflows webhook.
//!
//! Limits: 28 kB a message ("Format cards in Microsoft Teams" and "Limits and specifications"). A text block shows a
//! part of Markdown, and evaluates `{{DATE(…)}}` and `{{TIME(…)}}` ("Text features", adaptivecards.io).

use serde_json::{Value, json};

use super::story::{Item, story};
use crate::report::notice::{Notice, NoticeKind};
use crate::report::text::clean;
use crate::types::Severity;

/// What is sent at most.
pub const BODY_BYTES: usize = 25_000;

/// The body of the request.
pub fn teams_message(notice: &Notice) -> Vec<u8> {
    let told = story(notice);
    let mut blocks = vec![
        json!({"type": "TextBlock", "size": "Large", "weight": "Bolder", "wrap": true, "color": colour(notice),
               "text": inert(&told.headline)}),
        facts(&told.facts),
    ];
    let lines: Vec<String> = told.lines.iter().take(25).map(|line| inert(line)).collect();
    blocks.extend(lines.iter().map(|line| json!({"type": "TextBlock", "wrap": true, "text": line})));
    let closing: Vec<String> = told.source.iter().map(|(name, value)| format!("{name} {}", inert(value))).collect();
    let source =
        json!({"type": "TextBlock", "isSubtle": true, "size": "Small", "wrap": true, "text": closing.join(" · ")});
    let mut shown = told.items.len();
    loop {
        let mut body = blocks.clone();
        body.extend(told.items.iter().take(shown).map(item));
        let cut = (shown < told.items.len()).then(|| format!("and {} more", told.items.len() - shown));
        if let Some(more) = told.more.as_ref().or(cut.as_ref()) {
            body.push(json!({"type": "TextBlock", "wrap": true, "text": inert(more)}));
        }
        body.push(source.clone());
        let message = serde_json::to_vec(&message(body)).unwrap_or_default();
        if message.len() <= BODY_BYTES || shown == 0 && blocks.len() <= 2 {
            return message;
        }
        // Findings go first, then details; headline and facts stay.
        if shown > 0 {
            shown -= 1;
        } else {
            blocks.pop();
        }
    }
}

fn message(body: Vec<Value>) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": {"width": "Full"},
                "body": body,
            },
        }],
    })
}

fn facts(rows: &[(&'static str, String)]) -> Value {
    let facts: Vec<Value> = rows.iter().map(|(name, value)| json!({"title": name, "value": inert(value)})).collect();
    json!({"type": "FactSet", "facts": facts})
}

fn item(item: &Item) -> Value {
    json!({
        "type": "Container", "style": "emphasis", "separator": true,
        "items": [
            {"type": "TextBlock", "weight": "Bolder", "wrap": true, "text": inert(&item.title)},
            facts(&item.rows),
        ],
    })
}

fn colour(notice: &Notice) -> &'static str {
    match (notice.kind, notice.severity) {
        (
            NoticeKind::Resolved
            | NoticeKind::CoverageRestored
            | NoticeKind::AnchorRestored
            | NoticeKind::DeliveryRestored
            | NoticeKind::OperationDone,
            _,
        ) => "Good",
        (_, Severity::Critical | Severity::High) => "Attention",
        (_, Severity::Medium) => "Warning",
        _ => "Default",
    }
}

/// Untrusted text without what a card acts on: Markdown, and the functions in double braces. Look-alikes keep names
/// readable.
fn inert(text: &str) -> String {
    let text = clean(text, 1000);
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let inside_word = before.is_alphanumeric() && rest.peek().is_some_and(|next| next.is_alphanumeric());
        let at_start = out.trim_start().is_empty();
        out.push(match c {
            '*' => '∗',
            '~' => '∼',
            '`' => '\'',
            '[' => '［',
            ']' => '］',
            '<' => '‹',
            '>' => '›',
            '\\' => '＼',
            '{' => '｛',
            '}' => '｝',
            '_' if !inside_word => 'ˍ',
            // A list or a heading begins a line only.
            '#' if at_start => '＃',
            '-' | '+' if at_start => '–',
            c => c,
        });
        before = c;
    }
    // A number and a dot begin a list, too.
    let digits = out.chars().take_while(char::is_ascii_digit).count();
    if digits > 0 && out.get(digits..).is_some_and(|rest| rest.starts_with(". ")) {
        out.replace_range(digits..=digits, "․");
    }
    // Two schemes that a client turns into links by itself are left: they show where they lead.
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn a_card_says_what_who_policy_and_next() {
        let notice = fixtures::notice(vec![fixtures::finding("event-ssh-key-pushed", "i-0aa", "key")]);
        let body: Value = serde_json::from_slice(&teams_message(&notice)).unwrap();
        insta::assert_json_snapshot!(body);
    }

    #[test]
    fn markdown_and_functions_are_inert() {
        assert_eq!(
            inert("[click](http://x) **bold** {{DATE(2026-01-01)}} <at>all</at> a_b _c_"),
            "［click］(http://x) ∗∗bold∗∗ ｛｛DATE(2026-01-01)｝｝ ‹at›all‹/at› a_b ˍcˍ"
        );
        assert_eq!(inert("# head"), "＃ head");
        assert_eq!(inert("- item"), "– item");
        assert_eq!(inert("12. item"), "12․ item");
        assert_eq!(inert("10.0.0.1 stays"), "10.0.0.1 stays");
    }

    #[test]
    fn the_worst_notice_keeps_the_limit() {
        let body = teams_message(&fixtures::worst_notice());
        assert!(body.len() <= BODY_BYTES, "{}", body.len());
        let text = String::from_utf8(body).unwrap();
        assert!(!text.contains("<at>") && !text.contains("](") && !text.contains("{{"), "{text}");
    }
}

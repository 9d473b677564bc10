//! A notice as a Slack message (Block Kit).
//!
//! Limits, from Slack's Block Kit reference: 50 blocks a message, 3,000 characters a section, 150 a header. The
//! total is undocumented; Slack refuses messages somewhat above 13,000 characters (`msg_blocks_too_long`), so we
//! stay below 12,000.

use serde_json::{Value, json};

use super::mrkdwn::{calm, code, prose};
use super::parts::{arrow, count, mfa_phrase, time};
use super::slack_buttons;
use super::story::state_word;
use crate::report::notice::{Notice, NoticeActor, NoticeFinding, NoticeKind, SharedChange};
use crate::report::press::Button;
use crate::report::text::clean;

/// Characters of a header.
pub const HEADER_CHARS: usize = 150;
/// Characters of a section.
pub const SECTION_CHARS: usize = 3000;
/// Blocks of a message.
pub const MAX_BLOCKS: usize = 50;
/// Characters of a whole message, counted over its JSON.
pub const TOTAL_CHARS: usize = 12_000;

/// Kept free for the closing lines.
const RESERVED_CHARS: usize = 1500;
/// Characters of a state: a word, or who approved.
const STATE_CHARS: usize = 160;
/// Lines of details shown.
const LINES: usize = 25;

/// The body of the webhook request.
pub fn slack_message(notice: &Notice) -> Value {
    message(notice, state_word(notice), &[], true)
}

/// A step that is told below the message of its problem, which shows what changed: what only moves its state does not say
/// it again.
pub fn slack_reply(notice: &Notice) -> Value {
    let only_moves = matches!(notice.kind, NoticeKind::Acknowledged | NoticeKind::Resolved);
    message(notice, state_word(notice), &[], !only_moves)
}

/// A sentence of ours that may hold untrusted words, as a message of its own.
pub(crate) fn slack_text(text: &str, max: usize) -> String {
    prose(text, max)
}

/// The message that stands for a problem: its last notice, with the state that it has come to since, and what a person
/// can do about it.
pub fn slack_root(notice: &Notice, state: &str, buttons: &[Button]) -> Value {
    message(notice, state, buttons, true)
}

fn message(notice: &Notice, state: &str, buttons: &[Button], details: bool) -> Value {
    let headline = headline(notice);
    let buttons = slack_buttons::block(notice, buttons);
    let mut message = Message::new(&headline, buttons.as_ref());
    message.push(json!({"type": "header", "text": {"type": "plain_text", "text": headline, "emoji": false}}));
    message.push(overview(notice, state));
    // Slack refuses a section without text.
    let lines = notice.lines.iter().take(LINES).map(|line| prose(line, 400));
    let lines: Vec<_> = lines.filter(|line| !line.trim().is_empty()).collect();
    if !lines.is_empty() {
        message.push(section(&lines.join("\n")));
    }
    for shared in notice.shared.iter().filter(|_| details) {
        message.push(section(&shared_text(shared)));
    }
    let mut shown = 0;
    for finding in notice.findings.iter().filter(|_| details) {
        if !message.push(section(&finding_text(finding))) {
            break;
        }
        shown += 1;
    }
    message.close(notice, shown, if details { shown } else { notice.findings.len() }, buttons);
    message.into_value()
}

fn headline(notice: &Notice) -> String {
    // Shown in a header as it is, and once more as the fallback text, where backticks would format.
    clean(&calm(&super::story::headline(notice)).replace('`', "'"), HEADER_CHARS)
}

/// A message under construction, with what room is left.
struct Message {
    text: String,
    blocks: Vec<Value>,
    used: usize,
    /// Blocks that come last.
    closing: usize,
}

impl Message {
    /// Room for the buttons is kept from the beginning: a message without some details is better than one that nobody
    /// can answer.
    fn new(headline: &str, buttons: Option<&Value>) -> Self {
        let text = prose(headline, HEADER_CHARS);
        // The frame of the message: its keys and the fallback text.
        let used = 200 + size(&json!(text)) + buttons.map_or(0, size);
        Self { text, blocks: Vec::new(), used, closing: 2 + usize::from(buttons.is_some()) }
    }

    /// Adds a block where it fits and leaves room for the closing ones; says whether it did.
    fn push(&mut self, block: Value) -> bool {
        let fits = self.blocks.len() + 1 + self.closing <= MAX_BLOCKS
            && self.used + size(&block) + RESERVED_CHARS <= TOTAL_CHARS;
        if fits {
            self.add(block);
        }
        fits
    }

    fn add(&mut self, block: Value) {
        self.used += size(&block) + 1;
        self.blocks.push(block);
    }

    fn close(&mut self, notice: &Notice, shown: usize, named: usize, buttons: Option<Value>) {
        let rest = notice.totals.findings.saturating_sub(shown as u64);
        if rest > 0 && shown > 0 {
            let more = format!("and {} more; `cattleguard findings list` shows them all", count(rest, "finding"));
            self.add(section(&more));
        }
        // Counted from the beginning.
        self.blocks.extend(buttons);
        let mut context = String::new();
        for finding in notice.findings.iter().take(named) {
            let id = clean(finding.id.as_str(), 40);
            if context.len() < 400 {
                context.push_str(&format!("{} ", code(&id, 40)));
            }
        }
        if let Some(scan) = &notice.scan_id {
            context.push_str(&format!("scan {} ", code(scan.as_str(), 60)));
        }
        context.push_str(&time(notice.time));
        if let Some(head) = &notice.audit {
            context.push_str(&format!(" audit {}", code(&head.to_string(), 100)));
        }
        self.add(json!({"type": "context", "elements": [{"type": "mrkdwn", "text": context, "verbatim": true}]}));
    }

    fn into_value(self) -> Value {
        json!({"text": self.text, "blocks": self.blocks, "unfurl_links": false, "unfurl_media": false})
    }
}

/// Characters of a value as it is sent.
fn size(value: &Value) -> usize {
    value.to_string().chars().count()
}

/// `verbatim` keeps Slack from turning names and addresses into links and mentions.
fn section(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": bounded(text), "verbatim": true}})
}

/// Cuts at a line end where the limit is met: never inside an escape or a code span.
fn bounded(text: &str) -> String {
    let mut out = String::new();
    let mut used = 0;
    for line in text.lines() {
        let length = line.chars().count() + 1;
        if used + length + 2 > SECTION_CHARS {
            out.push_str("\n…");
            break;
        }
        if used > 0 {
            out.push('\n');
        }
        out.push_str(line);
        used += length;
    }
    out
}

fn overview(notice: &Notice, state: &str) -> Value {
    let fleet = notice.group.fleet.as_ref().map_or_else(|| "none".to_owned(), |fleet| code(fleet.as_str(), 80));
    let mut fields = vec![
        field("Fleet", &fleet),
        field("Severity", notice.severity.as_str()),
        field("State", &prose(state, STATE_CHARS)),
    ];
    if let Some(operation) = &notice.operation {
        let made = operation.replacement.as_ref().map_or(String::new(), |id| format!(" → {}", code(id.as_str(), 40)));
        let place = format!("{}/{}", operation.account, operation.region);
        fields.push(field("Instance", &format!("{}{made}", code(operation.instance.as_str(), 40))));
        fields.push(field("Account and region", &code(&place, 60)));
    }
    let totals = notice.totals;
    if totals.instances > 0 && notice.operation.is_none() {
        let findings = count(totals.findings, "finding");
        let on = count(totals.instances, "instance");
        fields.push(field("Extent", &if totals.findings > 0 { format!("{findings} on {on}") } else { on }));
    }
    if notice.kind == NoticeKind::Update && (totals.added > 0 || totals.gone > 0) {
        fields.push(field("Since last told", &format!("{} new, {} gone", totals.added, totals.gone)));
    }
    json!({"type": "section", "fields": fields})
}

fn field(name: &str, value: &str) -> Value {
    json!({"type": "mrkdwn", "text": format!("*{name}*\n{value}"), "verbatim": true})
}

fn change_text(expected: &str, actual: &str) -> String {
    // Code spans around each side; the arrow between them is ours.
    let (expected, actual) = (code(expected, 160), code(actual, 160));
    let change = arrow(&expected, &actual);
    if change.is_empty() { change } else { format!("\n{change}") }
}

fn finding_text(finding: &NoticeFinding) -> String {
    let place = format!("{}/{}", finding.account, finding.region);
    let mut text = format!(
        "*What changed* on {} in {} ({})\n{}: {}{}",
        code(finding.instance.as_str(), 40),
        code(&place, 60),
        finding.severity,
        code(finding.code.as_str(), 60),
        prose(&finding.summary, 240),
        change_text(&finding.expected, &finding.actual),
    );
    text.push_str(&who_text(finding.who.as_ref()));
    if !finding.policy.is_empty() {
        text.push_str("\n*Policy*");
        for line in finding.policy.iter().take(5) {
            text.push_str(&format!("\n• {}", prose(line, 200)));
        }
    }
    if !finding.next.is_empty() {
        text.push_str(&format!("\n*Next* {}", prose(&finding.next, 160)));
    }
    if !finding.held.is_empty() {
        text.push_str("\n*Held by*");
        for line in finding.held.iter().take(5) {
            text.push_str(&format!("\n• {}", prose(line, 240)));
        }
    }
    text
}

fn who_text(who: Option<&NoticeActor>) -> String {
    let Some(who) = who else { return format!("\n*Who* {}", super::parts::NOBODY) };
    let NoticeActor { display, principal, source_ip, mfa, event_name, event_id, event_time, execution, because } = who;
    let from = source_ip.as_deref().map_or(String::new(), |ip| format!(" from {}", code(ip, 80)));
    let session = execution.as_deref().map_or(String::new(), |id| format!(", session {}", code(id, 120)));
    let mut text = format!(
        "\n*Who* {} called {}{from}, {}, at {}, event {}{session}",
        code(display, 120),
        code(event_name, 80),
        mfa_phrase(*mfa),
        time(*event_time),
        code(event_id.as_str(), 60),
    );
    text.push_str(&format!("\n{}", code(principal, 200)));
    if !because.is_empty() {
        text.push_str(&format!(" ({})", prose(because, 160)));
    }
    text
}

fn shared_text(shared: &SharedChange) -> String {
    let SharedChange { fingerprint, code: finding_code, summary, expected, actual, instances, who } = shared;
    format!(
        "*In common* on {}\n{}: {}{}{}\nfingerprint {}",
        count(*instances, "instance"),
        code(finding_code.as_str(), 60),
        prose(summary, 240),
        change_text(expected, actual),
        who_text(who.as_ref()),
        code(fingerprint, 64),
    )
}

#[cfg(test)]
#[path = "slack_tests.rs"]
mod tests;

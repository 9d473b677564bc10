//! A notice as plain words in an order that every medium shares: headline, facts, lines, and one item for each
//! finding. Nothing in it is markup; each medium escapes for itself.

use super::parts::{NOBODY, arrow, count, mfa_phrase, time};
use crate::report::notice::{Notice, NoticeActor, NoticeFinding, NoticeKind, SharedChange};
use crate::report::text::clean;

/// Characters of a headline.
const HEADLINE: usize = 160;

/// A notice in words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    /// Severity and title.
    pub(crate) headline: String,
    /// Name and value.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// Details that are not findings.
    pub(crate) lines: Vec<String>,
    /// One for each shared change and listed finding.
    pub(crate) items: Vec<Item>,
    /// What is not listed.
    pub(crate) more: Option<String>,
    /// Where it comes from: scan, time, audit log.
    pub(crate) source: Vec<(&'static str, String)>,
}

/// One finding in words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Item {
    /// What it is about.
    pub(crate) title: String,
    /// Name and value.
    pub(crate) rows: Vec<(&'static str, String)>,
}

/// Tells a notice.
pub(crate) fn story(notice: &Notice) -> Story {
    let mut items: Vec<Item> = notice.shared.iter().map(shared).collect();
    items.extend(notice.findings.iter().map(finding));
    let rest = notice.totals.findings.saturating_sub(notice.findings.len() as u64);
    Story {
        headline: headline(notice),
        facts: facts(notice),
        lines: notice.lines.iter().map(|line| clean(line, 400)).collect(),
        items,
        more: more(notice, rest),
        source: source(notice),
    }
}

/// What follows the listed findings when `rest` of them are not.
pub(crate) fn more(notice: &Notice, rest: u64) -> Option<String> {
    let listed = !notice.findings.is_empty() && rest > 0;
    listed.then(|| format!("and {}: `cattleguard findings list` shows them all", count(rest, "more finding")))
}

/// Severity, where it says something, and title.
pub(crate) fn headline(notice: &Notice) -> String {
    let level = match notice.kind {
        NoticeKind::Test
        | NoticeKind::Resolved
        | NoticeKind::CoverageRestored
        | NoticeKind::AnchorRestored
        | NoticeKind::DeliveryRestored
        | NoticeKind::Reattributed
        | NoticeKind::Acknowledged
        | NoticeKind::OperationStarted
        | NoticeKind::OperationDone
        | NoticeKind::DigestEnding
        | NoticeKind::ApprovalEnded => String::new(),
        _ => format!("{} · ", notice.severity.as_str().to_uppercase()),
    };
    clean(&format!("{level}{}", notice.title), HEADLINE)
}

/// The state of a problem, in the word that people see.
pub(crate) fn state_word(notice: &Notice) -> &'static str {
    use NoticeKind as Kind;
    let operation = notice.operation.as_ref().map(|operation| operation.kind.as_str());
    let back = notice.operation.as_ref().is_some_and(|operation| operation.status == "rolled-back");
    match (notice.kind, operation) {
        (Kind::OperationDone, _) if back => "Undone",
        (Kind::New, _) => "New",
        (Kind::Update, _) => "Changed",
        (Kind::Repeat, _) => "Still open",
        (Kind::Acknowledged, _) => "Acknowledged",
        (Kind::Flapping, _) => "Flapping",
        (Kind::Resolved, _) => "Resolved",
        (Kind::Reattributed, _) => "Explained",
        (Kind::MassDrift, _) => "Frozen",
        (Kind::Digest, _) => "Many at once",
        (Kind::DigestEnding, _) => "Fewer now",
        (Kind::CoverageLost, _) => "Not seen",
        (Kind::CoverageRestored, _) => "Seen again",
        (Kind::PolicyError, _) => "Policy fails",
        (Kind::OperationStarted, Some("quarantine")) => "Quarantining",
        (Kind::OperationStarted, Some("replace")) => "Replacing",
        (Kind::OperationStarted, Some("release")) => "Releasing",
        (Kind::OperationStarted, _) => "Undoing",
        (Kind::OperationDone, Some("quarantine")) => "Quarantined",
        (Kind::OperationDone, Some("replace")) => "Replaced",
        (Kind::OperationDone, Some("release")) => "Released",
        (Kind::OperationDone, _) => "Undone",
        (Kind::OperationFailed, _) => "Needs a person",
        (Kind::ApprovalWanted, _) => "Waits for approval",
        (Kind::ApprovalEnded, _) => "Waits no more",
        (Kind::ExceptionEnding, _) => "Ends soon",
        (Kind::ExceptionEnded, _) => "Ended",
        (Kind::Test, _) => "Test",
        (Kind::DeadLetter, _) => "Not delivered",
        (Kind::DeliveryRestored, _) => "Delivered again",
        (Kind::AnchorFailed, _) => "Not anchored",
        (Kind::AnchorRestored, _) => "Anchored again",
    }
}

fn facts(notice: &Notice) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("Fleet", notice.group.fleet.as_ref().map_or_else(|| "none".to_owned(), |fleet| clean(fleet.as_str(), 80))),
        ("Severity", notice.severity.to_string()),
        ("State", state_word(notice).to_owned()),
    ];
    if let Some(operation) = &notice.operation {
        let made = operation.replacement.as_ref().map_or(String::new(), |id| format!(" → {}", clean(id.as_str(), 40)));
        facts.push(("Instance", format!("{}{made}", clean(operation.instance.as_str(), 40))));
        facts.push(("Account and region", clean(&format!("{}/{}", operation.account, operation.region), 60)));
    }
    let totals = notice.totals;
    if totals.instances > 0 && notice.operation.is_none() {
        let (findings, on) = (count(totals.findings, "finding"), count(totals.instances, "instance"));
        facts.push(("Extent", if totals.findings > 0 { format!("{findings} on {on}") } else { on }));
    }
    if notice.kind == NoticeKind::Update && (totals.added > 0 || totals.gone > 0) {
        facts.push(("Since last told", format!("{} new, {} gone", totals.added, totals.gone)));
    }
    facts
}

fn finding(finding: &NoticeFinding) -> Item {
    let id = clean(finding.instance.as_str(), 40);
    let place = clean(&format!("{}/{}", finding.account, finding.region), 60);
    let code = clean(finding.code.as_str(), 60);
    let mut rows = vec![("What changed", what(&finding.summary, &finding.expected, &finding.actual))];
    rows.push(("Who", who(finding.who.as_ref())));
    let list = |lines: &[String], most: usize, max: usize| {
        lines.iter().take(most).map(|line| clean(line, max)).collect::<Vec<_>>().join("; ")
    };
    if !finding.policy.is_empty() {
        rows.push(("Policy", list(&finding.policy, 5, 200)));
    }
    if !finding.next.is_empty() {
        rows.push(("Next", clean(&finding.next, 160)));
    }
    if !finding.held.is_empty() {
        rows.push(("Held by", list(&finding.held, 5, 240)));
    }
    rows.push(("Evidence", format!("finding {}, since {}", clean(finding.id.as_str(), 40), time(finding.first_seen))));
    Item { title: format!("{code} on {id} in {place} ({})", finding.severity), rows }
}

fn what(summary: &str, expected: &str, actual: &str) -> String {
    let change = arrow(&clean(expected, 160), &clean(actual, 160));
    let summary = clean(summary, 240);
    if change.is_empty() { summary } else { format!("{summary}: {change}") }
}

fn who(who: Option<&NoticeActor>) -> String {
    let Some(who) = who else { return NOBODY.to_owned() };
    let NoticeActor { display, principal, source_ip, mfa, event_name, event_id, event_time, execution, because } = who;
    let from = source_ip.as_deref().map_or(String::new(), |ip| format!(" from {}", clean(ip, 80)));
    let session = execution.as_deref().map_or(String::new(), |id| format!(", session {}", clean(id, 120)));
    let because = if because.is_empty() { String::new() } else { format!(" ({})", clean(because, 160)) };
    format!(
        "{} called {}{from}, {}, at {}, event {}{session}, as {}{because}",
        clean(display, 120),
        clean(event_name, 80),
        mfa_phrase(*mfa),
        time(*event_time),
        clean(event_id.as_str(), 60),
        clean(principal, 200),
    )
}

fn shared(shared: &SharedChange) -> Item {
    let SharedChange { fingerprint, code, summary, expected, actual, instances, who: by } = shared;
    let rows = vec![
        ("What changed", what(summary, expected, actual)),
        ("Who", who(by.as_ref())),
        ("Evidence", format!("fingerprint {}", clean(fingerprint, 64))),
    ];
    Item { title: format!("In common on {}: {}", count(*instances, "instance"), clean(code.as_str(), 60)), rows }
}

fn source(notice: &Notice) -> Vec<(&'static str, String)> {
    let mut source = vec![("Time", time(notice.time))];
    if let Some(scan) = &notice.scan_id {
        source.push(("Scan", clean(scan.as_str(), 60)));
    }
    if let Some(head) = &notice.audit {
        source.push(("Audit log", clean(&head.to_string(), 100)));
    }
    source
}

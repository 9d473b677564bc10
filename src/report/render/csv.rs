//! Tables for spreadsheets: RFC 4180, with formulas defused.

use csv::{QuoteStyle, Terminator, WriterBuilder};

use crate::report::listing::Listing;
use crate::report::text::clean;
use crate::store::InstanceResult;
use crate::types::{Coverage, CoverageStatus, Exception, Finding, FindingStatus};

/// Longest cell: beyond 32,767 characters a spreadsheet cuts (Microsoft, "Excel specifications and limits").
const CELL: usize = 2_000;

/// Columns of findings.
const FINDINGS: [&str; 24] = [
    "id",
    "code",
    "severity",
    "status",
    "instance",
    "account",
    "region",
    "fleet",
    "golden",
    "summary",
    "subject",
    "expected",
    "actual",
    "who",
    "principal",
    "event",
    "event_time",
    "event_id",
    "source_ip",
    "first_seen",
    "last_seen",
    "times_seen",
    "exception",
    "fingerprint",
];

/// One line a finding.
pub fn findings_csv(listing: &Listing) -> String {
    table(&FINDINGS, listing.findings.iter().map(finding))
}

/// The same with the status of the findings when the file was made, one for each, beside that of the period.
pub fn findings_of_period_csv(listing: &Listing, at_export: &[FindingStatus]) -> String {
    let mut head = FINDINGS.to_vec();
    head.push("status_at_export");
    let rows = listing.findings.iter().zip(at_export).map(|(one, status)| {
        let mut row = finding(one).to_vec();
        row.push(status.to_string());
        row
    });
    rows_of(&head, rows)
}

/// One line a server.
pub fn instances_csv(listing: &Listing) -> String {
    let head = [
        "instance", "account", "region", "name", "fleet", "golden", "image", "type", "state", "born_at", "verdict",
        "action", "severity", "findings", "reasons", "controls",
    ];
    table(&head, listing.results.iter().map(instance))
}

/// One line for each source of each place.
pub fn coverage_csv(coverage: &[Coverage]) -> String {
    let head = ["account", "region", "source", "status", "through", "api", "denied", "reason"];
    table(&head, coverage.iter().map(coverage_row))
}

/// One line an exception.
pub fn exceptions_csv(exceptions: &[Exception]) -> String {
    let head = [
        "id",
        "fleet",
        "account",
        "instance",
        "code",
        "fingerprint",
        "subject",
        "path",
        "reason",
        "ticket",
        "approver",
        "created_at",
        "expires_at",
    ];
    table(&head, exceptions.iter().map(exception_row))
}

/// Any table. Every cell is cleaned, bounded and defused.
pub fn table<const N: usize>(head: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    rows_of(head, rows)
}

fn rows_of<R: AsRef<[String]>>(head: &[&str], rows: impl Iterator<Item = R>) -> String {
    let mut writer =
        WriterBuilder::new().terminator(Terminator::CRLF).quote_style(QuoteStyle::Necessary).from_writer(Vec::new());
    // Writing into memory cannot fail, and every record has as many fields as the head.
    let _ = writer.write_record(head);
    for row in rows {
        let _ = writer.write_record(row.as_ref().iter().map(|cell| defused(cell)));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// A cell that no spreadsheet runs: text that begins like a formula gets a `'` in front (OWASP, "CSV Injection"). Full-width
/// forms count too, because some programs fold them.
fn defused(cell: &str) -> String {
    let text = clean(cell, CELL);
    let runs = text.trim_start().starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠']);
    if runs { format!("'{text}") } else { text }
}

fn text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn or_empty(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn finding(finding: &Finding) -> [String; 24] {
    let by = finding.attribution.first();
    let of = |get: fn(&crate::types::Attribution) -> String| by.map(get).unwrap_or_default();
    [
        finding.id.to_string(),
        finding.code.to_string(),
        finding.severity.to_string(),
        finding.status.to_string(),
        finding.instance.to_string(),
        finding.account.to_string(),
        finding.region.to_string(),
        or_empty(finding.fleet.as_ref()),
        or_empty(finding.golden.as_ref()),
        finding.summary.clone(),
        finding.subject.clone(),
        text(&finding.expected),
        text(&finding.actual),
        of(|by| by.display.clone()),
        of(|by| by.principal.clone()),
        of(|by| by.event_name.clone()),
        of(|by| by.event_time.to_string()),
        of(|by| by.event_id.to_string()),
        of(|by| by.source_ip.clone().unwrap_or_default()),
        finding.first_seen.to_string(),
        finding.last_seen.to_string(),
        finding.times_seen.to_string(),
        or_empty(finding.exception.as_ref()),
        finding.fingerprint.clone(),
    ]
}

fn instance(result: &InstanceResult) -> [String; 16] {
    let instance = &result.instance;
    let decision = result.decision.as_ref();
    let reasons: Vec<&str> = result.reasons.iter().map(|reason| reason.reason.as_str()).collect();
    [
        instance.id.to_string(),
        instance.account.to_string(),
        instance.region.to_string(),
        or_empty(instance.tags.get("Name")),
        or_empty(result.fleet.as_ref()),
        or_empty(result.golden.as_ref()),
        instance.image.to_string(),
        instance.instance_type.clone(),
        instance.state.clone(),
        instance.born_at().to_string(),
        result.verdict.to_string(),
        or_empty(decision.map(|decision| &decision.action)),
        or_empty(decision.map(|decision| &decision.severity)),
        result.findings.len().to_string(),
        reasons.join("; "),
        decision.map(|decision| decision.controls.join(" ")).unwrap_or_default(),
    ]
}

/// The name of a status.
pub(crate) fn coverage_word(status: CoverageStatus) -> &'static str {
    match status {
        CoverageStatus::Complete => "complete",
        CoverageStatus::Partial => "partial",
        CoverageStatus::Failed => "failed",
    }
}

fn coverage_row(entry: &Coverage) -> [String; 8] {
    let Coverage { account, region, source, status, through, reason, api, denied } = entry;
    [
        account.to_string(),
        region.to_string(),
        source.as_str().to_owned(),
        coverage_word(*status).to_owned(),
        or_empty(through.as_ref()),
        or_empty(api.as_ref()),
        denied.to_string(),
        or_empty(reason.as_ref()),
    ]
}

fn exception_row(exception: &Exception) -> [String; 13] {
    let Exception {
        id,
        fleet,
        account,
        instance,
        code,
        fingerprint,
        subject,
        path,
        reason,
        ticket,
        approver,
        created_at,
        expires_at,
    } = exception;
    [
        id.to_string(),
        or_empty(fleet.as_ref()),
        or_empty(account.as_ref()),
        or_empty(instance.as_ref()),
        or_empty(code.as_ref()),
        or_empty(fingerprint.as_ref()),
        or_empty(subject.as_ref()),
        or_empty(path.as_ref()),
        reason.clone(),
        ticket.clone(),
        approver.clone(),
        created_at.to_string(),
        expires_at.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text_and_quotes_are_doubled() {
        let rows = [
            ["=HYPERLINK(\"http://x\")".to_owned(), "a,b".to_owned()],
            [" +1".to_owned(), "line\nbreak\u{1b}[2J".to_owned()],
            ["-2".to_owned(), "plain - text".to_owned()],
        ];
        let text = table(&["one", "two"], rows.into_iter());
        assert_eq!(
            text,
            "one,two\r\n\"'=HYPERLINK(\"\"http://x\"\")\",\"a,b\"\r\n' +1,line break\r\n'-2,plain - text\r\n"
        );
    }
}

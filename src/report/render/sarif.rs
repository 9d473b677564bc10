//! Findings as SARIF 2.1.0 (OASIS standard of 2020), for code scanning and CI.
//!
//! A server is no source file: its place is a logical location, and only findings about files have a physical one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::scan_json::pretty;
use crate::detect::codes;
use crate::report::listing::Listing;
use crate::report::text::clean;
use crate::types::{Exception, Finding, FindingStatus, Severity};

/// The log.
pub fn sarif(listing: &Listing) -> String {
    let mut rules: BTreeMap<&str, usize> = listing.findings.iter().map(|finding| (finding.code.as_str(), 0)).collect();
    for (index, position) in rules.values_mut().enumerate() {
        *position = index;
    }
    let complete = listing.scan.coverage.iter().all(|entry| entry.status == crate::types::CoverageStatus::Complete);
    let notes: Vec<Value> = listing
        .scan
        .coverage
        .iter()
        .filter(|entry| entry.status != crate::types::CoverageStatus::Complete)
        .map(|entry| {
            let reason = clean(entry.reason.as_deref().unwrap_or("not read completely"), 300);
            let text = format!("{}/{} {}: {reason}", entry.account, entry.region, entry.source.as_str());
            json!({ "level": "error", "message": { "text": clean(&text, 400) } })
        })
        .collect();
    pretty(&json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cattleguard",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.keys().map(|code| rule(code)).collect::<Vec<_>>(),
            } },
            // What could not be seen must not pass for a good result.
            "invocations": [{
                "executionSuccessful": complete,
                "startTimeUtc": listing.scan.started_at.to_string(),
                "endTimeUtc": listing.scan.finished_at.to_string(),
                "toolExecutionNotifications": notes,
            }],
            "automationDetails": { "id": format!("cattleguard/{}", listing.scan.scan_id) },
            "columnKind": "utf16CodeUnits",
            "results": listing.findings.iter().map(|finding| result(finding, &rules, &listing.exceptions)).collect::<Vec<_>>(),
        }],
    }))
}

fn rule(code: &str) -> Value {
    let page = codes::page(code);
    let title = page.map_or(code, |page| page.title);
    let help =
        page.map_or_else(|| format!("cattleguard explain {code}"), |page| format!("{} {}", page.meaning, page.advice));
    json!({
        "id": clean(code, 80),
        "shortDescription": { "text": clean(title, 200) },
        "help": { "text": clean(&help, 1000) },
    })
}

fn result(finding: &Finding, rules: &BTreeMap<&str, usize>, exceptions: &[Exception]) -> Value {
    let arn = arn(finding);
    let mut location = json!({
        "logicalLocations": [{ "name": clean(finding.instance.as_str(), 60), "fullyQualifiedName": arn, "kind": "resource" }],
    });
    if finding.code.family() == "file" && finding.subject.starts_with('/') {
        location["physicalLocation"] = json!({ "artifactLocation": { "uri": file_uri(&finding.subject) } });
    }
    let mut value = json!({
        "ruleId": clean(finding.code.as_str(), 80),
        "ruleIndex": rules.get(finding.code.as_str()),
        "level": level(finding.severity),
        "message": { "text": message(finding) },
        "locations": [location],
        "partialFingerprints": { "cattleguardFinding/v1": finding.id, "cattleguardDrift/v1": finding.fingerprint },
        "occurrenceCount": finding.times_seen.max(1),
        "properties": {
            "severity": finding.severity, "status": finding.status, "fleet": finding.fleet, "golden": finding.golden,
            "firstSeen": finding.first_seen, "lastSeen": finding.last_seen,
        },
    });
    match finding.status {
        FindingStatus::Waived => value["suppressions"] = json!([suppression(finding, exceptions)]),
        FindingStatus::Resolved => value["baselineState"] = json!("absent"),
        FindingStatus::Open | FindingStatus::Acknowledged => {}
    }
    value
}

fn suppression(finding: &Finding, exceptions: &[Exception]) -> Value {
    let exception = exceptions.iter().find(|one| finding.exception.as_ref() == Some(&one.id));
    let why = exception.map_or_else(
        || "waived by an exception".to_owned(),
        |one| format!("{} ({}), approved by {} until {}", one.reason, one.ticket, one.approver, one.expires_at),
    );
    json!({ "kind": "external", "status": "accepted", "justification": clean(&why, 400) })
}

fn message(finding: &Finding) -> String {
    let change = super::parts::change(finding, 200);
    let who = finding.attribution.first().map_or_else(|| super::parts::NOBODY.to_owned(), super::parts::who);
    let change = if change.is_empty() { String::new() } else { format!(" ({change})") };
    format!("{}{change}. {who}", clean(&finding.summary, 300))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// ARN of the server in the partition of its region.
pub(super) fn arn(finding: &Finding) -> String {
    let partition = super::ocsf::partition(finding.region.as_str());
    let text = format!("arn:{partition}:ec2:{}:{}:instance/{}", finding.region, finding.account, finding.instance);
    clean(&text, 200)
}

/// A path as a relative reference, below the root of the server (RFC 3986: everything else is percent-encoded).
fn file_uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.trim_start_matches('/').bytes().take(1024) {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

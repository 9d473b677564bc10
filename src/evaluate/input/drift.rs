//! The findings of the instance, with who is behind each.

use jiff::Timestamp;
use serde_json::Value;

use super::members::{Members, age_s, bounded, list, ns, text};
use super::{InputFacts, MAX_FINDINGS, MAX_LIST};
use crate::types::{Attribution, Caller, Finding, FindingStatus};

/// Deepest nesting of `expected` and `actual` that is kept.
const MAX_VALUE_DEPTH: usize = 6;

pub(super) fn drift(facts: &InputFacts<'_>) -> Value {
    let mut findings: Vec<&Finding> =
        facts.findings.iter().copied().filter(|finding| finding.status != FindingStatus::Resolved).collect();
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
    let total = findings.len();
    let (items, truncated) = list(findings, MAX_FINDINGS, |item| finding(item, facts.now));
    Members::default().set("findings", items).set("total", total).set("truncated", truncated).value()
}

fn finding(finding: &Finding, now: Timestamp) -> Value {
    let (expected, cut_expected) = bounded(&finding.expected, MAX_VALUE_DEPTH);
    let (actual, cut_actual) = bounded(&finding.actual, MAX_VALUE_DEPTH);
    let (attribution, cut_attribution) = list(&finding.attribution, MAX_LIST, attribution);
    Members::default()
        .set("id", finding.id.as_str())
        .set("code", finding.code.as_str())
        .set("family", finding.code.family())
        .set("severity", finding.severity.as_str())
        .set("status", finding.status.as_str())
        .set("subject", text(&finding.subject))
        .set("summary", text(&finding.summary))
        .maybe("expected", (!expected.is_null()).then_some(expected))
        .maybe("actual", (!actual.is_null()).then_some(actual))
        .set("source", finding.source.as_str())
        .set("fingerprint", finding.fingerprint.as_str())
        .set("first_seen_ns", ns(finding.first_seen))
        .set("last_seen_ns", ns(finding.last_seen))
        .set("age_s", age_s(finding.first_seen, now))
        .set("times_seen", finding.times_seen)
        .set("attribution", attribution)
        .maybe("exception", finding.exception.as_ref().map(|id| id.as_str()))
        .set("truncated", cut_expected || cut_actual || cut_attribution)
        .value()
}

fn attribution(entry: &Attribution) -> Value {
    Members::default()
        .set("principal", text(&entry.principal))
        .set("display", text(&entry.display))
        .set("event_id", entry.event_id.as_str())
        .set("event_name", text(&entry.event_name))
        .set("event_time_ns", ns(entry.event_time))
        .maybe("source_ip", entry.source_ip.as_deref().map(text))
        .maybe("mfa", entry.mfa)
        .maybe("execution", entry.execution.as_deref().map(text))
        .set("because", text(&entry.because))
        .maybe("caller", entry.caller.as_ref().map(caller))
        .value()
}

fn caller(caller: &Caller) -> Value {
    let Caller { kind, issuer, session_name, source_identity, invoked_by, instance, reason } = caller;
    Members::default()
        .set("kind", kind.as_str())
        .maybe("issuer", issuer.as_deref().map(text))
        .maybe("session_name", session_name.as_deref().map(text))
        .maybe("source_identity", source_identity.as_deref().map(text))
        .maybe("invoked_by", invoked_by.as_deref().map(text))
        .maybe("instance", instance.as_ref().map(|id| id.as_str()))
        .maybe("reason", reason.as_deref().map(text))
        .value()
}

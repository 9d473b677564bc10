//! Phrases that several renderers share, so that a thing is said in the same words everywhere.

use jiff::Timestamp;

use crate::remediate::{OperationRecord, OperationStatus};
use crate::report::text::{clean, short};
use crate::report::view::View;
use crate::types::{
    Action, Attribution, Decision, DecisionStatus, Finding, GateAnswer, GateReport, GoldenRef, InstanceId, Operation,
    OperationKind, Track,
};

/// A time as people read it, UTC, to the second.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// `1 instance`, `2 instances`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// What changed: `expected → actual`; empty when there is nothing to compare.
pub(crate) fn change(finding: &Finding, max: usize) -> String {
    let (expected, actual) = sides(finding, max);
    arrow(&expected, &actual)
}

/// The two sides of a difference as phrases. Both are empty where the summary says everything: what an event was,
/// what cannot be seen, which version a package has.
pub(crate) fn sides(finding: &Finding, max: usize) -> (String, String) {
    match (finding.code.family(), finding.actual.get("list")) {
        ("software", Some(list)) => (String::new(), short(list, max)),
        ("event" | "blind" | "software", _) => Default::default(),
        _ => (short(&finding.expected, max), short(&finding.actual, max)),
    }
}

/// `expected → actual` of two phrases; empty when both are.
pub(crate) fn arrow(expected: &str, actual: &str) -> String {
    match (expected, actual) {
        ("", "") => String::new(),
        ("", actual) => format!("none → {actual}"),
        (expected, "") => format!("{expected} → none"),
        (expected, actual) => format!("{expected} → {actual}"),
    }
}

/// Who, in one sentence: name, call, from where, MFA, when, event id, session.
pub(crate) fn who(attribution: &Attribution) -> String {
    let name = clean(&attribution.display, 120);
    let call = clean(&attribution.event_name, 80);
    let from = attribution.source_ip.as_deref().map_or(String::new(), |ip| format!(" from {}", clean(ip, 80)));
    let mfa = mfa_phrase(attribution.mfa);
    let session = attribution.execution.as_deref().map_or(String::new(), |id| format!(", session {}", clean(id, 120)));
    let at = time(attribution.event_time);
    let event = clean(attribution.event_id.as_str(), 80);
    format!("{name} called {call}{from}, {mfa}, at {at}, event {event}{session}")
}

/// MFA in words; a record that does not say is not a "no".
pub(crate) fn mfa_phrase(mfa: Option<bool>) -> &'static str {
    match mfa {
        Some(true) => "with MFA",
        Some(false) => "without MFA",
        None => "MFA unknown",
    }
}

/// Said where no change event explains a finding.
pub(crate) const NOBODY: &str = "nobody in the trail explains it";

/// What policy says in one line: action, what it asked for, severity, track.
pub(crate) fn decision_line(decision: &Decision) -> String {
    let mut line = decision.action.to_string();
    if decision.asked != decision.action {
        line.push_str(&format!(" (policy asked for {}", decision.asked));
        if let Some(by) = &decision.capped_by {
            line.push_str(&format!(", lowered by {}", clean(by, 120)));
        }
        line.push(')');
    }
    line.push_str(&format!(", severity {}", decision.severity));
    if decision.track == Track::Compromise {
        line.push_str(", compromise track");
    }
    if decision.status == DecisionStatus::Error {
        line.push_str(", evaluation failed: alert only");
    }
    line
}

/// What the plan does with an instance next, in one line.
pub(crate) fn next_step(view: &View<'_>, id: &InstanceId) -> String {
    if let Some(operation) = view.operation(id) {
        return format!("would {}", operation_phrase(operation));
    }
    if let Some(held) = view.held(id) {
        return format!("would {}, but holds", verb_phrase(held.kind, None));
    }
    let kept = |record: &&OperationRecord| record.instance == *id && record.status == OperationStatus::Retaining;
    if let Some(record) = view.past(id).into_iter().find(kept) {
        let until = record.facts.retain_until.map_or(String::new(), |until| format!(" until {}", time(until)));
        return format!("nothing more: it was replaced and is kept{until}");
    }
    match view.decision(id) {
        None => "nothing: no policy decided".to_owned(),
        Some(decision) if decision.status == DecisionStatus::Error => {
            "nothing: a policy failed, so nothing is enforced".to_owned()
        }
        Some(decision) => match decision.action {
            Action::None => "nothing: policy asks for nothing".to_owned(),
            Action::Alert => "nothing beyond this alert".to_owned(),
            Action::Quarantine | Action::Replace => format!("nothing yet: {} is not in the plan", decision.action),
        },
    }
}

/// `replace it from web@2 (hygiene track)`.
pub(crate) fn operation_phrase(operation: &Operation) -> String {
    format!("{} ({} track)", verb_phrase(operation.kind, operation.golden.as_ref()), operation.track)
}

fn verb_phrase(kind: OperationKind, golden: Option<&GoldenRef>) -> String {
    match (kind, golden) {
        (OperationKind::Replace, Some(golden)) => format!("replace it from {}", clean(&golden.to_string(), 120)),
        (OperationKind::Replace, None) => "replace it".to_owned(),
        (OperationKind::Quarantine, _) => "quarantine it".to_owned(),
        (OperationKind::Release, _) => "release it".to_owned(),
        (OperationKind::Rollback, _) => "roll it back".to_owned(),
    }
}

/// `window: hold until 2026-…: outside every window`.
pub(crate) fn gate_line(report: &GateReport) -> String {
    let GateReport { gate, answer, until, reason } = report;
    let until = until.map_or(String::new(), |until| format!(" until {}", time(until)));
    // Whole: a list of missing permissions or all that a budget counts is what a person has to work through.
    let reason = clean(reason, 2_000);
    if reason.is_empty() { format!("{gate}: {answer}{until}") } else { format!("{gate}: {answer}{until}: {reason}") }
}

/// The gates that do not allow, strongest answer first.
pub(crate) fn blocking(gates: &[GateReport]) -> Vec<&GateReport> {
    let mut list: Vec<_> = gates.iter().filter(|gate| gate.answer != GateAnswer::Allow).collect();
    list.sort_by(|a, b| b.answer.cmp(&a.answer).then(a.gate.cmp(&b.gate)));
    list
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::fixtures;

    #[test]
    fn change_says_what_was_added_and_removed() {
        let mut finding = fixtures::finding("config-volumes", "i-1", "/dev/xvdf");
        finding.expected = json!(null);
        finding.actual = json!("7.94");
        assert_eq!(change(&finding, 50), "none → 7.94");
        finding.expected = json!("7.94");
        finding.actual = json!(null);
        assert_eq!(change(&finding, 50), "7.94 → none");
        finding.expected = json!(null);
        assert_eq!(change(&finding, 50), "");
    }

    #[test]
    fn a_refusal_comes_before_a_hold() {
        let gates = fixtures::gates();
        let lines: Vec<_> = blocking(&gates).into_iter().map(gate_line).collect();
        assert_eq!(
            lines,
            [
                "opt-in: refuse: fleet web is observe-only: set enforcement = \"replace\"",
                "window: hold until 2026-11-24 02:00:00Z: outside every window"
            ]
        );
    }

    #[test]
    fn all_that_a_gate_says_is_shown() {
        let missing: Vec<String> = (0..40).map(|number| format!("ec2:Action{number}")).collect();
        let mut gate = fixtures::gates().remove(0);
        gate.reason = format!("missing in 111122223333: {}; grant them", missing.join(", "));
        assert!(gate_line(&gate).ends_with("ec2:Action39; grant them"));
    }

    #[test]
    fn who_shows_no_escape_sequences() {
        let mut attribution = fixtures::attribution("alice");
        attribution.display = "\u{1b}[2Jroot\u{202e}".to_owned();
        attribution.source_ip = Some("198.51.100.7\n".to_owned());
        assert_eq!(
            who(&attribution),
            "root called StartSession from 198.51.100.7 , with MFA, at 2026-11-23 09:58:00Z, event \
             11111111-2222-3333-4444-555555555555, session alice-0a1b2c"
        );
    }
}

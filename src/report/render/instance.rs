//! One instance in detail: what changed, who, what policy says, what the plan does. Shared by the scan and by
//! `explain`.

use std::collections::BTreeSet;

use super::out::Out;
use super::parts::{NOBODY, blocking, change, count, decision_line, gate_line, next_step, operation_phrase, who};
use crate::report::look::Role;
use crate::report::text::clean;
use crate::report::view::View;
use crate::store::InstanceResult;
use crate::types::{Finding, FindingId, FindingStatus, GateReport, PolicyOutcome};

/// Findings of one instance shown unless everything is asked for.
const FINDINGS: usize = 12;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// What matters: the best explanation, the gates that hold.
    Short,
    /// Every explanation, every policy, every gate.
    Full,
}

/// Heading line: verdict, instance, fleet, place, golden.
pub(super) fn heading(out: &mut Out<'_>, result: &InstanceResult) {
    let InstanceResult { instance, fleet, golden, verdict, .. } = result;
    let fleet = fleet.as_ref().map_or_else(|| "no fleet".to_owned(), |fleet| clean(fleet.as_str(), 60));
    let golden = golden.as_ref().map_or_else(|| "no golden".to_owned(), |golden| clean(&golden.to_string(), 80));
    let name = instance.tags.get("Name").map_or(String::new(), |name| format!(" ({})", clean(name, 60)));
    let id = out.look.paint(Role::Heading, &clean(instance.id.as_str(), 40));
    let place = format!("{}/{}", clean(instance.account.as_str(), 20), clean(instance.region.as_str(), 30));
    let verdict = out.look.verdict(*verdict);
    out.gap();
    out.line(0, &format!("{verdict} {id}{name} · {fleet} · {place} · {golden}"));
}

pub(super) fn body(
    out: &mut Out<'_>,
    result: &InstanceResult,
    view: &View<'_>,
    new: &BTreeSet<FindingId>,
    depth: Depth,
) {
    for reason in &result.reasons {
        let source = reason.source.map_or(String::new(), |source| format!("{}: ", source.as_str()));
        out.labelled(2, "not seen  ", &format!("{source}{}", clean(&reason.reason, 300)));
    }
    let findings = view.findings(&result.instance.id);
    let limit = if depth == Depth::Full { findings.len() } else { FINDINGS };
    let mut told = String::new();
    for finding in findings.iter().take(limit) {
        if depth == Depth::Short && view.told_by(finding).is_some() {
            let (code, id) = (clean(finding.code.as_str(), 60), clean(finding.id.as_str(), 40));
            out.labelled(2, "also      ", &format!("{code} ({id}): the same call as above"));
            continue;
        }
        finding_lines(out, finding, view, new, depth, &mut told);
    }
    if findings.len() > limit {
        let rest = count((findings.len() - limit) as u64, "more finding");
        out.wrapped(2, &format!("and {rest}: cattleguard explain {}", result.instance.id));
    }
    decision_and_plan(out, result, view, depth);
}

/// What policy says and what the plan does.
pub(super) fn decision_and_plan(out: &mut Out<'_>, result: &InstanceResult, view: &View<'_>, depth: Depth) {
    policy(out, result, depth);
    plan(out, result, view, depth);
}

pub(super) fn finding_lines(
    out: &mut Out<'_>,
    finding: &Finding,
    view: &View<'_>,
    new: &BTreeSet<FindingId>,
    depth: Depth,
    told: &mut String,
) {
    let mut notes = vec![view.severity(finding).to_string()];
    if finding.status != FindingStatus::Open {
        notes.push(finding.status.to_string());
    }
    if new.contains(&finding.id) {
        notes.push("new".to_owned());
    }
    notes.push(clean(finding.id.as_str(), 40));
    let code = clean(finding.code.as_str(), 60);
    out.labelled(2, "changed   ", &format!("{code} ({}): {}", notes.join(", "), clean(&finding.summary, 300)));
    let difference = change(finding, if depth == Depth::Full { 2000 } else { 200 });
    if !difference.is_empty() {
        out.wrapped(12, &difference);
    }
    let limit = if depth == Depth::Full { usize::MAX } else { 1 };
    if finding.attribution.is_empty() {
        // Which image a server runs was decided at its launch: no call afterwards could explain it.
        if finding.code.family() != "image" {
            out.labelled(2, "who       ", NOBODY);
        }
        told.clear();
    }
    for attribution in finding.attribution.iter().take(limit) {
        let because = clean(&attribution.because, 160);
        let mut text = who(attribution);
        if depth == Depth::Short && *told == text {
            text = "the same call".to_owned();
        } else {
            told.clone_from(&text);
        }
        if !because.is_empty() {
            text.push_str(&format!(" ({because})"));
        }
        out.labelled(2, "who       ", &text);
        if depth == Depth::Full {
            out.wrapped(12, &clean(&attribution.principal, 300));
        }
    }
}

fn policy(out: &mut Out<'_>, result: &InstanceResult, depth: Depth) {
    let Some(decision) = &result.decision else {
        return out.labelled(2, "policy    ", "nothing was decided");
    };
    out.labelled(2, "policy    ", &decision_line(decision));
    for reason in decision.reasons.iter().take(if depth == Depth::Full { usize::MAX } else { 3 }) {
        out.labelled(12, "• ", &clean(reason, 400));
    }
    if !decision.controls.is_empty() {
        let controls: Vec<_> = decision.controls.iter().map(|control| clean(control, 60)).collect();
        out.labelled(12, "controls ", &controls.join(", "));
    }
    for policy in &decision.policies {
        let name = clean(&policy.policy, 120);
        match (policy.outcome, depth) {
            (PolicyOutcome::Error, _) => {
                let error = clean(policy.error.as_deref().unwrap_or_default(), 400);
                out.labelled(12, "failed ", &format!("{name}: {error}"));
            }
            (_, Depth::Short) => {}
            (outcome, Depth::Full) => {
                let word = match outcome {
                    PolicyOutcome::Pass => "pass",
                    PolicyOutcome::Waived => "waived",
                    PolicyOutcome::Warn => "warn",
                    PolicyOutcome::Violation => "violation",
                    PolicyOutcome::Error => "error",
                };
                out.wrapped(12, &format!("{name}: {word}"));
                for hit in &policy.hits {
                    let id = clean(&hit.id, 80);
                    let text = format!(
                        "{} {id}: {} ({}, {})",
                        clean(&hit.kind, 20),
                        clean(&hit.msg, 300),
                        hit.severity,
                        hit.action
                    );
                    out.labelled(14, "• ", &text);
                }
            }
        }
    }
    if depth == Depth::Full {
        out.wrapped(
            12,
            &format!("input {}, bundle {}", clean(&decision.input_digest, 80), clean(&decision.bundle_digest, 80)),
        );
    }
}

fn plan(out: &mut Out<'_>, result: &InstanceResult, view: &View<'_>, depth: Depth) {
    let id = &result.instance.id;
    out.labelled(2, "plan      ", &next_step(view, id));
    if let Some(held) = view.held(id) {
        gates(out, &held.gates, depth);
    } else if let (Some(operation), Depth::Full) = (view.operation(id), depth) {
        out.wrapped(
            12,
            &format!("{}, as it was seen: {}", operation_phrase(operation), clean(&operation.before_image, 80)),
        );
        gates(out, &operation.gates, depth);
    }
}

/// The gates that hold, or every gate's answer.
pub(super) fn gates(out: &mut Out<'_>, gates: &[GateReport], depth: Depth) {
    let shown = if depth == Depth::Full { gates.iter().collect() } else { blocking(gates) };
    for gate in shown {
        out.labelled(12, "• ", &gate_line(gate));
    }
}

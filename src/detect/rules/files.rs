//! `file-*`, `blind-agent-*`: the agent's report against the golden's manifest.
//!
//! The report is what a host says of itself, so its own verdict counts for nothing: the root digest in it is
//! compared with the recorded one. Its rows only explain a difference.

mod listing;
mod state;

use jiff::Timestamp;
use serde_json::{Value, json};

use cattleguard_agent::inventory::{DIFFERENCE_TYPE, DifferenceRow, REPORT_TYPE, Report, Status};

use self::listing::findings;
use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, Code, Digest, InventoryEntry, InventoryType, Severity, Source};

/// Limit for servers of no fleet, in seconds: the default of a fleet's `inventory_max_age`.
const MAX_AGE_WITHOUT_FLEET_S: u64 = 24 * 3600;

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let expected = context.fleet.is_some_and(|fleet| fleet.expect_agent);
    let recorded = context.golden.and_then(|golden| golden.baseline.manifest_root.as_ref());
    if !expected && recorded.is_none() {
        return;
    }
    if context.instance.state != "running" {
        out.gaps.push((Source::Agent, format!("is {}: its files cannot be seen", context.instance.state)));
        return;
    }
    let Some(item) = context.instance.inventory.get(&InventoryType::new(REPORT_TYPE)) else {
        missing(context, expected, out);
        return;
    };
    let report = match Report::from_entries(&item.content.entries) {
        Ok(report) => report,
        Err(error) => {
            out.gaps.push((Source::Agent, format!("the agent's report cannot be read: {error}")));
            return;
        }
    };
    fresh(context, &report, item.captured_at, out);
    match recorded {
        Some(recorded) => judge(context, &report, recorded, out),
        // Without a golden the image rule speaks already.
        None if context.golden.is_some() => {
            out.gaps.push((Source::Agent, "its golden records no manifest to compare files with".to_owned()));
        }
        None => {}
    }
}

fn missing(context: &RuleContext<'_>, expected: bool, out: &mut RuleOutput) {
    let minutes = context.age_minutes();
    if !context.snapshot.is_complete(&context.instance.place(), Source::Agent) {
        out.gaps.push((Source::Agent, "reports of the agent were not read completely".to_owned()));
    } else if minutes < RuleContext::BOOT_GRACE_MINUTES {
        out.gaps.push((Source::Agent, format!("launched {minutes} min ago and its agent has not reported yet")));
    } else {
        out.gaps.push((Source::Agent, "no report of the agent: its files cannot be judged".to_owned()));
        if expected {
            let summary = "the agent has never reported".to_owned();
            out.drifts.push(blind(codes::BLIND_AGENT_SILENT, Severity::Medium, summary, json!({ "report": null })));
        }
    }
}

/// The older of two clocks counts: neither a report that is captured again nor a host whose clock runs ahead makes
/// an old observation new.
fn fresh(context: &RuleContext<'_>, report: &Report, captured_at: Option<Timestamp>, out: &mut RuleOutput) {
    let seen = captured_at.map_or(report.finished_at, |captured| captured.min(report.finished_at));
    let age = context.now.duration_since(seen).as_secs();
    let limit = context.fleet.map_or(MAX_AGE_WITHOUT_FLEET_S, |fleet| fleet.inventory_max_age.as_secs());
    if age <= i64::try_from(limit).unwrap_or(i64::MAX) {
        return;
    }
    let (hours, limit) = (age / 3600, limit / 3600);
    out.gaps.push((Source::Agent, format!("the agent's last report is {hours} h old")));
    let summary = format!("the agent's last report is {hours} h old (limit {limit} h)");
    let actual = json!({ "finished_at": report.finished_at, "captured_at": captured_at });
    out.drifts.push(blind(codes::BLIND_AGENT_SILENT, Severity::Medium, summary, actual));
}

fn judge(context: &RuleContext<'_>, report: &Report, recorded: &Digest, out: &mut RuleOutput) {
    let (root, golden_root) = (report.root.to_string(), report.golden_root.to_string());
    if golden_root != recorded.as_str() {
        // Another golden may leave out other paths: the two roots cannot be compared.
        let why = format!("the agent compares with golden root {golden_root}, not with the recorded {recorded}");
        out.gaps.push((Source::Agent, why));
        return;
    }
    if report.status == Status::Partial {
        let why = format!("the agent could not see everything: {} entries are unjudged", report.unjudged);
        out.gaps.push((Source::Agent, why));
    }
    let equal = root == recorded.as_str();
    let listed = report.differences.total();
    if equal != (listed == 0) && (equal || report.status == Status::Complete) {
        contradiction(report, &root, listed, out);
        return;
    }
    if listed > 0 || report.state > 0 {
        let rows = rows(context, report);
        if listed > 0 {
            findings(report, &rows, out);
        }
        state::findings(report, &rows, out);
    }
}

/// An equal root with differences, or another root without any: our agent writes neither.
fn contradiction(report: &Report, root: &str, listed: u64, out: &mut RuleOutput) {
    let word = if listed == 0 {
        "another root digest than the golden's and no difference"
    } else {
        "the golden's root digest and differences"
    };
    let actual = json!({
        "root": root, "differences": listed, "agent_version": report.agent_version.chars().take(40).collect::<String>(),
        "agent_digest": report.agent_digest.map(|digest| digest.to_string()),
    });
    out.gaps.push((Source::Agent, format!("the agent's report contradicts itself: {word}")));
    let summary = format!("the agent's report contradicts itself: it names {word}");
    out.drifts.push(blind(codes::BLIND_AGENT_TAMPERED, Severity::Critical, summary, actual));
}

/// The difference rows, when they are of the same run as the report: the types travel apart.
fn rows(context: &RuleContext<'_>, report: &Report) -> Vec<DifferenceRow> {
    let none = Vec::new();
    let item = context.instance.inventory.get(&InventoryType::new(DIFFERENCE_TYPE));
    let entries: &Vec<InventoryEntry> = item.map_or(&none, |item| &item.content.entries);
    if u64::try_from(entries.len()).ok() != Some(report.rows_listed) {
        return Vec::new();
    }
    entries.iter().filter_map(|entry| DifferenceRow::from_entry(entry).ok()).collect()
}

fn blind(code: Code, severity: Severity, summary: String, actual: Value) -> Drift {
    Drift {
        code,
        subject: "agent".to_owned(),
        severity,
        summary,
        expected: json!(null),
        actual,
        source: Source::Agent,
        aspect: Some(Aspect::Visibility),
    }
}

#[cfg(test)]
mod tests;

//! Numbers of the last scan.

use std::collections::BTreeMap;

use super::exposition::Families;
use crate::report::page::Known;
use crate::types::{CoverageStatus, GoldenStatus};

/// Numbers of the last scan; made once a state, as the page is.
pub(in crate::app) fn of_scan(known: &Known) -> String {
    let mut out = Families::default();
    let scan = &known.scan;
    let took = scan.finished_at.duration_since(scan.started_at).as_secs();
    out.family("cattleguard_last_scan_timestamp_seconds", "gauge", "When the last scan ended.")
        .put(&[], scan.finished_at.as_second());
    out.family("cattleguard_last_scan_duration_seconds", "gauge", "How long it took.").put(&[], took);
    out.family("cattleguard_last_scan_exit_code", "gauge", "0 complete, 1 findings, 3 partial.")
        .put(&[], scan.exit_code);
    let mut verdicts: BTreeMap<(&str, &str, &str, &str), u64> = BTreeMap::new();
    for result in &known.results {
        let fleet = result.fleet.as_ref().map_or("", |fleet| fleet.as_str());
        let instance = &result.instance;
        *verdicts
            .entry((instance.account.as_str(), instance.region.as_str(), fleet, result.verdict.as_str()))
            .or_default() += 1;
    }
    let family = out.family("cattleguard_instances", "gauge", "Servers of the last scan by verdict.");
    for ((account, region, fleet, verdict), count) in verdicts {
        family.put(&[("account", account), ("region", region), ("fleet", fleet), ("verdict", verdict)], count);
    }
    let family =
        out.family("cattleguard_coverage_complete", "gauge", "Whether a source was read completely by the last scan.");
    for entry in &scan.coverage {
        let labels =
            [("account", entry.account.as_str()), ("region", entry.region.as_str()), ("source", entry.source.as_str())];
        family.put(&labels, u8::from(entry.status == CoverageStatus::Complete));
    }
    findings(&mut out, known);
    enforcement(&mut out, known);
    let family = out.family("cattleguard_golden_age_seconds", "gauge", "Age of each line's promoted golden.");
    for golden in known.goldens.iter().filter(|golden| golden.status == GoldenStatus::Promoted) {
        let age = known.now.duration_since(golden.recorded_at).as_secs();
        family.put(&[("line", golden.line.as_str()), ("version", golden.version.as_str())], age);
    }
    out.text()
}

fn findings(out: &mut Families, known: &Known) {
    let mut counts: BTreeMap<(&str, &str, &str, &str), u64> = BTreeMap::new();
    for finding in &known.findings {
        let fleet = finding.fleet.as_ref().map_or("", |fleet| fleet.as_str());
        *counts
            .entry((fleet, finding.code.as_str(), finding.severity.as_str(), finding.status.as_str()))
            .or_default() += 1;
    }
    let family = out.family("cattleguard_findings", "gauge", "Findings; resolved ones of the last 30 days.");
    for ((fleet, code, severity, status), count) in counts {
        family.put(&[("fleet", fleet), ("code", code), ("severity", severity), ("status", status)], count);
    }
    let active = known.exceptions.iter().filter(|exception| exception.is_active(known.now)).count();
    out.family("cattleguard_exceptions_active", "gauge", "Exceptions in force.").put(&[], active);
}

fn enforcement(out: &mut Families, known: &Known) {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for record in &known.operations {
        *counts.entry((record.kind.as_str(), record.status.as_str())).or_default() += 1;
    }
    let family =
        out.family("cattleguard_operations", "gauge", "Operations that are not over, and those of the last 30 days.");
    for ((kind, status), count) in counts {
        family.put(&[("kind", kind), ("status", status)], count);
    }
    let plan = known.plan.as_ref();
    out.family("cattleguard_plan_operations", "gauge", "Operations of the last plan.")
        .put(&[], plan.map_or(0, |plan| plan.operations.len()));
    let mut gates: BTreeMap<&str, u64> = BTreeMap::new();
    for held in plan.iter().flat_map(|plan| &plan.held) {
        if let Some(first) = crate::report::render::parts::blocking(&held.gates).first() {
            *gates.entry(first.gate.as_str()).or_default() += 1;
        }
    }
    let family =
        out.family("cattleguard_plan_held", "gauge", "What the last plan holds, by the gate that weighs most.");
    for (gate, count) in gates {
        family.put(&[("gate", gate)], count);
    }
}

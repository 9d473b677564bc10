//! The drift was seen twice, or two sources agree on it: one odd reading replaces nothing.

use std::collections::BTreeSet;

use cattleguard_agent::inventory::REPORT_TYPE;

use crate::types::{Finding, Instance, InventoryType, Source};

use super::{Answer, Candidate};

/// Scans that must have seen a finding which no second source supports.
const SCANS: u32 = 2;

pub(super) fn ask(candidate: &Candidate<'_>) -> Answer {
    let counting: Vec<_> = candidate.findings.iter().filter(|finding| finding.is_active()).collect();
    if let Some(finding) = counting.iter().find(|finding| seen_again(finding, candidate.instance)) {
        return Answer::allow(format!("`{}` was seen in {} scans", finding.code, finding.times_seen));
    }
    // An event that explains a state finding is a second witness of the same drift.
    let mut sources: BTreeSet<Source> = BTreeSet::new();
    for finding in &counting {
        sources.insert(finding.source);
        if !finding.attribution.is_empty() {
            sources.insert(Source::Cloudtrail);
        }
    }
    if sources.len() > 1 {
        let names: Vec<&str> = sources.iter().map(|source| source.as_str()).collect();
        return Answer::allow(format!("{} agree", names.join(" and ")));
    }
    if counting.is_empty() {
        return Answer::hold("no finding that counts is behind it; it lifts when one is");
    }
    let next = if counting.iter().all(|finding| reported(finding).is_some()) { "report" } else { "scan" };
    Answer::hold(format!("it was seen once, by one source; the next {next} that shows it lifts this"))
}

/// Whether it was seen twice. Two scans that read the same report of a server have seen one odd report.
fn seen_again(finding: &Finding, instance: &Instance) -> bool {
    let report = reported(finding).and_then(|kind| instance.inventory.get(&InventoryType::new(kind)));
    let newest = report.and_then(|report| report.captured_at);
    // It was first seen when the report was captured that showed it first.
    finding.times_seen >= SCANS && newest.is_none_or(|at| at > finding.first_seen)
}

/// The inventory type whose report shows it, where a server's own report does.
fn reported(finding: &Finding) -> Option<&str> {
    match finding.source {
        Source::Ssm => finding.subject.split(' ').next(),
        Source::Agent => Some(REPORT_TYPE),
        _ => None,
    }
}

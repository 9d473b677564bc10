//! Counts and exit code of a scan.

use crate::app::exit::Exit;
use crate::remediate::kept;
use crate::report::{ScanReport, ScanTotals};
use crate::store::InstanceResult;
use crate::types::{CoverageStatus, DecisionStatus, Finding, Severity, Source, Verdict};

/// Counts verdicts and derives the exit code.
pub fn totals(report: &ScanReport, fail_on: Severity) -> ScanTotals {
    let count = |verdict| members(report).filter(|result| result.verdict == verdict).count() as u64;
    let unjudged = count(Verdict::Unjudged);
    let exit_code = exit_of(report, fail_on).code();
    ScanTotals { clean: count(Verdict::Clean), drifted: count(Verdict::Drifted), unjudged, exit_code }
}

/// Servers that are part of their fleets: what was replaced and is only kept is not counted.
fn members(report: &ScanReport) -> impl Iterator<Item = &InstanceResult> {
    let kept = kept(&report.unfinished);
    report.instances.iter().filter(move |result| !kept.contains(&result.instance.id))
}

/// Partial when anything needed was not seen or not decided; it wins over findings, since the findings are not all
/// there may be.
pub fn exit_of(report: &ScanReport, fail_on: Severity) -> Exit {
    let unjudged = members(report).any(|result| result.verdict == Verdict::Unjudged);
    let undecided = members(report)
        .any(|result| result.decision.as_ref().is_some_and(|decision| decision.status == DecisionStatus::Error));
    let blind = report.coverage.iter().any(|entry| {
        entry.status != CoverageStatus::Complete
            && !matches!(entry.source, Source::Autoscaling | Source::Elb | Source::Trail)
    });
    // A drifted server with a blind spot may hide more than it shows.
    let blind_spot = members(report).any(|result| !result.reasons.is_empty());
    let kept = kept(&report.unfinished);
    let counts =
        |finding: &Finding| finding.is_active() && finding.severity >= fail_on && !kept.contains(&finding.instance);
    if unjudged || undecided || blind || blind_spot || !report.set_aside.is_empty() {
        Exit::Partial
    } else if report.findings.iter().any(counts) {
        Exit::Findings
    } else {
        Exit::Ok
    }
}

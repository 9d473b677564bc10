//! Counts and exit code of a scan.

use crate::report::{ScanReport, ScanTotals};
use crate::types::{CoverageStatus, DecisionStatus, Finding, Severity, Source, Verdict};

/// Complete, nothing at or above the threshold.
const CLEAN: u8 = 0;
/// Complete, findings at or above the threshold.
const FINDINGS: u8 = 1;
/// Something could not be judged; it wins over findings, since the findings are not all there may be.
const PARTIAL: u8 = 3;

/// Counts verdicts and derives the exit code.
pub fn totals(report: &ScanReport, fail_on: Severity) -> ScanTotals {
    let count = |verdict| report.instances.iter().filter(|result| result.verdict == verdict).count() as u64;
    let unjudged = count(Verdict::Unjudged);
    let undecided = report
        .instances
        .iter()
        .any(|result| result.decision.as_ref().is_some_and(|decision| decision.status == DecisionStatus::Error));
    let blind = report.coverage.iter().any(|entry| {
        entry.status != CoverageStatus::Complete && !matches!(entry.source, Source::Autoscaling | Source::Elb)
    });
    // A drifted server with a blind spot may hide more than it shows.
    let blind_spot = report.instances.iter().any(|result| !result.reasons.is_empty());
    let counts = |finding: &Finding| finding.is_active() && finding.severity >= fail_on;
    let exit_code = if unjudged > 0 || undecided || blind || blind_spot || !report.set_aside.is_empty() {
        PARTIAL
    } else if report.findings.iter().any(counts) {
        FINDINGS
    } else {
        CLEAN
    };
    ScanTotals { clean: count(Verdict::Clean), drifted: count(Verdict::Drifted), unjudged, exit_code }
}

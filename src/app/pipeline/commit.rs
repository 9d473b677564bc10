//! What a scan commits.

use super::decisions::Evaluated;
use crate::collect::Collected;
use crate::report::ScanReport;
use crate::store::{OutboxDraft, ScanCommit};

pub(super) fn build(
    report: &ScanReport,
    collected: &Collected,
    evaluated: Evaluated,
    notices: Vec<OutboxDraft>,
) -> ScanCommit {
    ScanCommit {
        scan_id: report.scan_id.clone(),
        started_at: report.started_at,
        finished_at: report.finished_at,
        exit_code: report.totals.exit_code,
        coverage: report.coverage.clone(),
        instances: report.instances.clone(),
        findings: report.findings.iter().chain(&report.resolved).cloned().collect(),
        events: collected
            .snapshot
            .events
            .iter()
            .filter(|event| !collected.waiting.contains(&event.id))
            .cloned()
            .collect(),
        checkpoints: collected.checkpoints.clone(),
        links: collected.links.clone(),
        user_data: collected.user_data.clone(),
        plan: report.plan.clone(),
        notices,
        inputs: evaluated.inputs,
    }
}

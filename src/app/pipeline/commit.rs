//! What a scan commits.

use super::decisions::Evaluated;
use crate::collect::Collected;
use crate::report::ScanReport;
use crate::store::{ContentMarks, OutboxDraft, ScanCommit};

/// Moves the instances out of the report, for as long as the commit takes: ten thousand of them are too many to
/// copy.
pub(super) fn build(
    report: &mut ScanReport,
    collected: Collected,
    evaluated: Evaluated,
    notices: Vec<OutboxDraft>,
    contents: ContentMarks,
) -> ScanCommit {
    let Collected { snapshot, checkpoints, marks, receipts: _, links, user_data, reports: _, waiting } = collected;
    let mut events = snapshot.events;
    events.retain(|event| !waiting.contains(&event.id));
    ScanCommit {
        scan_id: report.scan_id.clone(),
        started_at: report.started_at,
        finished_at: report.finished_at,
        exit_code: report.totals.exit_code,
        coverage: report.coverage.clone(),
        instances: std::mem::take(&mut report.instances),
        findings: report.findings.iter().chain(&report.resolved).cloned().collect(),
        events,
        checkpoints,
        marks,
        contents,
        links,
        user_data,
        plan: report.plan.clone(),
        notices,
        inputs: evaluated.inputs,
        circumstances: evaluated.circumstances,
    }
}

//! A scan's values found by instance, so that renderers and the notifier need no searching.

use std::collections::HashMap;

use super::scan_report::ScanReport;
use crate::remediate::{OperationRecord, OperationStatus};
use crate::store::InstanceResult;
use crate::types::{Decision, Finding, Held, InstanceId, Operation, Plan, Severity};

/// Whether what an operation launched stands in the place of its instance.
fn replaced(record: &OperationRecord) -> bool {
    !matches!(record.status, OperationStatus::RollingBack | OperationStatus::RolledBack)
}

/// Borrowed index over one scan, or over what the store kept of one.
#[derive(Debug, Default)]
pub struct View<'a> {
    results: HashMap<&'a InstanceId, &'a InstanceResult>,
    operations: HashMap<&'a InstanceId, &'a Operation>,
    held: HashMap<&'a InstanceId, &'a Held>,
    findings: HashMap<&'a InstanceId, Vec<&'a Finding>>,
    past: &'a [OperationRecord],
}

impl<'a> View<'a> {
    /// Indexes results, findings and the plan they belong to, if one was made.
    pub fn new(results: &'a [InstanceResult], findings: &'a [Finding], plan: Option<&'a Plan>) -> Self {
        let mut view = Self::default();
        for result in results {
            view.results.insert(&result.instance.id, result);
        }
        for finding in findings {
            view.findings.entry(&finding.instance).or_default().push(finding);
        }
        for list in view.findings.values_mut() {
            list.sort_by(|a, b| (b.severity, &a.code, &a.subject).cmp(&(a.severity, &b.code, &b.subject)));
        }
        if let Some(plan) = plan {
            view.operations.extend(plan.operations.iter().map(|operation| (&operation.instance, operation)));
            view.held.extend(plan.held.iter().map(|held| (&held.instance, held)));
        }
        view
    }

    /// With the operations of the past, oldest first.
    #[must_use]
    pub fn with_past(mut self, past: &'a [OperationRecord]) -> Self {
        self.past = past;
        self
    }

    /// Operations on one instance, oldest first.
    pub fn past(&self, id: &InstanceId) -> Vec<&'a OperationRecord> {
        self.past.iter().filter(|record| record.instance == *id).collect()
    }

    /// Instances that one replaced, the nearest first.
    pub fn ancestors(&self, id: &'a InstanceId) -> Vec<&'a InstanceId> {
        let made = |id: &InstanceId| {
            let makers = self.past.iter().filter(|record| record.facts.replacement.as_ref() == Some(id));
            makers.into_iter().find(|record| replaced(record)).map(|record| &record.instance)
        };
        self.line(id, made)
    }

    /// Instances that replaced one, the nearest first.
    pub fn descendants(&self, id: &'a InstanceId) -> Vec<&'a InstanceId> {
        let heir = |id: &InstanceId| {
            let of = self.past.iter().filter(|record| record.instance == *id && replaced(record));
            of.into_iter().find_map(|record| record.facts.replacement.as_ref())
        };
        self.line(id, heir)
    }

    fn line(&self, id: &'a InstanceId, next: impl Fn(&InstanceId) -> Option<&'a InstanceId>) -> Vec<&'a InstanceId> {
        let mut found = vec![id];
        while let Some(id) = found.last().and_then(|id| next(id)).filter(|id| !found.contains(id)) {
            found.push(id);
        }
        found.split_off(1)
    }

    /// Indexes a scan.
    pub fn of(report: &'a ScanReport) -> Self {
        Self::new(&report.instances, &report.findings, Some(&report.plan)).with_past(&report.unfinished)
    }

    /// The result of one instance.
    pub fn result(&self, id: &InstanceId) -> Option<&'a InstanceResult> {
        self.results.get(id).copied()
    }

    /// The decision on one instance.
    pub fn decision(&self, id: &InstanceId) -> Option<&'a Decision> {
        self.result(id)?.decision.as_ref()
    }

    /// The operation the plan has for it.
    pub fn operation(&self, id: &InstanceId) -> Option<&'a Operation> {
        self.operations.get(id).copied()
    }

    /// What the plan holds for it.
    pub fn held(&self, id: &InstanceId) -> Option<&'a Held> {
        self.held.get(id).copied()
    }

    /// Its findings, worst first.
    pub fn findings(&self, id: &InstanceId) -> &[&'a Finding] {
        self.findings.get(id).map_or(&[], Vec::as_slice)
    }

    /// The state finding that tells all that this event finding could, if there is one.
    pub fn told_by(&self, finding: &Finding) -> Option<&'a Finding> {
        self.findings(&finding.instance).iter().copied().find(|state| finding.is_told_by(state))
    }

    /// A finding's severity after policy: what a rule that names the finding says, but never less than the
    /// finding's own. Policy silences a finding by asking for no action or by an exception, not by a label.
    pub fn severity(&self, finding: &Finding) -> Severity {
        let named = self.decision(&finding.instance).into_iter().flat_map(|decision| &decision.policies);
        named
            .flat_map(|policy| &policy.hits)
            .filter(|hit| hit.finding_ids.contains(&finding.id))
            .map(|hit| hit.severity)
            .fold(finding.severity, Severity::max)
    }
}

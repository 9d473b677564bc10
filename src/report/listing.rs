//! What the list reports are made from: the last scan as the store kept it, perhaps of some fleets only.

use jiff::Timestamp;

use crate::remediate::OperationRecord;
use crate::store::{InstanceResult, ScanSummary};
use crate::types::{Exception, Finding, FleetName, Golden, Plan};

/// Values of one list report.
#[derive(Debug)]
pub struct Listing {
    /// When the report is made.
    pub now: Timestamp,
    /// The last scan.
    pub scan: ScanSummary,
    /// Its results.
    pub results: Vec<InstanceResult>,
    /// Findings.
    pub findings: Vec<Finding>,
    /// The last plan.
    pub plan: Option<Plan>,
    /// Operations, oldest first.
    pub operations: Vec<OperationRecord>,
    /// Goldens.
    pub goldens: Vec<Golden>,
    /// Exceptions.
    pub exceptions: Vec<Exception>,
}

impl Listing {
    /// Only what belongs to these fleets; none given leaves everything. Coverage and goldens stay whole: they are of
    /// places and lines.
    pub fn retain_fleets(&mut self, fleets: &[String]) {
        if fleets.is_empty() {
            return;
        }
        let wanted =
            |fleet: Option<&FleetName>| fleet.is_some_and(|fleet| fleets.iter().any(|one| one == fleet.as_str()));
        self.results.retain(|result| wanted(result.fleet.as_ref()));
        self.findings.retain(|finding| wanted(finding.fleet.as_ref()));
        self.operations.retain(|record| wanted(Some(&record.fleet)));
        self.exceptions.retain(|exception| exception.fleet.is_none() || wanted(exception.fleet.as_ref()));
        if let Some(plan) = &mut self.plan {
            plan.operations.retain(|operation| wanted(Some(&operation.fleet)));
            plan.held.retain(|held| wanted(held.fleet.as_ref()));
            plan.frozen.retain(|(fleet, _)| wanted(Some(fleet)));
        }
    }
}

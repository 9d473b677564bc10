//! What the plan stage starts from.

use std::collections::BTreeMap;

use super::decisions::Evaluated;
use super::history;
use super::scan::{Known, ScanInputs};
use crate::detect::Detection;
use crate::plan::{self, PlanInput, PlanSubject};
use crate::remediate::OperationRecord;
use crate::types::{Finding, FindingId, Instance, InstanceId, Plan, Snapshot};

/// Plans over every live instance of a scan.
pub(super) fn plan(
    inputs: &ScanInputs<'_>,
    snapshot: &Snapshot,
    known: &Known,
    detection: &Detection,
    evaluated: &Evaluated,
    operations: &[OperationRecord],
) -> Plan {
    let instances: BTreeMap<&InstanceId, &Instance> =
        snapshot.instances.iter().map(|instance| (&instance.id, instance)).collect();
    let findings: BTreeMap<&FindingId, &Finding> =
        detection.findings.iter().map(|finding| (&finding.id, finding)).collect();
    let subjects = detection
        .instances
        .iter()
        .filter_map(|found| {
            Some(PlanSubject {
                instance: instances.get(&found.instance)?,
                fleet: found.fleet.as_ref(),
                decision: evaluated.decisions.get(&found.instance),
                findings: found.findings.iter().filter_map(|id| findings.get(id).copied()).collect(),
            })
        })
        .collect();
    let history = history::history(operations, &known.goldens);
    let approvals = history::approvals(&known.approvals, inputs.approvals_needed);
    plan::plan(&PlanInput {
        now: snapshot.started_at,
        mode: inputs.mode,
        subjects,
        fleets: inputs.fleets,
        goldens: &known.goldens,
        images: &snapshot.images,
        exceptions: &known.exceptions,
        pauses: &known.pauses,
        stopped: inputs.stopped.as_deref(),
        coverage: &snapshot.coverage,
        history: &history,
        alarms: &inputs.alarms,
        approvals: &approvals,
        permissions: &inputs.permissions,
        overriding: None,
    })
}

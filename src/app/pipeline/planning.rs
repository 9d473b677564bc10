//! What the plan stage starts from.

use std::collections::BTreeMap;

use super::decisions::Evaluated;
use super::scan::{Known, ScanInputs};
use crate::detect::Detection;
use crate::plan::{self, History, Permissions, PlanInput, PlanSubject};
use crate::types::{Finding, FindingId, Instance, InstanceId, Plan, Snapshot};

/// Plans over every live instance of a scan. Nothing was ever enforced in this version, so there is no history
/// of operations, no approval and no checked permission.
pub(super) fn plan(
    inputs: &ScanInputs<'_>,
    snapshot: &Snapshot,
    known: &Known,
    detection: &Detection,
    evaluated: &Evaluated,
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
    plan::plan(&PlanInput {
        now: snapshot.started_at,
        mode: inputs.mode,
        subjects,
        fleets: inputs.fleets,
        goldens: &known.goldens,
        images: &snapshot.images,
        exceptions: &known.exceptions,
        pauses: &known.pauses,
        coverage: &snapshot.coverage,
        history: &History::default(),
        alarms: &[],
        approvals: &[],
        permissions: &Permissions::Unknown,
        overriding: None,
    })
}

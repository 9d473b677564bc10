//! What the plan stage starts from.

use std::collections::BTreeMap;

use super::decisions::Evaluated;
use super::history;
use super::scan::{Known, ScanInputs};
use super::wish;
use crate::detect::Detection;
use crate::plan::{self, PlanInput, PlanSubject, PlanUnseen};
use crate::remediate::OperationRecord;
use crate::store::InstanceResult;
use crate::types::{Decision, Finding, FindingId, Gate, GateAnswer, GateReport, Instance, InstanceId, Plan, Snapshot};

/// Plans over every live instance of a scan.
pub(super) fn plan(
    inputs: &ScanInputs<'_>,
    snapshot: &Snapshot,
    known: &Known,
    detection: &Detection,
    evaluated: &Evaluated,
    operations: &[OperationRecord],
    unseen: &[InstanceResult],
) -> Plan {
    let decisions = evaluated.decisions.iter().collect();
    planned(inputs, snapshot, known, detection, &decisions, operations, unseen, None)
}

/// The plan for a person's wish, and nothing else: `None` without one, or when its instance is not there.
pub(super) fn wished(
    inputs: &ScanInputs<'_>,
    snapshot: &Snapshot,
    known: &Known,
    detection: &Detection,
    evaluated: &Evaluated,
    operations: &[OperationRecord],
    unseen: &[InstanceResult],
) -> Option<Plan> {
    let wish = inputs.wish?;
    let instance = snapshot.instances.iter().find(|instance| instance.id == wish.instance && instance.is_live())?;
    let found = detection.instances.iter().find(|found| found.instance == wish.instance);
    let fleet = found.and_then(|found| found.fleet.as_ref());
    let fleet = fleet.and_then(|name| inputs.fleets.iter().find(|fleet| fleet.name == *name));
    let policy = evaluated.decisions.get(&wish.instance);
    let decision = wish::decision(wish, instance, fleet, inputs.mode, policy);
    let decisions = BTreeMap::from([(&wish.instance, &decision)]);
    let overriding =
        wish.overriding.as_deref().map(|reason| plan::Overriding { instance: &wish.instance, by: &wish.by, reason });
    let mut plan = planned(inputs, snapshot, known, detection, &decisions, operations, unseen, overriding);
    plan.held.iter_mut().flat_map(|held| &mut held.gates).for_each(say_who_approves);
    Some(plan)
}

/// Only the plan of a scan can be approved: what a person wants done with one server is in no such plan.
fn say_who_approves(report: &mut GateReport) {
    if report.gate == Gate::Approval && report.answer == GateAnswer::Hold {
        report.reason =
            "the fleet wants a person's approval, and only plans of scans can be approved: `--override REASON` \
                         is a person's word for this one"
                .to_owned();
    }
}

fn planned<'a>(
    inputs: &'a ScanInputs<'_>,
    snapshot: &'a Snapshot,
    known: &'a Known,
    detection: &'a Detection,
    decisions: &BTreeMap<&InstanceId, &'a Decision>,
    operations: &[OperationRecord],
    unseen: &'a [InstanceResult],
    overriding: Option<plan::Overriding<'a>>,
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
                decision: decisions.get(&found.instance).copied(),
                findings: found.findings.iter().filter_map(|id| findings.get(id).copied()).collect(),
            })
        })
        .collect();
    let unseen = unseen.iter().filter_map(|result| {
        let own = result.findings.iter().filter_map(|id| findings.get(id).copied());
        let fleet = result.fleet.as_ref()?;
        Some(PlanUnseen { instance: &result.instance.id, fleet, findings: own.collect() })
    });
    let history = history::history(operations, &known.goldens);
    let approvals = history::approvals(&known.approvals, inputs.approvals_needed);
    plan::plan(&PlanInput {
        now: snapshot.started_at,
        mode: inputs.mode,
        subjects,
        unseen: unseen.collect(),
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
        overriding,
    })
}

//! An operation that a process wrote down and died before it made the first call. Nothing of it is in AWS, and what was
//! allowed then may not be any more: it begins only if it may begin now.

use super::begin::Refused;
use super::execute::Outcome;
use super::session::Session;
use crate::plan::before_image;
use crate::remediate::{InstanceDetail, OperationRecord, OperationStatus, StepState};
use crate::types::{Finding, Operation, OperationKind};

/// Whether no call of an operation was ever meant, so that it can simply not begin.
pub(super) fn is_unbegun(record: &OperationRecord) -> bool {
    let untouched = record.steps.iter().all(|step| step.attempts == 0 && step.state == StepState::Pending);
    record.status == OperationStatus::Running && untouched
}

/// What the plan, or a person, wanted.
fn operation_of(record: &OperationRecord) -> Operation {
    Operation {
        kind: record.kind,
        instance: record.instance.clone(),
        account: record.place.account.clone(),
        region: record.place.region.clone(),
        fleet: record.fleet.clone(),
        golden: record.golden.clone(),
        track: record.track,
        severity: record.severity,
        findings: record.requested.findings.clone(),
        before_image: before_image(&record.before.detail.instance),
        reasons: record.requested.reasons.clone(),
        gates: Vec::new(),
    }
}

impl Session<'_> {
    /// Goes on with an operation that never began, if it may begin now. `Some`: it may not, and is withdrawn.
    pub(super) async fn withdraw_if_it_must_not_begin(&self, record: &OperationRecord) -> Option<Outcome> {
        let refused = self.may_still_begin(record).await.err()?;
        let why = refused.reason.clone();
        tracing::info!(operation = %record.id, "it never began and does not begin now: {why}");
        Some(match self.engine().withdraw(record.clone(), &why).await {
            Ok(_) => Outcome::Refused(Box::new(operation_of(record)), refused),
            Err(halt) => Outcome::Halted(Box::new(record.clone()), halt.to_string()),
        })
    }

    async fn may_still_begin(&self, record: &OperationRecord) -> Result<(), Refused> {
        if matches!(record.kind, OperationKind::Release | OperationKind::Rollback) {
            return self.host().switch(&record.place, &record.fleet).await.map_err(Refused::passing);
        }
        let findings: Vec<Finding> =
            self.store().findings(false).map_err(|error| Refused::passing(error.to_string()))?;
        self.still_allowed(&operation_of(record), &record.requested, &findings).await?;
        let found = self.host().enforcing.probe.instance(&record.place, &record.instance).await;
        let found = found.map_err(|error| Refused::passing(error.to_string()))?;
        let Some(found) = found else { return Err(Refused::lasting("does not exist any more")) };
        // What it would restore one day is what was there when it was written down.
        if !same(&found, &record.before.detail) {
            return Err(Refused::passing("has changed since the operation was prepared: the next scan plans anew"));
        }
        if let Some(seen) = self.store().instance_result(&record.instance).ok().flatten() {
            self.still_the_same(record, &found.instance, &seen.instance)?;
        }
        self.others_serve(record).await
    }
}

/// Whether an instance is as it was, as far as an operation takes something from it.
fn same(now: &InstanceDetail, before: &InstanceDetail) -> bool {
    let parts = |detail: &InstanceDetail| {
        let interfaces: Vec<_> = detail.interfaces.iter().map(|one| (one.id.clone(), one.groups.clone())).collect();
        let addresses: Vec<_> =
            detail.addresses.iter().map(|one| (one.allocation.clone(), one.interface.clone())).collect();
        let volumes: Vec<_> = detail.instance.volumes.iter().map(|one| one.id.clone()).collect();
        let profile = detail.profile.as_ref().map(|(_, arn)| arn.clone());
        (detail.instance.image.clone(), detail.instance.state.clone(), interfaces, addresses, volumes, profile)
    };
    parts(now) == parts(before)
}

//! What the gates said may not hold any more when an operation's turn comes: those before it take their time. What can
//! be asked without another scan is asked again, before anything is written or read about the instance.

use super::begin::Refused;
use super::checks::fleet_alarms;
use super::session::Session;
use crate::app::pipeline::approvals;
use crate::detect::fleet_of;
use crate::evaluate::owner_of;
use crate::plan::{AlarmState, open_until};
use crate::remediate::{OperationRecord, Requested};
use crate::store::StoreError;
use crate::types::plan::NO_FLEET;
use crate::types::{
    Enforcement, Finding, Fleet, GoldenStatus, Instance, Operation, OperationKind, Place, PlanHash, Severity,
};

impl Session<'_> {
    /// Why an operation of the plan must not begin now.
    ///
    /// # Errors
    /// What has changed since the plan was made.
    pub(super) async fn still_allowed(
        &self,
        operation: &Operation,
        requested: &Requested,
        findings: &[Finding],
    ) -> Result<(), Refused> {
        let place = Place { account: operation.account.clone(), region: operation.region.clone() };
        self.host().switch(&place, &operation.fleet).await.map_err(Refused::passing)?;
        self.golden_stands(operation)?;
        // A person's word stands against the rest.
        if requested.overridden.is_some() {
            return Ok(());
        }
        let fleet = self.opted_in(operation)?;
        self.window_is_open(operation, fleet)?;
        self.nobody_waived(operation, findings)?;
        self.still_approved(fleet, requested)?;
        self.alarms_are_quiet(fleet).await
    }

    /// The configuration is another one where an operation is begun that another process wrote down.
    fn opted_in(&self, operation: &Operation) -> Result<&Fleet, Refused> {
        let name = &operation.fleet;
        let fleet = self.config().fleets.iter().find(|fleet| fleet.name == *name);
        let fleet = fleet.ok_or_else(|| Refused::lasting(format!("fleet {name} is not configured any more")))?;
        let needed = match operation.kind {
            OperationKind::Replace => Enforcement::Replace,
            OperationKind::Quarantine | OperationKind::Release | OperationKind::Rollback => Enforcement::Quarantine,
        };
        let allowed = fleet.enforcement.min(self.config().mode);
        if allowed < needed {
            return Err(Refused::lasting(format!("fleet {name} allows {allowed} now, and not to {}", operation.kind)));
        }
        Ok(fleet)
    }

    /// What is launched must be what is promoted.
    fn golden_stands(&self, operation: &Operation) -> Result<(), Refused> {
        let Some(reference) = &operation.golden else { return Ok(()) };
        let golden = self.store().golden(reference).map_err(unread)?;
        match golden.map(|golden| golden.status) {
            Some(GoldenStatus::Promoted) => Ok(()),
            Some(status) => Err(Refused::passing(format!("{reference} is {status} now: the next scan plans anew"))),
            None => Err(Refused::lasting(format!("{reference} cannot be launched any more"))),
        }
    }

    fn window_is_open(&self, operation: &Operation, fleet: &Fleet) -> Result<(), Refused> {
        let urgent = operation.kind == OperationKind::Quarantine && operation.severity == Severity::Critical;
        if urgent || matches!(open_until(&fleet.windows, self.now()), Ok(Some(_))) {
            return Ok(());
        }
        let name = &fleet.name;
        Err(Refused::passing(format!("the maintenance window of fleet {name} has shut; it waits for the next one")))
    }

    /// An exception that was added meanwhile counts.
    fn nobody_waived(&self, operation: &Operation, findings: &[Finding]) -> Result<(), Refused> {
        let most = self.config().exceptions.max_duration;
        let exceptions = self.store().exceptions().map_err(unread)?;
        let active: Vec<_> = exceptions.into_iter().map(|exception| exception.lasting_at_most(most)).collect();
        let now = self.now();
        let mut behind = findings.iter().filter(|finding| operation.findings.contains(&finding.id)).peekable();
        if behind.peek().is_none() {
            return Ok(());
        }
        let covered = |finding: &Finding| active.iter().any(|one| one.is_active(now) && one.covers(finding));
        if behind.all(covered) {
            return Err(Refused::passing("an exception covers it since the plan was made"));
        }
        Ok(())
    }

    fn still_approved(&self, fleet: &Fleet, requested: &Requested) -> Result<(), Refused> {
        if !fleet.approval {
            return Ok(());
        }
        let given = self.store().approvals(self.now()).map_err(unread)?;
        let counted = approvals(&given, self.config().approvals_needed());
        let asked: Vec<&PlanHash> = requested.operation.iter().chain(&requested.plan).collect();
        if counted.iter().any(|approval| asked.contains(&&approval.plan) && self.now() < approval.expires_at) {
            return Ok(());
        }
        Err(Refused::passing("its approval has expired"))
    }

    async fn alarms_are_quiet(&self, fleet: &Fleet) -> Result<(), Refused> {
        let loud = fleet_alarms(self.config(), &self.host().enforcing.probe, fleet).await;
        match loud.into_iter().find(|alarm| alarm.state != AlarmState::Ok) {
            None => Ok(()),
            Some(alarm) if alarm.state == AlarmState::Firing => {
                Err(Refused::passing(format!("the alarm {} fires", alarm.name)))
            }
            Some(alarm) => Err(Refused::passing(format!("the state of the alarm {} is not known", alarm.name))),
        }
    }

    /// Whether the instance, as it was read just now, is still what the plan was about. `seen` is how the scan saw it.
    pub(super) fn still_the_same(
        &self,
        record: &OperationRecord,
        read: &Instance,
        seen: &Instance,
    ) -> Result<(), Refused> {
        if read.image != seen.image {
            let (was, is) = (&seen.image, &read.image);
            return Err(Refused::passing(format!("runs {is} and not {was} any more: the next scan plans anew")));
        }
        let now = Instance { tags: read.tags.clone(), operator: read.operator.clone(), ..seen.clone() };
        let fleet = fleet_of(&now, &self.config().fleets).map_or(NO_FLEET, |fleet| fleet.name.as_str());
        if fleet != record.fleet.as_str() {
            return Err(Refused::passing(format!("is no member of fleet {} any more, by its tags", record.fleet)));
        }
        let owner = owner_of(&now);
        if owner.is_foreign() && record.requested.overridden.is_none() {
            return Err(Refused::lasting(format!("{} owns it now: replace it through that controller", owner.kind)));
        }
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "an argument of `map_err`")]
fn unread(error: StoreError) -> Refused {
    Refused::passing(error.to_string())
}

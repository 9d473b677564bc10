//! Containing takes a server away before anything takes its place. Whether enough others serve was asked when the plan was
//! made; others may have failed since.

use std::collections::BTreeSet;

use super::begin::Refused;
use super::session::Session;
use crate::collect::ReadError;
use crate::collect::source::TargetHealth;
use crate::remediate::{OperationRecord, kept};
use crate::types::{Fleet, InstanceId, OperationKind};

impl Session<'_> {
    /// Why an instance must not be taken away now: too few others serve beside it.
    ///
    /// # Errors
    /// What would be missing, or that it cannot be read.
    pub(super) async fn others_serve(&self, record: &OperationRecord) -> Result<(), Refused> {
        let fleet = self.config().fleets.iter().find(|fleet| fleet.name == record.fleet);
        // A person's word stands against it.
        let Some(fleet) = fleet.filter(|_| record.requested.overridden.is_none()) else { return Ok(()) };
        if record.kind != OperationKind::Quarantine {
            return Ok(());
        }
        let groups: BTreeSet<&str> = record.before.targets.iter().map(|target| target.group.as_str()).collect();
        for group in groups {
            let found = self.host().enforcing.probe.targets(&record.place, group).await.map_err(unread)?;
            self.targets_remain(record, fleet, group, &found)?;
        }
        self.group_keeps_its_minimum(record)
    }

    fn group_keeps_its_minimum(&self, record: &OperationRecord) -> Result<(), Refused> {
        let Some(group) = &record.before.group else { return Ok(()) };
        let others = group.members.iter().filter(|(id, state)| **id != record.instance && *state == "InService");
        let left = others.filter(|(id, _)| !self.is_going(id)).count();
        let least = usize::try_from(group.min_size).unwrap_or_default();
        if left >= least {
            return Ok(());
        }
        Err(Refused::passing(format!(
            "{left} instances would remain in service in the Auto Scaling group {} now, its minimum is {least}",
            group.name
        )))
    }

    fn targets_remain(
        &self,
        record: &OperationRecord,
        fleet: &Fleet,
        group: &str,
        found: &[TargetHealth],
    ) -> Result<(), Refused> {
        let own: BTreeSet<&str> = record.before.targets.iter().map(|target| target.target.as_str()).collect();
        let healthy = |one: &&TargetHealth| one.state == "healthy";
        let others: BTreeSet<&str> = found
            .iter()
            .filter(healthy)
            .map(|one| one.target.as_str())
            .filter(|target| !own.contains(target))
            .collect();
        let others: BTreeSet<&str> =
            others.into_iter().filter(|target| !self.is_going(&InstanceId::new(*target))).collect();
        let (left, least) = (others.len(), usize::try_from(fleet.min_healthy).unwrap_or(usize::MAX));
        if left < least {
            return Err(Refused::passing(format!(
                "{left} healthy targets would remain in {group} now, fleet {} wants at least {least}",
                fleet.name
            )));
        }
        let serves = found.iter().filter(healthy).any(|one| own.contains(one.target.as_str()));
        let zone = record.before.detail.instance.zone.as_str();
        // Addresses, and servers that no scan has seen, are in a zone that nobody knows.
        let zones: Option<BTreeSet<String>> = others.iter().map(|target| self.zone_of(target)).collect();
        if serves && zones.is_some_and(|zones| !zones.contains(zone)) {
            return Err(Refused::passing(format!("no healthy target would remain in {group} in {zone} now")));
        }
        Ok(())
    }

    fn zone_of(&self, target: &str) -> Option<String> {
        let seen = self.store().instance_result(&InstanceId::new(target)).ok().flatten()?;
        Some(seen.instance.zone)
    }

    /// Whether another containment is about to take it away, or it was replaced and is only kept: somebody may have put it
    /// into traffic again, but its end is near.
    fn is_going(&self, id: &InstanceId) -> bool {
        let of = self.store().operations_of(id).unwrap_or_default();
        let contained = |one: &OperationRecord| one.kind == OperationKind::Quarantine && one.status.is_in_flight();
        kept(&of).contains(id) || of.iter().any(|one| one.instance == *id && contained(one))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "an argument of `map_err`")]
fn unread(error: ReadError) -> Refused {
    Refused::passing(format!("who serves beside it cannot be read: {error}"))
}

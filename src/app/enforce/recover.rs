//! What a dead process left behind comes first: it goes on, or back, before anything new is looked at.

use tracing::Instrument as _;

use super::execute::{Outcome, Outcomes, span};
use super::session::Session;
use super::unbegun::is_unbegun;
use crate::remediate::{OperationRecord, OperationStatus};
use crate::store::StoreError;
use crate::types::InstanceId;

impl Session<'_> {
    /// Carries on every operation that is not over: those that were cut off, and those whose retention is over.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub(in crate::app) async fn recover(&self) -> Result<Outcomes, StoreError> {
        self.recover_those(|_| true).await
    }

    /// The same for one server alone, and for what takes its place or whose place it takes: containing it must not wait
    /// until others have been launched, drained and baked. They stay as they are; the next run goes on with them.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub(in crate::app) async fn recover_of(&self, instance: &InstanceId) -> Result<Outcomes, StoreError> {
        self.recover_those(|record| record.instance == *instance || record.facts.replacement.as_ref() == Some(instance))
            .await
    }

    async fn recover_those(&self, wanted: impl Fn(&OperationRecord) -> bool) -> Result<Outcomes, StoreError> {
        let now = self.now();
        let due = |record: &OperationRecord| match record.status {
            OperationStatus::Running | OperationStatus::RollingBack => true,
            OperationStatus::Retaining => {
                record.facts.retain_until.is_some_and(|until| until <= now) || self.may_be_in_traffic(record)
            }
            OperationStatus::NeedsHuman | OperationStatus::Done | OperationStatus::RolledBack => false,
        };
        let mut outcomes = Outcomes::default();
        let unfinished: Vec<OperationRecord> =
            self.store().unfinished_operations()?.into_iter().filter(|one| due(one) && wanted(one)).collect();
        for record in unfinished {
            tracing::info!(operation = %record.id, status = %record.status, "going on with an operation of the journal");
            if is_unbegun(&record)
                && let Some(withdrawn) = self.withdraw_if_it_must_not_begin(&record).await
            {
                outcomes.add(withdrawn);
                continue;
            }
            let started = record.clone();
            let span = span(&record);
            match self.engine().go_on(record).instrument(span).await {
                // It waits as before; whoever looks at outcomes would take it for something done.
                Ok(record) if record.status == OperationStatus::Retaining && record.note == started.note => {}
                Ok(record) => outcomes.add(self.ended(record)),
                Err(halt) => outcomes.add(Outcome::Halted(Box::new(started), halt.to_string())),
            }
            if self.stopping() {
                break;
            }
        }
        Ok(outcomes)
    }

    /// Whether a server that is kept should be looked at before its time is over: the last scan saw it in a target group that it
    /// was taken out of, or a person was told so and it may be over. The scan may be older than that.
    fn may_be_in_traffic(&self, record: &OperationRecord) -> bool {
        let seen = self.store().instance_result(&record.instance).ok().flatten();
        let before = &record.before.targets;
        let again = seen.is_some_and(|seen| {
            seen.instance.targets.iter().any(|now| before.iter().any(|before| before.group == now.target_group))
        });
        again || record.kept_for_a_person().is_some()
    }
}

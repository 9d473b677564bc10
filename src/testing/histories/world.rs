//! One history's world.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::evidence::{Fact, Witnessed};
use super::ledger::Ledger;
use super::tally::Tally;
use super::time::Time;
use crate::remediate::Settings;
use crate::testing::{Dice, FakeCloud, FaultRates};
use crate::types::{Action, FindingId, Fleet, Golden, ImageId, InstanceId, OperationId, Place, PlanHash, Track};

/// What a person asks of the enforcers.
#[derive(Clone, Debug)]
pub(super) enum Request {
    /// Undo a quarantine.
    Release(InstanceId),
    /// Undo an operation.
    Rollback(OperationId),
    /// Go on with one that needs a person.
    Resume(OperationId),
}

/// What changes during a history.
pub(super) struct Truth {
    pub(super) dice: Dice,
    pub(super) fleet: Fleet,
    pub(super) goldens: Vec<Golden>,
    /// First seen, and in how many scans.
    pub(super) sightings: BTreeMap<FindingId, (Timestamp, u32)>,
    /// What policy asks for, by server: drawn once.
    pub(super) wishes: BTreeMap<InstanceId, (Action, Track)>,
    pub(super) requests: Vec<Request>,
    /// A plan that waits for an approval.
    pub(super) unapproved: Option<PlanHash>,
    /// Processes are asked to end.
    pub(super) ending: bool,
    /// Nothing happens any more.
    pub(super) quiet: bool,
    pub(super) facts: Vec<Witnessed>,
    pub(super) tally: Tally,
    pub(super) operations: u64,
    pub(super) trace: Option<Vec<String>>,
}

/// The world.
pub(super) struct World {
    pub(super) cloud: FakeCloud,
    pub(super) time: Time,
    pub(super) place: Place,
    pub(super) store: Box<dyn Ledger>,
    pub(super) settings: Settings,
    /// Images of the golden versions, in their order.
    pub(super) images: Vec<ImageId>,
    /// Auto Scaling groups.
    pub(super) groups: Vec<String>,
    pub(super) rates: FaultRates,
    pub(super) processes: u64,
    truth: Mutex<Truth>,
}

impl World {
    pub(super) fn new(
        cloud: FakeCloud,
        place: Place,
        store: Box<dyn Ledger>,
        settings: Settings,
        images: Vec<ImageId>,
        groups: Vec<String>,
        (rates, processes): (FaultRates, u64),
        truth: Truth,
    ) -> Self {
        let time = Time::new(cloud.clock().clone());
        Self { cloud, time, place, store, settings, images, groups, rates, processes, truth: Mutex::new(truth) }
    }

    pub(super) fn truth(&self) -> MutexGuard<'_, Truth> {
        self.truth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.time.now()
    }

    pub(super) fn note(&self, fact: Fact) {
        let after = u64::try_from(self.cloud.log_length()).unwrap_or(u64::MAX);
        let at = self.now();
        self.truth().facts.push(Witnessed { after, at, fact });
    }

    pub(super) fn count(&self, kind: &'static str, name: impl Into<String>) {
        self.truth().tally.count(kind, name);
    }

    /// For people who replay one history.
    pub(super) fn tell(&self, text: impl FnOnce() -> String) {
        let now = self.now();
        if let Some(trace) = &mut self.truth().trace {
            trace.push(format!("{now} {}", text()));
        }
    }

    /// The golden that is promoted.
    pub(super) fn promoted(&self) -> Option<Golden> {
        let truth = self.truth();
        truth.goldens.iter().find(|golden| golden.status == crate::types::GoldenStatus::Promoted).cloned()
    }

    pub(super) fn new_operation(&self) -> OperationId {
        let mut truth = self.truth();
        truth.operations += 1;
        OperationId::new(format!("op-{:06}", truth.operations))
    }
}

//! One process: takes the lease, goes on with what another one left, looks, plans, carries out, and sleeps.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::host::TTL_S;
use super::mortal::Mortal;
use super::world::World;
use crate::remediate::{Engine, Halt, OperationRecord, OperationStatus};
use crate::store::{Lease, StoreError};
use crate::testing::FaultyCloud;

/// Between two scans.
const INTERVAL: Duration = Duration::from_secs(900);
/// And when nothing happens any more.
const QUIET_INTERVAL: Duration = Duration::from_secs(1800);
/// How often a lease is renewed.
const RENEW: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);
/// How long a process waits for a lease that somebody else holds.
const PATIENCE: Duration = Duration::from_secs(90);

/// One process.
pub(super) struct Process {
    pub(super) world: Arc<World>,
    pub(super) cloud: FaultyCloud,
    pub(super) journal: Mortal,
    pub(super) number: u64,
    state: Mutex<(Option<Lease>, Option<Timestamp>)>,
    renewed: Mutex<Option<Timestamp>>,
}

impl Process {
    pub(super) fn new(world: Arc<World>, cloud: FaultyCloud, number: u64) -> Self {
        let journal = Mortal { world: world.clone(), killed: cloud.killed() };
        Self { world, cloud, journal, number, state: Mutex::default(), renewed: Mutex::default() }
    }

    pub(super) fn lease(&self) -> Option<Lease> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// When its last plan was made.
    pub(super) fn planned_at(&self) -> Option<Timestamp> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    pub(super) fn set_lease(&self, lease: Option<Lease>) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = lease.as_ref().map(|_| self.world.now());
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0 = lease;
    }

    /// Whether the lease should be renewed: long before it expires, and not at every look.
    pub(super) fn is_due(&self) -> bool {
        let now = self.world.now();
        let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        let due = renewed.is_none_or(|at| now.duration_since(at) >= RENEW);
        if due {
            *renewed = Some(now);
        }
        due
    }

    pub(super) fn set_planned(&self, at: Timestamp) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(at);
    }

    /// Runs until it is asked to end. One that is killed is simply not asked any more.
    pub(super) async fn run(self) {
        loop {
            if self.world.truth().ending {
                return;
            }
            let holder = format!("process {}", self.number);
            match self.world.store.acquire("enforce", &holder, self.world.now(), TTL_S) {
                Ok(lease) => {
                    self.set_lease(Some(lease.clone()));
                    if let Err(error) = self.session(&lease).await {
                        self.world.count("process", "gave up");
                        self.world.tell(|| format!("[{}] gave up: {error}", self.number));
                    }
                    self.set_lease(None);
                    if self.journal.alive().is_ok() {
                        drop(self.world.store.release(&lease));
                    }
                }
                Err(StoreError::LeaseHeld { .. }) => {
                    self.world.count("process", "found the lease held");
                    self.world.time.sleep(PATIENCE).await;
                    continue;
                }
                Err(error) => self.world.tell(|| format!("[{}] no lease: {error}", self.number)),
            }
            let quiet = self.world.truth().quiet;
            self.world.time.sleep(if quiet { QUIET_INTERVAL } else { INTERVAL }).await;
        }
    }

    async fn session(&self, lease: &Lease) -> Result<(), StoreError> {
        self.recover(lease).await?;
        self.serve_people(lease).await?;
        let Some(seen) = self.look().await else { return Ok(()) };
        let plan = self.plan(&seen).await?;
        self.execute(lease, &seen, &plan).await;
        Ok(())
    }

    pub(super) fn engine<'a>(&'a self, lease: &'a Lease) -> Engine<'a> {
        Engine { read: &self.cloud, probe: &self.cloud, write: &self.cloud, journal: &self.journal, lease, host: self }
    }

    /// What another process left behind comes first.
    pub(super) async fn recover(&self, lease: &Lease) -> Result<(), StoreError> {
        let now = self.world.now();
        let due = |record: &OperationRecord| match record.status {
            OperationStatus::Running | OperationStatus::RollingBack => true,
            OperationStatus::Retaining => record.facts.retain_until.is_some_and(|until| until <= now),
            OperationStatus::NeedsHuman | OperationStatus::Done | OperationStatus::RolledBack => false,
        };
        for record in self.unfinished()?.into_iter().filter(due) {
            let name = if record.status == OperationStatus::Retaining { "ended a retention" } else { GOES_ON };
            self.world.count("process", name);
            let ended = self.engine(lease).go_on(record).await;
            self.told(ended)?;
        }
        Ok(())
    }

    pub(super) fn unfinished(&self) -> Result<Vec<OperationRecord>, StoreError> {
        self.world.store.unfinished_operations()
    }

    /// A store that fails, or a lost lease, ends the session; other halts only the operation.
    pub(super) fn told(&self, ended: Result<OperationRecord, Halt>) -> Result<Option<OperationRecord>, StoreError> {
        match ended {
            Ok(record) => Ok(Some(record)),
            Err(Halt::Store(error @ (StoreError::LeaseLost { .. } | StoreError::Other(_)))) => Err(error),
            Err(halt) => {
                self.world.count("halt", halt_name(&halt));
                self.world.tell(|| format!("[{}] halted: {halt}", self.number));
                Ok(None)
            }
        }
    }
}

const GOES_ON: &str = "went on with another's operation";

fn halt_name(halt: &Halt) -> &'static str {
    match halt {
        Halt::Store(_) => "journal refused",
        Halt::Pulled(_) => "kill switch",
        Halt::Stopping => "asked to end",
        Halt::Killed => "killed",
    }
}

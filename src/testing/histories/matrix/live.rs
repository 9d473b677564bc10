//! What one process does in a scene: what it was started for, and whatever it finds open.

use std::time::Duration;

use crate::remediate::{OperationRecord, OperationStatus};
use crate::store::{Lease, StoreError};
use crate::testing::histories::host::TTL_S;
use crate::testing::histories::process::Process;
use crate::types::OperationId;

/// How long a process waits for a lease that a dead one holds.
const PATIENCE: Duration = Duration::from_secs(90);
const BY: &str = "ops@example.com";

/// What a process is started for; after that it goes on with whatever is open.
#[derive(Clone, Debug)]
pub(super) enum Task {
    /// To begin this operation, unless that was done.
    Begin(Box<OperationRecord>),
    /// To undo this operation, unless that was begun.
    UndoAll(OperationId),
    /// To go on with this operation, which needs a person.
    Resume(OperationId),
}

/// Runs until every operation rests; `to_the_end`: past the retention.
pub(super) async fn live(process: &Process, task: &Task, to_the_end: bool) -> Result<(), StoreError> {
    let world = &process.world;
    let mut first = true;
    loop {
        let lease = match world.store.acquire("enforce", "process", world.now(), TTL_S) {
            Ok(lease) => lease,
            Err(StoreError::LeaseHeld { .. }) => {
                world.time.sleep(PATIENCE).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        process.set_lease(Some(lease.clone()));
        if std::mem::take(&mut first) {
            serve(process, &lease, task).await?;
        }
        process.recover(&lease).await?;
        process.set_lease(None);
        process.journal.alive()?;
        world.store.release(&lease)?;
        let retained = world.store.unfinished_operations()?.into_iter();
        let retained = retained.filter(|record| to_the_end && record.status == OperationStatus::Retaining);
        let Some(until) = retained.filter_map(|record| record.facts.retain_until).min() else { return Ok(()) };
        let left = Duration::try_from(until.duration_since(world.now())).unwrap_or_default();
        world.time.sleep(left).await;
    }
}

async fn serve(process: &Process, lease: &Lease, task: &Task) -> Result<(), StoreError> {
    let (store, engine) = (&process.world.store, process.engine(lease));
    let ended = match task {
        Task::Begin(record) => match store.operation(&record.id)? {
            None => engine.begin(OperationRecord::clone(record)).await,
            Some(_) => return Ok(()),
        },
        Task::UndoAll(id) => match store.operation(id)? {
            Some(record) if !record.status.is_over() && !record.facts.undo_all => engine.undo_all(record, BY).await,
            _ => return Ok(()),
        },
        Task::Resume(id) => match store.operation(id)? {
            Some(record) => engine.resume(record, BY).await,
            None => return Ok(()),
        },
    };
    process.told(ended).map(|_| ())
}

//! The journal as a process that can be killed sees it: a dead process writes nothing any more.

use std::sync::Arc;

use jiff::Timestamp;

use super::world::World;
use crate::remediate::{Approval, Journal, JournalEntry, OperationRecord, OwnCall};
use crate::store::{Lease, StoreError};
use crate::testing::Killed;
use crate::types::{InstanceId, OperationId, OperationKind};

/// The journal of one process.
pub(super) struct Mortal {
    pub(super) world: Arc<World>,
    pub(super) killed: Killed,
}

impl Mortal {
    pub(super) fn alive(&self) -> Result<(), StoreError> {
        if self.killed.happened() { Err(StoreError::Other("killed".to_owned())) } else { Ok(()) }
    }
}

impl Journal for Mortal {
    fn begin_operation(&self, lease: &Lease, record: &OperationRecord) -> Result<(), StoreError> {
        self.alive()?;
        self.world.store.begin_operation(lease, record)
    }

    fn record_progress(&self, lease: &Lease, record: &OperationRecord, entry: &JournalEntry) -> Result<(), StoreError> {
        self.alive()?;
        self.world.store.record_progress(lease, record, entry)
    }

    fn operation(&self, id: &OperationId) -> Result<Option<OperationRecord>, StoreError> {
        self.world.store.operation(id)
    }

    fn unfinished_operations(&self) -> Result<Vec<OperationRecord>, StoreError> {
        self.world.store.unfinished_operations()
    }

    fn operations_since(&self, since: Timestamp) -> Result<Vec<OperationRecord>, StoreError> {
        self.world.store.operations_since(since)
    }

    fn operations_of(&self, instance: &InstanceId) -> Result<Vec<OperationRecord>, StoreError> {
        self.world.store.operations_of(instance)
    }

    fn last_operation(
        &self,
        instance: &InstanceId,
        kind: OperationKind,
    ) -> Result<Option<OperationRecord>, StoreError> {
        self.world.store.last_operation(instance, kind)
    }

    fn journal_of(&self, id: &OperationId) -> Result<Vec<JournalEntry>, StoreError> {
        self.world.store.journal_of(id)
    }

    fn own_calls(&self, since: Timestamp) -> Result<Vec<OwnCall>, StoreError> {
        self.world.store.own_calls(since)
    }

    fn approve(&self, approval: &Approval) -> Result<(), StoreError> {
        self.alive()?;
        self.world.store.approve(approval)
    }

    fn approvals(&self, now: Timestamp) -> Result<Vec<Approval>, StoreError> {
        self.world.store.approvals(now)
    }
}

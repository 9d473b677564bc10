//! What this stage needs from the store. Every write is one transaction on disk before the method returns, and is
//! refused when the lease was lost: a paused process that wakes up can no longer act.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{OperationRecord, StepState, WriteCall};
use crate::store::{Lease, StoreError};
use crate::types::{InstanceId, OperationId, OperationKind, Place, PlanHash};

/// One line of the journal: something happened to a step, or to the operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Order of commit.
    pub seq: i64,
    /// Operation.
    pub operation: OperationId,
    /// When.
    pub at: Timestamp,
    /// Index of the step; `None`: the operation itself.
    pub step: Option<usize>,
    /// Step name, or the operation's new status.
    pub name: String,
    /// The step's new state; `None`: the operation itself.
    pub state: Option<StepState>,
    /// The call of an intent.
    pub call: Option<WriteCall>,
    /// AWS's request id of a call that was answered.
    pub request_id: Option<String>,
    /// An error, a note.
    pub detail: Option<String>,
}

/// A call that the journal says we made or meant to make.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnCall {
    /// Operation.
    pub operation: OperationId,
    /// Where.
    pub place: Place,
    /// When the intent was written.
    pub from: Timestamp,
    /// When the step ended, or the next intent was written; `None`: still open.
    pub until: Option<Timestamp>,
    /// The call.
    pub call: WriteCall,
    /// Request id, when the answer arrived.
    pub request_id: Option<String>,
}

/// A person's approval of the operations of a plan that need one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// The hash that was approved.
    pub plan: PlanHash,
    /// Hashes of the operations that it covers. None in an approval of an older version: it covers what is planned while
    /// the whole plan has its hash.
    #[serde(default)]
    pub operations: BTreeSet<PlanHash>,
    /// Who.
    pub approver: String,
    /// When.
    pub at: Timestamp,
    /// Until when it counts.
    pub expires_at: Timestamp,
}

/// The journal of operations.
pub trait Journal {
    /// Begins an operation, with its audit entry. A conflict: another operation on this instance is not over
    /// (a release or rollback may begin on one that is retaining or needs a person, and any on what one that is
    /// retaining launched).
    fn begin_operation(&self, lease: &Lease, record: &OperationRecord) -> Result<(), StoreError>;

    /// Writes an operation's new state and what happened, in one transaction, with an audit entry when the
    /// operation's status changed or a step was done or undone. Illegal moves of operation or steps are conflicts.
    fn record_progress(&self, lease: &Lease, record: &OperationRecord, entry: &JournalEntry) -> Result<(), StoreError>;

    /// One operation.
    fn operation(&self, id: &OperationId) -> Result<Option<OperationRecord>, StoreError>;

    /// Operations that are not over, oldest first.
    fn unfinished_operations(&self) -> Result<Vec<OperationRecord>, StoreError>;

    /// Operations begun since a time, oldest first.
    fn operations_since(&self, since: Timestamp) -> Result<Vec<OperationRecord>, StoreError>;

    /// Operations on an instance, or that made it, oldest first.
    fn operations_of(&self, instance: &InstanceId) -> Result<Vec<OperationRecord>, StoreError>;

    /// The last operation of this kind on this instance.
    fn last_operation(&self, instance: &InstanceId, kind: OperationKind)
    -> Result<Option<OperationRecord>, StoreError>;

    /// The journal of one operation.
    fn journal_of(&self, id: &OperationId) -> Result<Vec<JournalEntry>, StoreError>;

    /// Calls since a time.
    fn own_calls(&self, since: Timestamp) -> Result<Vec<OwnCall>, StoreError>;

    /// A person approves a plan, with the audit entry.
    fn approve(&self, approval: &Approval) -> Result<(), StoreError>;

    /// Approvals that have not expired.
    fn approvals(&self, now: Timestamp) -> Result<Vec<Approval>, StoreError>;
}

//! What the judge gets: the account's own log, how the account met each operation, and what people had decided by
//! when. Nothing of it comes from the planner, the engine or the journal.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::remediate::{Method, OperationStatus};
use crate::testing::{AccountEntry, SeenOperation, ServerForm};
use crate::types::{InstanceId, OperationId, OperationKind, Track};

/// Something that the history itself knows.
#[derive(Clone, Debug)]
pub enum Fact {
    /// People paused everything.
    Paused,
    /// People let it go on.
    Resumed,
    /// How many instances may be out at once from now on.
    Budget(usize),
    /// A process says that it begins an operation.
    Began {
        /// Operation.
        operation: OperationId,
        /// What.
        kind: OperationKind,
        /// On which instance.
        instance: InstanceId,
        /// Track.
        track: Track,
        /// How it replaces.
        method: Method,
        /// Whether data volumes move, which cannot be done while the old instance runs.
        moves_data: bool,
        /// The operation that it undoes.
        undoes: Option<OperationId>,
        /// When the plan was made that it comes from; `None`: a person asked for it.
        planned_at: Option<Timestamp>,
    },
    /// A process says that an operation has this status now.
    Became {
        /// Operation.
        operation: OperationId,
        /// Status.
        status: OperationStatus,
        /// The form of its instance, when it is over.
        form: Option<Box<ServerForm>>,
    },
}

/// A fact with its place among the changes of the account.
#[derive(Clone, Debug)]
pub struct Witnessed {
    /// How many changes there had been.
    pub after: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub fact: Fact,
}

/// Everything that is judged.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The account's log.
    pub log: Vec<AccountEntry>,
    /// Operations that made a call.
    pub operations: BTreeMap<OperationId, SeenOperation>,
    /// Facts, in order.
    pub facts: Vec<Witnessed>,
    /// How long an old instance is kept, in seconds.
    pub retain_s: i64,
    /// How long a finished operation counts against the budget, in seconds.
    pub cooldown_s: i64,
    /// What is wrong with the audit log, if anything is.
    pub audit: Option<String>,
    /// Operations that no process goes on with although nothing stands against it.
    pub stranded: Vec<OperationId>,
}

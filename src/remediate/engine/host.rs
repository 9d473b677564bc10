//! What the engine needs of the program around it.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::collect::ReadError;
use crate::plan::AlarmState;
use crate::remediate::{Evidence, Facts, LaunchRequest, OperationRecord};
use crate::store::StoreError;
use crate::types::{FleetName, InstanceId};

/// Whether a fresh look at a server equals its golden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attested {
    /// Everything was seen, and nothing differs.
    Clean,
    /// Not everything has been seen yet.
    Waiting(String),
    /// It differs.
    Different(Vec<String>),
}

/// On which side of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// The intent is written, the call is not made.
    Before,
    /// The call is made, its outcome is not written.
    After,
}

/// What a fail point says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Go,
    /// Be as if killed: nothing more is called or written.
    Die,
}

/// Why the engine stopped before the operation came to rest. Its record stays in the journal as it is.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// The journal cannot be written, or the lease was lost.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kill switch is pulled, or cannot be read.
    #[error("stopped before the next change: {0}")]
    Pulled(String),
    /// The process was asked to end.
    #[error("asked to end; the operation goes on with the next run")]
    Stopping,
    /// A fail point.
    #[error("killed by a fail point")]
    Killed,
}

/// The outside world, apart from AWS and the journal.
#[async_trait]
pub trait Host: Send + Sync {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Lets time pass.
    async fn sleep(&self, duration: Duration);

    /// Keeps the lease; called before every call and every wait.
    fn renew(&self) -> Result<(), StoreError>;

    /// Whether the process was asked to end.
    fn stopping(&self) -> bool;

    /// The kill switch, read before every change. Anything but a clear "go" is an error with the reason.
    async fn may_change(&self, record: &OperationRecord) -> Result<(), String>;

    /// A fresh look at a server, compared with the operation's golden.
    async fn attest(&self, record: &OperationRecord, instance: &InstanceId) -> Result<Attested, ReadError>;

    /// The user data that a launch names by its digest.
    async fn user_data(&self, record: &OperationRecord, request: &LaunchRequest) -> Result<Option<Vec<u8>>, String>;

    /// The alarms that the operation's fleet names, each with its state. One that nobody can tell is `Unknown`.
    async fn alarms(&self, record: &OperationRecord) -> Vec<(String, AlarmState)>;

    /// Whether what an operation replaces by may still be launched and take over: it may be revoked on the way.
    fn golden_stands(&self, record: &OperationRecord) -> Result<(), String>;

    /// Gathers evidence; what became known is added to the facts.
    async fn collect(&self, record: &OperationRecord, what: Evidence) -> Result<Facts, String>;

    /// Freezes a fleet: its replacements do not equal their golden.
    fn freeze(&self, fleet: &FleetName, reason: &str) -> Result<(), StoreError>;

    /// Operations on an instance, from the journal.
    fn operations_of(&self, instance: &InstanceId) -> Vec<OperationRecord>;

    /// A fail point.
    fn at(&self, record: &OperationRecord, step: usize, moment: Moment) -> Flow;

    /// Something changed that people may want to see.
    fn progress(&self, record: &OperationRecord, text: &str);
}

//! Places where tests end the process, to prove that the next one goes on.

#[cfg(feature = "testing")]
mod points;

#[cfg(feature = "testing")]
pub use points::{FailPoint, KillAt};

use super::{Flow, Moment, OperationRecord};

/// Asked around every step.
pub trait Hooks: Send + Sync {
    /// At one moment of one step.
    fn at(&self, operation: &OperationRecord, step: usize, moment: Moment) -> Flow;
}

/// Nothing happens.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {
    fn at(&self, _operation: &OperationRecord, _step: usize, _moment: Moment) -> Flow {
        Flow::Go
    }
}

//! Places where tests end the process, to prove that the next one goes on.

#[cfg(feature = "testing")]
mod points;

#[cfg(feature = "testing")]
pub use points::{FailPoint, KillAt};

use super::OperationRecord;

/// On which side of a step's effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailMoment {
    /// The intent is written, the call is not made.
    Before,
    /// The call is made, its outcome is not written.
    After,
}

/// What happens at such a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Go,
    /// Return at once and write nothing more, as if the process had been killed.
    Die,
}

/// Asked around every step.
pub trait Hooks: Send + Sync {
    /// At one moment of one step.
    fn at(&self, operation: &OperationRecord, step: usize, moment: FailMoment) -> Flow;
}

/// Nothing happens.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {
    fn at(&self, _operation: &OperationRecord, _step: usize, _moment: FailMoment) -> Flow {
        Flow::Go
    }
}

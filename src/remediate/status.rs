//! Where operations and steps stand, and which moves between these states are legal. The journal rejects others.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationStatus {
    /// Going forward.
    Running,
    /// The replacement serves; the old instance is kept, isolated and stopped, until its time is over.
    Retaining,
    /// Going back.
    RollingBack,
    /// It cannot go on by itself, in either direction.
    NeedsHuman,
    /// All steps are done.
    Done,
    /// Everything that could be undone was undone.
    RolledBack,
}

impl OperationStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Retaining, Self::RollingBack, Self::NeedsHuman, Self::Done, Self::RolledBack];

    /// The kebab-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Retaining => "retaining",
            Self::RollingBack => "rolling-back",
            Self::NeedsHuman => "needs-human",
            Self::Done => "done",
            Self::RolledBack => "rolled-back",
        }
    }

    /// Whether an operation may go from here to there. Staying where it is is progress within a status.
    pub fn may_become(self, next: Self) -> bool {
        use OperationStatus::{Done, NeedsHuman, Retaining, RolledBack, RollingBack, Running};
        matches!(
            (self, next),
            (Running, Running | Retaining | RollingBack | NeedsHuman | Done)
                | (Retaining, Retaining | Running | RollingBack | NeedsHuman)
                | (RollingBack, RollingBack | NeedsHuman | RolledBack)
                | (NeedsHuman, NeedsHuman | Running | RollingBack)
        )
    }

    /// Whether it has ended for good.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::RolledBack)
    }

    /// Whether it takes part in the fleet's capacity: begun, and neither over nor only waiting for retention.
    pub fn is_in_flight(self) -> bool {
        matches!(self, Self::Running | Self::RollingBack | Self::NeedsHuman)
    }
}

impl fmt::Display for OperationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// Not begun.
    #[default]
    Pending,
    /// The intent is written; the call may have been made.
    Intended,
    /// Its effect is in place.
    Done,
    /// There was nothing to do.
    Skipped,
    /// It was given up; its call may still have had an effect.
    Failed,
    /// The intent to undo it is written.
    Undoing,
    /// It is undone.
    Undone,
    /// It could not be undone.
    Stuck,
}

impl StepState {
    /// The kebab-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Intended => "intended",
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::Stuck => "stuck",
        }
    }

    /// Whether a step may go from here to there.
    pub fn may_become(self, next: Self) -> bool {
        use StepState::{Done, Failed, Intended, Pending, Skipped, Stuck, Undoing, Undone};
        matches!(
            (self, next),
            (Pending, Pending | Intended | Done | Skipped | Failed)
                | (Intended, Intended | Done | Failed | Undoing | Undone | Stuck)
                | (Done, Done | Undoing | Undone | Stuck)
                | (Skipped, Skipped)
                | (Failed, Failed | Intended | Done | Undoing | Undone | Stuck)
                | (Undoing, Undoing | Undone | Stuck)
                | (Undone, Undone)
                | (Stuck, Stuck | Undoing | Undone)
        )
    }
}

impl fmt::Display for StepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

//! Everything that can go wrong at one call.

use std::time::Duration;

use crate::collect::ReadFailure;
use crate::remediate::{WriteCall, WriteFailure};
use crate::testing::{Faults, ReadFault, WriteFault};

/// How long readers see the old state: less than the time that the engine allows for.
const LATE: Duration = Duration::from_secs(90);

/// What goes wrong at one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// This, the first time.
    Once(WriteFault),
    /// This, for the first process and the one that follows it.
    Again(WriteFault),
    /// This, whenever the call is made.
    Always(WriteFault),
}

impl Trouble {
    /// All of it.
    pub(super) fn all() -> Vec<Self> {
        use WriteFault::{Fail, KillAfter, KillBefore, LoseAnswer, SeenLate, Twice};
        let mut all: Vec<Self> =
            [KillBefore, KillAfter, Twice, SeenLate(LATE), LoseAnswer].into_iter().map(Self::Once).collect();
        all.extend([Self::Again(KillBefore), Self::Again(KillAfter), Self::Always(LoseAnswer)]);
        for failure in WriteFailure::ALL {
            all.extend([Self::Once(Fail(failure)), Self::Always(Fail(failure))]);
        }
        all
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Once(fault) => format!("once-{}", fault.name()),
            Self::Again(fault) => format!("again-{}", fault.name()),
            Self::Always(fault) => format!("always-{}", fault.name()),
        }
    }

    /// The faults of a process: `call` is the one with this number in the undisturbed play.
    pub(super) fn faults(self, process: u64, number: u64, call: &WriteCall) -> Faults {
        let this = |fault, times| Faults::Call { call: Box::new(call.clone()), fault, times };
        match (self, process) {
            (Self::Once(fault) | Self::Again(fault), 1) => Faults::at_write(number, fault),
            (Self::Again(fault), 2) => this(fault, 1),
            (Self::Always(fault), _) => this(fault, u64::MAX),
            (Self::Once(_) | Self::Again(_), _) => Faults::None,
        }
    }

    /// Whether a process is killed, once.
    pub(super) fn is_kill(self) -> bool {
        matches!(self, Self::Once(WriteFault::KillBefore | WriteFault::KillAfter))
    }

    /// Whether it passes, so that the operation ends as if nothing had been.
    pub(super) fn passes(self) -> bool {
        match self {
            Self::Once(WriteFault::Fail(failure)) => failure.is_transient() || failure == WriteFailure::NotFound,
            Self::Once(_) | Self::Again(_) => true,
            Self::Always(_) => false,
        }
    }
}

/// What goes wrong at every write of a play, and whether that passes. Which member a group has launched is known only from
/// an answer.
pub(super) const EVERYWHERE: [(&str, WriteFault, bool); 3] = [
    ("every-made-twice", WriteFault::Twice, true),
    ("every-seen-late", WriteFault::SeenLate(LATE), true),
    ("every-answer-lost", WriteFault::LoseAnswer, false),
];

/// Failures of reads, each in its turn.
const READS: [ReadFailure; 7] = [
    ReadFailure::Throttled,
    ReadFailure::Timeout,
    ReadFailure::Unavailable,
    ReadFailure::Denied,
    ReadFailure::Credentials,
    ReadFailure::NotFound,
    ReadFailure::Invalid,
];

/// What goes wrong at one read: 0, the process is killed there; 1, it fails, and the reads of a play take turns with the
/// ways in which a read can fail.
pub(super) fn of_read(number: u64, way: usize) -> ReadFault {
    if way == 0 {
        return ReadFault::Kill;
    }
    let turn = usize::try_from(number).unwrap_or_default() % READS.len();
    ReadFault::Fail(READS.get(turn).copied().unwrap_or(ReadFailure::Throttled))
}

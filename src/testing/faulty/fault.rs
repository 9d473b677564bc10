//! The faults, and where they come from: a script by call number, or chance.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::collect::ReadFailure;
use crate::remediate::{WriteCall, WriteFailure};
use crate::testing::random::Dice;

/// What happens to one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteFault {
    /// It fails without an effect.
    Fail(WriteFailure),
    /// It has its effect, and the answer is lost.
    LoseAnswer,
    /// It is made twice: the network delivered it twice.
    Twice,
    /// Readers go on seeing the old state for so long.
    SeenLate(Duration),
    /// The process is killed before it reaches the account.
    KillBefore,
    /// The process is killed after it had its effect, before the answer.
    KillAfter,
}

impl WriteFault {
    /// A stable name, for counting.
    pub fn name(self) -> String {
        match self {
            Self::Fail(failure) => format!("write-{}", failure.as_str()),
            Self::LoseAnswer => "answer-lost".to_owned(),
            Self::Twice => "made-twice".to_owned(),
            Self::SeenLate(_) => "seen-late".to_owned(),
            Self::KillBefore => "killed-before".to_owned(),
            Self::KillAfter => "killed-after".to_owned(),
        }
    }
}

/// What happens to one read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFault {
    /// It fails.
    Fail(ReadFailure),
    /// The process is killed.
    Kill,
}

impl ReadFault {
    /// A stable name, for counting.
    pub fn name(self) -> String {
        match self {
            Self::Fail(failure) => format!("read-{failure}").replace(' ', "-"),
            Self::Kill => "killed-reading".to_owned(),
        }
    }
}

/// How often each fault strikes, in a thousand calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRates {
    /// Writes fail without an effect.
    pub fail: u64,
    /// Answers are lost.
    pub lose: u64,
    /// Writes are made twice.
    pub twice: u64,
    /// Writes are seen late.
    pub late: u64,
    /// The process is killed at a write.
    pub kill: u64,
    /// Reads fail.
    pub read_fail: u64,
    /// The process is killed at a read.
    pub read_kill: u64,
}

/// Where faults come from.
#[derive(Clone, Debug, Default)]
pub enum Faults {
    /// There are none.
    #[default]
    None,
    /// By the number of the call, from 1; writes and reads count for themselves.
    Script {
        /// Faults of writes.
        writes: BTreeMap<u64, WriteFault>,
        /// Faults of reads.
        reads: BTreeMap<u64, ReadFault>,
    },
    /// Every write.
    EveryWrite(WriteFault),
    /// One call, whenever it is made, this often.
    Call {
        /// The call, word for word.
        call: Box<WriteCall>,
        /// What happens to it.
        fault: WriteFault,
        /// How many more times.
        times: u64,
    },
    /// By chance.
    Chance {
        /// Whence.
        dice: Dice,
        /// How often.
        rates: FaultRates,
    },
}

impl Faults {
    /// One fault, at one write.
    pub fn at_write(number: u64, fault: WriteFault) -> Self {
        Self::Script { writes: BTreeMap::from([(number, fault)]), reads: BTreeMap::new() }
    }

    /// One fault, at one read.
    pub fn at_read(number: u64, fault: ReadFault) -> Self {
        Self::Script { writes: BTreeMap::new(), reads: BTreeMap::from([(number, fault)]) }
    }

    pub(super) fn of_write(&mut self, number: u64, made: &WriteCall) -> Option<WriteFault> {
        match self {
            Self::None => None,
            Self::Script { writes, .. } => writes.get(&number).copied(),
            Self::EveryWrite(fault) => Some(*fault),
            Self::Call { call, fault, times } => {
                let strikes = *times > 0 && **call == *made;
                *times -= u64::from(strikes);
                strikes.then_some(*fault)
            }
            Self::Chance { dice, rates } => rates.write(dice),
        }
    }

    pub(super) fn of_read(&mut self, number: u64) -> Option<ReadFault> {
        match self {
            Self::None | Self::EveryWrite(_) | Self::Call { .. } => None,
            Self::Script { reads, .. } => reads.get(&number).copied(),
            Self::Chance { dice, rates } => rates.read(dice),
        }
    }
}

/// Failures without an effect that any service may answer at any time.
const PASSING: [WriteFailure; 5] = [
    WriteFailure::Throttled,
    WriteFailure::Throttled,
    WriteFailure::Unavailable,
    WriteFailure::Timeout,
    WriteFailure::Conflict,
];
/// And those that stay away longer, rarely.
const LASTING: [WriteFailure; 3] = [WriteFailure::Denied, WriteFailure::Capacity, WriteFailure::Invalid];
/// Failures of reads.
const READS: [ReadFailure; 4] =
    [ReadFailure::Throttled, ReadFailure::Timeout, ReadFailure::Unavailable, ReadFailure::Denied];

impl FaultRates {
    fn write(self, dice: &mut Dice) -> Option<WriteFault> {
        let mut rest = dice.below(1000);
        let mut within = |rate: u64| {
            let hit = rest < rate;
            rest = if hit { u64::MAX } else { rest - rate };
            hit
        };
        if within(self.fail) {
            let kinds: &[WriteFailure] = if dice.per_mille(150) { &LASTING } else { &PASSING };
            return dice.pick(kinds).copied().map(WriteFault::Fail);
        }
        if within(self.lose) {
            return Some(WriteFault::LoseAnswer);
        }
        if within(self.twice) {
            return Some(WriteFault::Twice);
        }
        if within(self.late) {
            return Some(WriteFault::SeenLate(Duration::from_secs(dice.between(1, 60))));
        }
        if within(self.kill) {
            return Some(if dice.per_mille(500) { WriteFault::KillBefore } else { WriteFault::KillAfter });
        }
        None
    }

    fn read(self, dice: &mut Dice) -> Option<ReadFault> {
        let drawn = dice.below(1000);
        if drawn < self.read_fail {
            return dice.pick(&READS).copied().map(ReadFault::Fail);
        }
        (drawn < self.read_fail + self.read_kill).then_some(ReadFault::Kill)
    }
}

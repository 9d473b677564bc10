//! What verification found.

use jiff::Timestamp;

use crate::types::{AccountId, Region, TrailBreak};

/// Breaks and reasons that are kept; the counts stay exact.
const KEPT: usize = 1_000;

/// A list that remembers the first entries and counts all.
#[derive(Clone, Debug)]
pub struct Tally<T> {
    /// The first ones.
    pub kept: Vec<T>,
    /// How many there were.
    pub total: u64,
}

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), total: 0 }
    }
}

impl<T> Tally<T> {
    pub(super) fn add(&mut self, entry: T) {
        self.total += 1;
        if self.kept.len() < KEPT {
            self.kept.push(entry);
        }
    }

    fn join(&mut self, other: Self) {
        self.total += other.total;
        self.kept.extend(other.kept);
        self.kept.truncate(KEPT);
    }
}

/// Something that could not be judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unproven {
    /// Which file, or which part of the place.
    pub object: String,
    /// Why; for people.
    pub reason: String,
    /// The newest digest of a chain: the next one will hold its signature.
    pub waits_for_the_next: bool,
}

/// One chain of digest files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainReport {
    /// Account of the log files.
    pub account: AccountId,
    /// Region of the log files.
    pub region: Region,
    /// Trail.
    pub trail: String,
    /// The chain of late log files.
    pub backfill: bool,
    /// Start of the oldest digest that was read.
    pub from: Option<Timestamp>,
    /// End of the newest.
    pub through: Option<Timestamp>,
    /// Digest files looked at.
    pub digests: u64,
    /// Digest files whose signature holds.
    pub proven: u64,
    /// The digest before the oldest one here, when that one names it: what is older is not judged.
    pub earlier: Option<String>,
}

/// What verification found.
#[derive(Clone, Debug, Default)]
pub struct VerifyReport {
    /// Chains, by account, region and trail.
    pub chains: Vec<ChainReport>,
    /// Breaks, in the order of place and time.
    pub breaks: Tally<TrailBreak>,
    /// What could not be judged.
    pub unproven: Tally<Unproven>,
    /// Log files that digests list.
    pub logs: u64,
    /// Log files that were read.
    pub logs_read: u64,
    /// Log files that are as a proven digest lists them.
    pub logs_proven: u64,
    /// Bytes of log files, uncompressed.
    pub bytes: u64,
    /// Log files that were delivered after the newest digest, and wait for the next.
    pub logs_waiting: u64,
    /// Log files of times that no digest covers.
    pub logs_uncovered: u64,
}

impl VerifyReport {
    /// Whether all of it could be judged.
    pub fn is_judged(&self) -> bool {
        self.unproven.total == 0 && self.logs_uncovered == 0
    }

    /// Adds what was found in another place.
    pub fn add(&mut self, other: Self) {
        let Self { chains, breaks, unproven, logs, logs_read, logs_proven, bytes, logs_waiting, logs_uncovered } =
            other;
        self.chains.extend(chains);
        self.breaks.join(breaks);
        self.unproven.join(unproven);
        self.logs += logs;
        self.logs_read += logs_read;
        self.logs_proven += logs_proven;
        self.bytes = self.bytes.saturating_add(bytes);
        self.logs_waiting += logs_waiting;
        self.logs_uncovered += logs_uncovered;
        self.sort();
    }

    /// Puts breaks and reasons in a stable order: workers report as they finish.
    pub(super) fn sort(&mut self) {
        self.chains.sort();
        self.breaks.kept.sort();
        self.unproven.kept.sort();
    }
}

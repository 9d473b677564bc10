//! Runs many histories, or one of them step by step.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::judge::{Violation, judge};
use super::ledger::REAL_EVERY;
use super::play::play;
use super::tally::Tally;

/// Which histories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The first seed.
    pub from: u64,
    /// How many.
    pub seeds: u64,
    /// How many at once.
    pub jobs: usize,
}

/// A history in which something happened that must never happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// What.
    pub problems: Vec<String>,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Histories that were played to their end.
    pub histories: u64,
    /// What was exercised.
    pub tally: Tally,
    /// The failure with the lowest seed.
    pub failure: Option<Failure>,
}

/// Plays histories until one fails, or all are played. `told` hears how many are done, now and then.
pub fn run(options: Options, told: &(dyn Fn(u64) + Sync)) -> Summary {
    let next = AtomicU64::new(0);
    let failed_at = AtomicU64::new(u64::MAX);
    let summary = Mutex::new(Summary::default());
    let failures = Mutex::new(BTreeMap::new());
    let work = || {
        let mut tally = Tally::default();
        let mut played = 0;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            // Every seed below a failing one is played to its end, so that the lowest is named.
            if index >= options.seeds || index > failed_at.load(Ordering::Relaxed) {
                break;
            }
            let seed = options.from.wrapping_add(index);
            match one(seed, false) {
                Ok((counted, _, problems)) => {
                    tally.merge(&counted);
                    if !problems.is_empty() {
                        failed_at.fetch_min(index, Ordering::Relaxed);
                        lock(&failures).insert(seed, problems.iter().map(ToString::to_string).collect());
                    }
                }
                Err(problem) => {
                    failed_at.fetch_min(index, Ordering::Relaxed);
                    lock(&failures).insert(seed, vec![problem]);
                }
            }
            played += 1;
            told(index + 1);
        }
        let mut summary = lock(&summary);
        summary.histories += played;
        summary.tally.merge(&tally);
    };
    std::thread::scope(|scope| {
        for _ in 1..options.jobs.max(1) {
            scope.spawn(work);
        }
        work();
    });
    let mut summary = summary.into_inner().unwrap_or_else(PoisonError::into_inner);
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    summary.failure = failures.into_iter().next().map(|(seed, problems)| Failure { seed, problems });
    summary
}

/// Plays one history; answers what happened, line by line, and what must not have.
///
/// # Errors
/// When the world cannot be built.
pub fn history(seed: u64) -> Result<(Vec<String>, Vec<Violation>), String> {
    let (_, trace, problems) = one(seed, true)?;
    Ok((trace, problems))
}

fn one(seed: u64, trace: bool) -> Result<(Tally, Vec<String>, Vec<Violation>), String> {
    let (world, evidence) = play(seed, trace, seed.is_multiple_of(REAL_EVERY))?;
    let problems = judge(&evidence);
    let mut truth = world.truth();
    let mut lines = truth.trace.take().unwrap_or_default();
    if trace {
        let changes = evidence
            .log
            .iter()
            .map(|entry| format!("{} {:?} {} {:?}", entry.at, entry.by, entry.instance, entry.change));
        lines.extend(changes);
        lines.sort();
    }
    Ok((truth.tally.clone(), lines, problems))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

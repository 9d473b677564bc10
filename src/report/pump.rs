//! Moves due rows out of the outbox: at least once, in order for each destination, at its pace.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;

use super::backoff::{self, Next, later};
use super::bucket::Bucket;
use super::dead_letter::{give_up, restored};
use super::deliver::{Attempt, Client, CloudPublish, deliver};
use super::destination::Destination;
use super::pump_batch::{merged, together};
use crate::store::{Outbox, OutboxRow, StoreError, Threads};

/// Rows taken from the store at once.
const BATCH: usize = 256;
/// A row for a destination that the configuration no longer has is looked at again after this.
const UNKNOWN_PAUSE: Duration = Duration::from_secs(3600);

/// What is said of such rows.
const GONE: &str = "no destination of this name is configured (any more): add it again, or let the day pass";

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PumpSummary {
    /// Rows accepted by their receivers.
    pub delivered: u64,
    /// Rows that failed and will be tried again.
    pub retried: u64,
    /// Rows given up.
    pub dead: u64,
    /// Rows that are due and wait for their destination's rate limit.
    pub waiting: u64,
}

/// Sends due rows. Keeps each destination's rate limit between runs.
#[derive(Debug)]
pub struct Pump {
    client: Client,
    buckets: BTreeMap<String, Bucket>,
    /// Rows that a receiver took and that the store could not mark: while its disk is full nothing is sent twice.
    accepted: BTreeSet<i64>,
    /// What each failing destination said last, so that it is logged once.
    failing: BTreeMap<String, String>,
    has_cloud: bool,
}

impl Pump {
    /// A pump with full rate limits.
    pub fn new(client: Client) -> Self {
        Self { client, buckets: BTreeMap::new(), accepted: BTreeSet::new(), failing: BTreeMap::new(), has_cloud: false }
    }

    /// Sends what is due, at most `max_rounds` batches of it. `random` gives numbers in 0..1 for the backoff.
    ///
    /// # Errors
    /// When the store fails. A row that was accepted but could not be marked is sent again later, under the same
    /// id.
    pub async fn run<S: Outbox + Threads + ?Sized>(
        &mut self,
        store: &S,
        destinations: &[Destination],
        clock: impl Fn() -> Timestamp,
        mut random: impl FnMut() -> f64,
        max_rounds: usize,
    ) -> Result<PumpSummary, StoreError> {
        let mut total = PumpSummary::default();
        let mut batch = BATCH;
        for _ in 0..max_rounds {
            self.settle(store, clock())?;
            let rows = store.due(clock(), batch)?;
            let mut lanes: BTreeMap<&str, Vec<&OutboxRow>> = BTreeMap::new();
            for row in &rows {
                lanes.entry(&row.draft.destination).or_default().push(row);
            }
            let (mut runs, mut gone) = (Vec::new(), Vec::new());
            let mut moved = false;
            for (name, rows) in lanes {
                let Some(destination) = destinations.iter().find(|destination| destination.name == name) else {
                    unknown(store, &rows, destinations, clock(), &mut total)?;
                    gone.push(name.to_owned());
                    moved = true;
                    continue;
                };
                let bucket = self.buckets.get(name).copied().unwrap_or_else(|| Bucket::of(destination.kind.pace()));
                let lane = Lane { client: &self.client, destination, others: destinations, random: random(), bucket };
                runs.push(lane.run(store, rows, &clock));
            }
            // All destinations at once: one that hangs for its 20 seconds delays no other.
            total.waiting = 0;
            let results = join_all(runs).await;
            for name in gone {
                self.say(&name, Said::Failed(GONE.to_owned()));
            }
            moved |= self.absorb(results, &mut total)?;
            // Rows that wait for one destination's rate limit may fill the batch and hide another's.
            let hidden = total.waiting > 0 && rows.len() == batch;
            if hidden {
                batch = batch.saturating_mul(2);
            }
            if !moved && !hidden {
                break;
            }
        }
        Ok(total)
    }

    /// Reaches AWS by this, for the destinations there.
    pub fn use_cloud(&mut self, cloud: Arc<dyn CloudPublish>) {
        self.client = self.client.clone().with_cloud(cloud);
        self.has_cloud = true;
    }

    /// Whether a destination needs AWS and it was not given yet.
    pub fn wants_cloud(&self, destinations: &[Destination]) -> bool {
        !self.has_cloud && destinations.iter().any(|destination| destination.kind.is_cloud())
    }

    /// Takes over what came of every destination's part; says whether anything moved.
    fn absorb(&mut self, results: Vec<Ran>, total: &mut PumpSummary) -> Result<bool, StoreError> {
        let (mut moved, mut broken) = (false, None);
        for Ran { name, bucket, done, accepted, said, result } in results {
            self.accepted.extend(accepted);
            self.say(&name, said);
            self.buckets.insert(name, bucket);
            moved |= done.delivered + done.retried + done.dead > 0;
            total.delivered += done.delivered;
            total.retried += done.retried;
            total.dead += done.dead;
            total.waiting += done.waiting;
            broken = broken.or(result.err());
        }
        broken.map_or(Ok(moved), Err)
    }

    /// Marks what was taken before and could not be marked.
    fn settle<S: Outbox + ?Sized>(&mut self, store: &S, now: Timestamp) -> Result<(), StoreError> {
        while let Some(seq) = self.accepted.first().copied() {
            match store.delivered(seq, now) {
                // Pruned or given up meanwhile by somebody else: there is nothing to mark.
                Ok(()) | Err(StoreError::NotFound(_) | StoreError::Conflict(_)) => self.accepted.remove(&seq),
                Err(error) => return Err(error),
            };
        }
        Ok(())
    }

    /// Logs that a destination fails, once for each reason, and that it takes notices again.
    fn say(&mut self, name: &str, said: Said) {
        match said {
            Said::Nothing => {}
            Said::Took => {
                if self.failing.remove(name).is_some() {
                    tracing::info!(destination = name, "it takes alerts again");
                }
            }
            Said::Failed(error) => {
                if self.failing.get(name) != Some(&error) {
                    tracing::warn!(
                        destination = name,
                        error = %error,
                        "alerts are not taken; they wait and are tried again for a day (`cattleguard notify status`)"
                    );
                    self.failing.insert(name.to_owned(), error);
                }
            }
        }
    }

    /// Runs until nothing that is due waits for a rate limit any more, or until `until`. `sleep` lets time pass;
    /// when `clock` shows that it did not, this stops.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn drain<S: Outbox + Threads + ?Sized>(
        &mut self,
        store: &S,
        destinations: &[Destination],
        clock: impl Fn() -> Timestamp,
        mut random: impl FnMut() -> f64,
        until: Timestamp,
        sleep: impl AsyncFn(Duration),
    ) -> Result<PumpSummary, StoreError> {
        let mut total = PumpSummary::default();
        loop {
            let done = self.run(store, destinations, &clock, &mut random, usize::MAX).await?;
            total.delivered += done.delivered;
            total.retried += done.retried;
            total.dead += done.dead;
            total.waiting = done.waiting;
            let before = clock();
            if done.waiting == 0 || before >= until {
                return Ok(total);
            }
            sleep(Duration::from_secs(1)).await;
            if clock() <= before {
                return Ok(total);
            }
        }
    }
}

/// One run with fresh rate limits; see [`Pump::run`].
///
/// # Errors
/// When the store fails.
pub async fn pump<S: Outbox + Threads + ?Sized>(
    store: &S,
    destinations: &[Destination],
    client: Client,
    clock: impl Fn() -> Timestamp,
    random: impl FnMut() -> f64,
    max_rounds: usize,
) -> Result<PumpSummary, StoreError> {
    Pump::new(client).run(store, destinations, clock, random, max_rounds).await
}

/// Rows for a destination that is not configured any more: kept for a day in case it comes back.
fn unknown<S: Outbox + ?Sized>(
    store: &S,
    rows: &[&OutboxRow],
    others: &[Destination],
    now: Timestamp,
    total: &mut PumpSummary,
) -> Result<(), StoreError> {
    for row in rows {
        if now >= later(row.created_at, backoff::GIVE_UP_AFTER) {
            give_up(store, row, GONE, others, now)?;
            total.dead += 1;
        } else {
            store.failed(row.seq, GONE, later(now, UNKNOWN_PAUSE))?;
            total.retried += 1;
        }
    }
    Ok(())
}

/// What a destination's last attempt in a round came to.
enum Said {
    Nothing,
    Took,
    Failed(String),
}

/// What came of one destination's part of a round.
struct Ran {
    name: String,
    bucket: Bucket,
    done: PumpSummary,
    /// Rows that were taken and could not be marked.
    accepted: Vec<i64>,
    said: Said,
    result: Result<(), StoreError>,
}

/// One destination's part of a round.
struct Lane<'a> {
    client: &'a Client,
    destination: &'a Destination,
    others: &'a [Destination],
    random: f64,
    bucket: Bucket,
}

impl Lane<'_> {
    /// Sends in order; the first row that has to wait stops the lane, so nothing overtakes.
    async fn run<S: Outbox + Threads + ?Sized>(
        mut self,
        store: &S,
        rows: Vec<&OutboxRow>,
        clock: &impl Fn() -> Timestamp,
    ) -> Ran {
        let mut ran = Ran {
            name: self.destination.name.clone(),
            bucket: self.bucket,
            done: PumpSummary::default(),
            accepted: Vec::new(),
            said: Said::Nothing,
            result: Ok(()),
        };
        let mut taken = Vec::new();
        ran.result = self.send(store, rows, clock, &mut ran, &mut taken).await;
        if !taken.is_empty() && ran.result.is_ok() {
            ran.result = restored(store, &taken, &self.destination.name, self.others, clock());
        }
        ran.bucket = self.bucket;
        ran
    }

    async fn send<'r, S: Outbox + Threads + ?Sized>(
        &mut self,
        store: &S,
        rows: Vec<&'r OutboxRow>,
        clock: &impl Fn() -> Timestamp,
        ran: &mut Ran,
        taken: &mut Vec<&'r OutboxRow>,
    ) -> Result<(), StoreError> {
        let Ran { done, accepted, said, .. } = ran;
        let mut rest = rows.as_slice();
        // Of a list that was refused it is not known which is to blame: its rows go out one by one.
        let mut alone = 0_usize;
        while let Some(row) = rest.first() {
            if !self.bucket.take(clock()) {
                done.waiting = rest.len() as u64;
                break;
            }
            let (batch, after) = rest.split_at(if alone > 0 { 1 } else { together(self.destination, rest) });
            alone = alone.saturating_sub(1);
            if self.destination.kind.can_be_asked() {
                store.begin(row.seq, clock())?;
            }
            let whole = if batch.len() > 1 { merged(batch) } else { None };
            let attempt = deliver(whole.as_ref().unwrap_or(row), self.destination, self.client, store, clock()).await;
            let now = clock();
            let (error, asked) = match attempt {
                Attempt::Delivered => {
                    *said = Said::Took;
                    accepted.extend(batch.iter().map(|row| row.seq));
                    for row in batch {
                        store.delivered(row.seq, now)?;
                        accepted.retain(|seq| *seq != row.seq);
                        done.delivered += 1;
                    }
                    taken.extend(batch);
                    rest = after;
                    continue;
                }
                Attempt::Dead(_) if batch.len() > 1 => {
                    alone = batch.len();
                    continue;
                }
                Attempt::Dead(error) => {
                    *said = Said::Failed(error.clone());
                    give_up(store, row, &error, self.others, now)?;
                    done.dead += 1;
                    rest = after;
                    continue;
                }
                Attempt::RetryAfter(pause) => ("it asked for a pause".to_owned(), Some(pause)),
                Attempt::Retry(error) => (error, None),
            };
            *said = Said::Failed(error.clone());
            if self.put_off(store, row, (&error, asked), now, done)? {
                break;
            }
            rest = rest.get(1..).unwrap_or_default();
        }
        Ok(())
    }

    /// Says when a row is tried again, or gives it up; whether the rows after it have to wait.
    fn put_off<S: Outbox + ?Sized>(
        &self,
        store: &S,
        row: &OutboxRow,
        (error, asked): (&str, Option<Duration>),
        now: Timestamp,
        done: &mut PumpSummary,
    ) -> Result<bool, StoreError> {
        match backoff::next(row.created_at, now, row.attempts.saturating_add(1), self.random, asked) {
            Next::RetryAt(at) => {
                store.failed(row.seq, error, at)?;
                done.retried += 1;
                Ok(true)
            }
            Next::GiveUp => {
                give_up(store, row, error, self.others, now)?;
                done.dead += 1;
                Ok(false)
            }
        }
    }
}

/// Numbers in 0..1 for the backoff's jitter, different in each process: the standard library's random hash keys,
/// run through SplitMix64. Good enough to spread retries; not for secrets.
pub fn jitter() -> impl FnMut() -> f64 + Send {
    use std::hash::{BuildHasher as _, RandomState};
    let mut state = RandomState::new().hash_one("cattleguard jitter");
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // 53 bits fit a float exactly.
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
#[path = "pump_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "pump_storm_tests.rs"]
mod storm;

//! What reading objects shares: fetching within bounds, and handing what they hold to the batch.

use std::sync::Mutex;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::batch_mut;
use crate::collect::builder::Builder;
use crate::collect::collector::Collection;
use crate::collect::logs::{LogAccess, ObjectName, TrailLogs};
use crate::collect::source::ReadError;
use crate::collect::trail::{Batch, clean};
use crate::types::EventId;

/// A log file is a few megabytes at most; what is larger was not written by CloudTrail.
pub(super) const LARGEST: u64 = 32 * 1024 * 1024;

/// Objects held at the same time, all together, in KiB. The largest object fits.
const HELD_KIB: usize = 48 * 1024;

/// Objects of one account-region, or messages of one queue, that are read at the same time.
pub(super) const AT_ONCE: usize = 4;

/// What every source of objects needs.
pub(super) struct Reading<'a> {
    pub(super) collection: &'a Collection<'a>,
    pub(super) builder: &'a Mutex<Builder>,
    pub(super) batch: &'a Mutex<Batch>,
    pub(super) logs: &'a dyn TrailLogs,
    pub(super) now: Timestamp,
    room: Semaphore,
}

/// What an object, or an event of a queue, held.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Changes that were new to this scan.
    pub(super) changes: Vec<EventId>,
    /// Records that could be read.
    pub(super) records: u64,
    /// The first problem, and how many there were.
    pub(super) problems: Option<(String, u64)>,
}

impl Held {
    fn too_large(name: &ObjectName) -> Self {
        let problem = format!("{}: more than {LARGEST} bytes, which no log file has", clean(&name.to_string()));
        Self { problems: Some((problem, 1)), ..Self::default() }
    }

    /// Why nothing of it can be read, now or later.
    pub(super) fn garbage(&self) -> Option<&str> {
        self.problems.as_ref().filter(|_| self.records == 0).map(|(first, _)| first.as_str())
    }
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        collection: &'a Collection<'a>,
        builder: &'a Mutex<Builder>,
        batch: &'a Mutex<Batch>,
        logs: &'a dyn TrailLogs,
        now: Timestamp,
    ) -> Self {
        Self { collection, builder, batch, logs, now, room: Semaphore::new(HELD_KIB) }
    }

    /// Fetches one object and reads it. Not both are open at once: what is fetched is read before its room is given
    /// back, so that no object waits for another.
    pub(super) async fn object(&self, at: &LogAccess, name: &ObjectName, size: Option<u64>) -> Result<Held, ReadError> {
        if size.is_some_and(|size| size > LARGEST) {
            return Ok(Held::too_large(name));
        }
        let kib = u32::try_from(size.unwrap_or(LARGEST).div_ceil(1024)).unwrap_or(u32::MAX);
        let _room = self.room.acquire_many(kib.max(1)).await.ok();
        match self.logs.object(at, name, LARGEST).await {
            Ok(Some(bytes)) => Ok(self.read(&bytes, name)),
            Ok(None) => Ok(Held::too_large(name)),
            Err(error) => Err(ReadError { detail: format!("{}: {}", clean(&name.to_string()), error.detail), ..error }),
        }
    }

    fn read(&self, bytes: &[u8], name: &ObjectName) -> Held {
        let name = clean(&name.to_string());
        batch_mut(self.batch, |batch| {
            let (changes, problems) = (batch.changes(), batch.problems().len());
            let stats = batch.add_log(bytes, &name);
            Held {
                changes: batch.changed_since(changes),
                records: stats.events,
                problems: (stats.set_aside > 0).then(|| (batch.problem_since(problems), stats.set_aside)),
            }
        })
    }

    /// Adds one record that came by itself.
    pub(super) fn record(&self, raw: &str, origin: &str) -> Vec<EventId> {
        batch_mut(self.batch, |batch| {
            let before = batch.changes();
            batch.add(raw, origin);
            batch.changed_since(before)
        })
    }
}

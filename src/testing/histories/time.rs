//! Virtual time for several processes at once. Nothing here really waits.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::Timestamp;

use crate::testing::VirtualClock;
use crate::testing::clock::after;

/// The clock, and who waits for what time.
#[derive(Debug)]
pub(super) struct Time {
    clock: VirtualClock,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    count: u64,
    wakers: BTreeMap<(Timestamp, u64), Waker>,
}

impl Time {
    pub(super) fn new(clock: VirtualClock) -> Self {
        Self { clock, waiting: Mutex::default() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn sleep(&self, duration: Duration) -> Sleep<'_> {
        Sleep { time: self, until: after(self.now(), duration) }
    }

    /// When the first sleeper wakes.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.waiting().wakers.keys().next().map(|(time, _)| *time)
    }

    /// Lets time pass and wakes whoever slept until then.
    pub(super) fn move_to(&self, time: Timestamp) {
        self.clock.advance_to(time);
        let now = self.now();
        loop {
            let mut waiting = self.waiting();
            let Some(entry) = waiting.wakers.first_entry().filter(|entry| entry.key().0 <= now) else { return };
            let waker = entry.remove();
            drop(waiting);
            waker.wake();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ready when its time has come.
#[derive(Debug)]
pub(super) struct Sleep<'a> {
    time: &'a Time,
    until: Timestamp,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.time.now() >= self.until {
            return Poll::Ready(());
        }
        let mut waiting = self.time.waiting();
        waiting.count += 1;
        let key = (self.until, waiting.count);
        waiting.wakers.insert(key, context.waker().clone());
        Poll::Pending
    }
}

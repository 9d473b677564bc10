//! Threads that look at batches, and the one that hands batches out and takes outcomes back in order.
//!
//! The walk is one thread's: it lists folders in order and hands out the names in them. Whenever too much is under
//! way it takes the oldest outcomes, and helps while they are not ready. So outcomes never pile up, and memory and
//! open descriptors stay bounded.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Buffers;
use super::batch::{Batch, Outcome, Rules};

/// Batches under way at most, of [`super::batch::MOST`] names each. Each may hold the descriptor of its folder.
pub(super) const UNDER_WAY: usize = 160;

/// A batch with what came out of it.
pub(super) type Done = (Batch, Vec<Outcome>);

/// Shared by all threads of one walk.
pub(super) struct Pool<'r> {
    rules: &'r Rules,
    state: Mutex<State>,
    work: Condvar,
    done: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(u64, Batch)>,
    /// From the batch that is due onwards; `None` while one is not ready.
    ready: VecDeque<Option<Done>>,
    /// Number of the batch at the front of `ready`.
    due: u64,
    is_over: bool,
    /// A thread ended in the middle of a batch.
    is_broken: bool,
}

impl State {
    fn finish(&mut self, number: u64, done: Done) {
        let place = number.checked_sub(self.due).and_then(|place| usize::try_from(place).ok());
        if let Some(slot) = place.and_then(|place| self.ready.get_mut(place)) {
            *slot = Some(done);
        }
    }
}

impl<'r> Pool<'r> {
    pub(super) fn new(rules: &'r Rules) -> Self {
        Self { rules, state: Mutex::default(), work: Condvar::new(), done: Condvar::new() }
    }

    /// What each additional thread does until the walk is over.
    pub(super) fn work(&self) {
        let _guard = Guard(self);
        let mut buffers = Buffers::default();
        loop {
            let (number, mut batch) = {
                let mut state = self.lock();
                loop {
                    if state.is_over {
                        return;
                    }
                    match state.waiting.pop_front() {
                        Some(next) => break next,
                        None => state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
                    }
                }
            };
            let outcomes = batch.run(self.rules, &mut buffers);
            let mut state = self.lock();
            state.finish(number, (batch, outcomes));
            if number == state.due {
                self.done.notify_one();
            }
        }
    }

    /// Hands out a batch.
    pub(super) fn submit(&self, batch: Batch) {
        let mut state = self.lock();
        let number = state.due + state.ready.len() as u64;
        state.ready.push_back(None);
        state.waiting.push_back((number, batch));
        drop(state);
        self.work.notify_one();
    }

    /// The outcome of the oldest batch under way, helping while it is not ready; `None` when a thread broke.
    pub(super) fn oldest(&self, buffers: &mut Buffers) -> Option<Done> {
        let mut state = self.lock();
        loop {
            if state.is_broken {
                return None;
            }
            if state.ready.front()?.is_some() {
                state.due += 1;
                return state.ready.pop_front().flatten();
            }
            match state.waiting.pop_front() {
                Some((number, mut batch)) => {
                    drop(state);
                    let outcomes = batch.run(self.rules, buffers);
                    state = self.lock();
                    state.finish(number, (batch, outcomes));
                }
                None => state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Lets the additional threads end.
    pub(super) fn end(&self) {
        self.lock().is_over = true;
        self.work.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the others when a thread ends by a panic: they would wait for it for ever.
struct Guard<'p, 'r>(&'p Pool<'r>);

impl Drop for Guard<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().is_broken = true;
            self.0.done.notify_all();
        }
    }
}

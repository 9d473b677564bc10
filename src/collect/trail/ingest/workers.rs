//! Logs read at the same time, their findings put together in the order of the logs.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::IngestRequest;
use super::chunk::{Chunk, Filling};
use super::gather::Gather;
use crate::collect::trail::dir::DirStats;
use crate::collect::trail::files::{Files, Found};
use crate::collect::trail::log::LogReader;
use crate::collect::trail::own::ClassifyContext;

/// Bytes of JSON held by all workers together; a greater log is read piece by piece.
const WHOLE: usize = 48 * 1024 * 1024;
const WHOLE_EACH: std::ops::RangeInclusive<usize> = 4 * 1024 * 1024..=24 * 1024 * 1024;
/// Findings of one log are handed over when there are this many bytes of them.
const CHUNK: usize = 1024 * 1024;
/// Findings that may wait for an earlier log.
const WAITING: usize = 8 * 1024 * 1024;
/// Memory that is kept to be used again is no greater than this, for each worker.
const KEPT: usize = 2 * CHUNK;
/// As often as a progress bar moves.
const TICK: Duration = Duration::from_millis(120);

/// What the workers share.
struct Desk {
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    files: Files,
    /// Logs given out so far.
    given: u64,
    /// The log whose findings come next.
    turn: u64,
    /// Findings of later ones.
    waiting: BTreeMap<u64, Chunk>,
    waiting_bytes: usize,
    gather: Gather,
    /// Memory that chunks no longer need.
    spare: Vec<Vec<u8>>,
    failure: Option<io::Error>,
    so_far: DirStats,
    at_work: usize,
}

pub(super) fn read(request: &IngestRequest<'_>, own: &ClassifyContext) -> io::Result<Gather> {
    let threads = request.threads.max(1);
    let state = State {
        files: Files::new(request.paths),
        given: 0,
        turn: 0,
        waiting: BTreeMap::new(),
        waiting_bytes: 0,
        gather: Gather::new(),
        spare: Vec::new(),
        failure: None,
        so_far: DirStats::default(),
        at_work: threads,
    };
    let desk = Desk { state: Mutex::new(state), moved: Condvar::new() };
    let whole = (WHOLE / threads).clamp(*WHOLE_EACH.start(), *WHOLE_EACH.end());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let _leave = Leave(&desk);
                work(&desk, request, own, whole);
            });
        }
        desk.watch(request.progress);
    });
    let State { gather, failure, .. } = desk.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match failure {
        Some(error) => Err(error),
        None => Ok(gather),
    }
}

fn work(desk: &Desk, request: &IngestRequest<'_>, own: &ClassifyContext, whole: usize) {
    let mut reader = LogReader::new(whole);
    while let Some((number, log, spare)) = desk.next() {
        let mut flush = |chunk: &mut Chunk| {
            if chunk.text.len() > CHUNK {
                desk.hand_over(number, std::mem::take(chunk), false);
            }
        };
        let chunk = Chunk::using(spare);
        let mut filling = Filling { chunk, form: request.form, flush: &mut flush, on_trial: false };
        let stats = reader.read(log, own, &mut filling);
        let mut chunk = filling.chunk;
        chunk.stats = stats;
        desk.hand_over(number, chunk, true);
    }
}

/// Says that a worker has gone home, also when it panicked.
struct Leave<'d>(&'d Desk);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.at_work -= 1;
        if thread::panicking() {
            // The others would wait for its findings for ever.
            state.failure.get_or_insert_with(|| io::Error::other("a worker failed"));
        }
        drop(state);
        self.0.moved.notify_all();
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.moved.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// The next log with its number, and memory to use again.
    fn next(&self) -> Option<(u64, Found, Vec<u8>)> {
        let mut state = self.lock();
        if state.failure.is_some() {
            return None;
        }
        let log = state.files.next()?;
        let number = state.given;
        state.given += 1;
        Some((number, log, state.spare.pop().unwrap_or_default()))
    }

    fn hand_over(&self, number: u64, chunk: Chunk, last: bool) {
        let mut state = self.lock();
        state.so_far += chunk.stats;
        while state.turn != number && state.failure.is_none() {
            if last && state.waiting_bytes < WAITING {
                state.waiting_bytes += chunk.text.len();
                state.waiting.insert(number, chunk);
                return;
            }
            state = self.wait(state);
        }
        state.absorb(chunk);
        if last {
            state.turn += 1;
            while let Some(chunk) = state.take_next() {
                state.absorb(chunk);
                state.turn += 1;
            }
            drop(state);
            self.moved.notify_all();
        }
    }

    /// Reports progress until everybody has gone home.
    fn watch(&self, progress: &dyn Fn(DirStats)) {
        let mut state = self.lock();
        while state.at_work > 0 {
            let (later, timeout) = self.moved.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner);
            state = later;
            if timeout.timed_out() {
                let so_far = state.so_far;
                drop(state);
                progress(so_far);
                state = self.lock();
            }
        }
    }
}

impl State {
    fn take_next(&mut self) -> Option<Chunk> {
        let chunk = self.waiting.remove(&self.turn)?;
        self.waiting_bytes -= chunk.text.len();
        Some(chunk)
    }

    fn absorb(&mut self, chunk: Chunk) {
        if self.failure.is_some() {
            return;
        }
        match self.gather.absorb(chunk) {
            Ok(memory) if memory.capacity() <= KEPT && self.spare.len() < self.at_work => self.spare.push(memory),
            Ok(_) => {}
            Err(error) => self.failure = Some(error),
        }
    }
}

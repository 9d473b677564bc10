//! Makes the calls of one process go wrong: refused, lost on the way back, made twice, seen late, or never made
//! because the process was killed.
//!
//! One [`FaultyCloud`] stands for the connection of one process. When it is killed, nothing that the process asks
//! for afterwards reaches the account; the next process gets a new connection to the same account.

mod fault;
mod probe;
mod read;
mod write;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use fault::{FaultRates, Faults, ReadFault, WriteFault};

use super::cloud::FakeCloud;
use crate::collect::{ReadError, ReadFailure};
use crate::types::Place;

/// What a killed process gets instead of an answer.
pub const KILLED: &str = "killed";

/// Whether a process was killed. Clones are about the same process.
#[derive(Clone, Debug, Default)]
pub struct Killed(Arc<AtomicBool>);

impl Killed {
    /// Whether it was.
    pub fn happened(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Kills it.
    pub fn kill(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[derive(Debug, Default)]
struct Book {
    faults: Faults,
    writes: u64,
    reads: u64,
    /// Each read by its API, with the number of writes before it.
    asked: Vec<(&'static str, u64)>,
    /// Calls that were tried, by API.
    tried: BTreeMap<&'static str, u64>,
    /// Faults that struck, by name.
    struck: BTreeMap<String, u64>,
}

/// One process's connection to the simulated account. Clones are the same connection.
#[derive(Clone, Debug)]
pub struct FaultyCloud {
    inner: FakeCloud,
    killed: Killed,
    book: Arc<Mutex<Book>>,
}

impl FaultyCloud {
    /// A connection on which these faults strike.
    pub fn new(inner: FakeCloud, faults: Faults) -> Self {
        let book = Book { faults, ..Book::default() };
        Self { inner, killed: Killed::default(), book: Arc::new(Mutex::new(book)) }
    }

    /// Whether the process was killed.
    pub fn killed(&self) -> Killed {
        self.killed.clone()
    }

    /// The account behind it.
    pub fn inner(&self) -> &FakeCloud {
        &self.inner
    }

    /// Writes that were tried so far.
    pub fn writes(&self) -> u64 {
        self.book().writes
    }

    /// Reads that were tried so far: probes and collection alike.
    pub fn reads(&self) -> u64 {
        self.book().reads
    }

    /// Each read so far, by its API, with the number of writes that were tried before it.
    pub fn asked(&self) -> Vec<(&'static str, u64)> {
        self.book().asked.clone()
    }

    /// Calls that were tried, by API.
    pub fn tried(&self) -> BTreeMap<&'static str, u64> {
        self.book().tried.clone()
    }

    /// Faults that struck, by name.
    pub fn struck(&self) -> BTreeMap<String, u64> {
        self.book().struck.clone()
    }

    /// No further faults, other than being killed already.
    pub fn heal(&self) {
        self.book().faults = Faults::None;
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides one read. Reads have no effect, so that only failing and being killed make a difference.
    fn read_gate(&self, api: &'static str, place: &Place) -> Result<(), ReadError> {
        let error = |failure, detail: &str| ReadError { api, place: place.clone(), failure, detail: detail.to_owned() };
        if self.killed.happened() {
            return Err(error(ReadFailure::Unavailable, KILLED));
        }
        let fault = {
            let mut book = self.book();
            book.reads += 1;
            let (number, writes) = (book.reads, book.writes);
            book.asked.push((api, writes));
            *book.tried.entry(api).or_default() += 1;
            let fault = book.faults.of_read(number);
            if let Some(fault) = &fault {
                *book.struck.entry(fault.name()).or_default() += 1;
            }
            fault
        };
        match fault {
            None => Ok(()),
            Some(ReadFault::Kill) => {
                self.killed.kill();
                Err(error(ReadFailure::Unavailable, KILLED))
            }
            Some(ReadFault::Fail(failure)) => Err(error(failure, "simulated")),
        }
    }

    fn with_delay<T>(&self, delay: Duration, act: impl FnOnce() -> T) -> T {
        let mut before = Duration::ZERO;
        self.inner.configure(|settings| before = std::mem::replace(&mut settings.describe_delay, delay));
        let done = act();
        self.inner.configure(|settings| settings.describe_delay = before);
        done
    }
}

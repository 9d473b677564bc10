//! The store in one SQLite file.
//!
//! One connection behind a mutex: every method is one short local transaction, and SQLite has one writer
//! anyway. Other processes use the same file; a write waits for theirs, and leases keep two scans apart.

mod alerts;
mod anchors;
mod audit;
mod bundles;
mod cells;
mod contents;
mod counters;
mod decisions;
mod events;
mod fault;
mod findings;
mod goldens;
mod history;
mod inputs;
mod journal;
mod lease;
mod links;
mod migrate;
mod open;
mod outbox;
mod presses;
mod prune;
mod results;
mod scans;
mod trail;
mod upkeep;
mod value;
mod waivers;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::fault::Db;
use super::traits::StoreError;

/// State in a SQLite file, or in memory for tests and the simulated account.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl SqliteStore {
    /// Runs a query, or several that must see one state.
    fn read<T>(&self, run: impl FnOnce(&Connection) -> Db<T>) -> Result<T, StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred);
        transaction.map_err(Into::into).and_then(|tx| run(&tx)).map_err(|fault| fault.at(&self.path))
    }

    /// Runs one write transaction: all of it is on disk when this returns, or nothing is.
    fn write<T>(&self, run: impl FnOnce(&Transaction<'_>) -> Db<T>) -> Result<T, StoreError> {
        let mut connection = self.lock();
        // Immediate: waits for another process's write here and not halfway, where waiting is impossible.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let done = transaction.map_err(Into::into).and_then(|tx| {
            let value = run(&tx)?;
            tx.commit()?;
            Ok(value)
        });
        done.map_err(|fault: fault::Fault| fault.at(&self.path))
    }

    /// A thread that panicked inside a transaction rolled it back while unwinding: the connection is sound.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

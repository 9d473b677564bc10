//! Leases with fencing epochs.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::SqliteStore;
use super::fault::Db;
use super::value::{nanos, time};
use crate::store::traits::{Lease, Leases, StoreError};

impl Leases for SqliteStore {
    fn acquire(&self, name: &str, holder: &str, now: Timestamp, ttl_s: i64) -> Result<Lease, StoreError> {
        self.write(|tx| acquire(tx, name, holder, now, ttl_s))
    }

    fn renew(&self, lease: &Lease, now: Timestamp, ttl_s: i64) -> Result<(), StoreError> {
        self.write(|tx| {
            check(tx, lease)?;
            tx.execute(
                "UPDATE lease SET expires_at = ?2 WHERE name = ?1",
                params![lease.name, nanos(expiry(now, ttl_s)?)],
            )?;
            Ok(())
        })
    }

    fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.write(|tx| {
            check(tx, lease)?;
            tx.execute("UPDATE lease SET holder = NULL WHERE name = ?1", [&lease.name])?;
            Ok(())
        })
    }
}

fn acquire(tx: &Transaction<'_>, name: &str, holder: &str, now: Timestamp, ttl_s: i64) -> Db<Lease> {
    let former: Option<(Option<String>, i64)> = tx
        .query_row("SELECT holder, expires_at FROM lease WHERE name = ?1", [name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((Some(other), until)) = former
        && time(until) > now
    {
        return Err(StoreError::LeaseHeld { name: name.to_owned(), holder: other, until: time(until) }.into());
    }
    let epoch = tx.query_row(
        "INSERT INTO lease (name, holder, epoch, expires_at) VALUES (?1, ?2, 1, ?3)
         ON CONFLICT (name) DO UPDATE
         SET holder = excluded.holder, epoch = epoch + 1, expires_at = excluded.expires_at
         RETURNING epoch",
        params![name, holder, nanos(expiry(now, ttl_s)?)],
        |row| row.get(0),
    )?;
    Ok(Lease { name: name.to_owned(), holder: holder.to_owned(), epoch })
}

/// Fails unless the lease is still ours. One that expired and that nobody took is: no other writer exists.
pub(super) fn check(connection: &Connection, lease: &Lease) -> Db<()> {
    let current: bool = connection.query_row(
        "SELECT count(*) FROM lease WHERE name = ?1 AND epoch = ?2 AND holder IS NOT NULL",
        params![lease.name, lease.epoch],
        |row| row.get(0),
    )?;
    if current { Ok(()) } else { Err(StoreError::LeaseLost { name: lease.name.clone() }.into()) }
}

fn expiry(now: Timestamp, ttl_s: i64) -> Db<Timestamp> {
    now.checked_add(SignedDuration::from_secs(ttl_s))
        .map_err(|error| StoreError::Other(format!("a lease of {ttl_s} s: {error}")).into())
}

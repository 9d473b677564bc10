//! Log objects and dead letters.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use serde_json::json;

use super::fault::{Db, not_found};
use super::value::{nanos, time};
use super::{SqliteStore, audit};
use crate::store::trail::{DeadLetter, LetterNames, ObjectMark, TrailMarks, TrailMemory};
use crate::store::traits::StoreError;
use crate::types::Place;

impl TrailMemory for SqliteStore {
    fn object_marks(&self) -> Result<Vec<ObjectMark>, StoreError> {
        self.read(objects)
    }

    fn dead_letters(&self) -> Result<Vec<DeadLetter>, StoreError> {
        self.read(letters)
    }

    fn retry_dead_letters(
        &self,
        which: &LetterNames,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE dead_letter SET again = 1 WHERE source = ?1 AND name = ?2";
        self.write(|tx| each(tx, sql, which, &Ruling { action: "trail.retry", reason, by, now }))
    }

    fn drop_dead_letters(&self, which: &LetterNames, reason: &str, by: &str, now: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM dead_letter WHERE source = ?1 AND name = ?2";
        self.write(|tx| each(tx, sql, which, &Ruling { action: "trail.drop", reason, by, now }))
    }
}

/// What a person decided about dead letters.
struct Ruling<'a> {
    action: &'a str,
    reason: &'a str,
    by: &'a str,
    now: Timestamp,
}

fn each(tx: &Transaction<'_>, sql: &str, which: &LetterNames, ruling: &Ruling<'_>) -> Db<()> {
    let Ruling { action, reason, by, now } = ruling;
    for (source, name) in which {
        if tx.prepare_cached(sql)?.execute(params![source, name])? == 0 {
            return not_found(format!("{source} has no dead letter {name}"));
        }
        audit::append(tx, *now, by, action, name, &json!({ "source": source, "reason": reason }))?;
    }
    Ok(())
}

/// Remembers what a scan read, and forgets what no later scan lists again.
pub(super) fn put(tx: &Transaction<'_>, marks: &TrailMarks) -> Db<()> {
    let TrailMarks { objects, settled, dead, revived } = marks;
    let mut write = tx.prepare_cached(
        "INSERT INTO trail_object (account, region, source, object, etag, size, delivered_at, attempts, problem)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (account, region, source, object) DO UPDATE SET etag = excluded.etag, size = excluded.size,
           delivered_at = excluded.delivered_at, attempts = excluded.attempts, problem = excluded.problem",
    )?;
    for ObjectMark { place, source, key, etag, size, delivered_at, attempts, problem } in objects {
        let (account, region) = (place.account.as_str(), place.region.as_str());
        let size = i64::try_from(*size).unwrap_or(i64::MAX);
        write.execute(params![account, region, source, key, etag, size, nanos(*delivered_at), attempts, problem])?;
    }
    let mut forget = tx.prepare_cached(
        "DELETE FROM trail_object
         WHERE account = ?1 AND region = ?2 AND source = ?3 AND problem IS NULL AND delivered_at < ?4",
    )?;
    for (place, source, before) in settled {
        forget.execute(params![place.account.as_str(), place.region.as_str(), source, nanos(*before)])?;
    }
    let mut bury = tx.prepare_cached(
        "INSERT INTO dead_letter (source, name, reason, body, at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (source, name) DO UPDATE SET reason = excluded.reason, at = excluded.at, again = 0 WHERE again = 1",
    )?;
    for DeadLetter { source, name, reason, body, at, again: _ } in dead {
        bury.execute(params![source, name, reason, body, nanos(*at)])?;
    }
    let mut revive = tx.prepare_cached("DELETE FROM dead_letter WHERE source = ?1 AND name = ?2")?;
    for (source, name) in revived {
        revive.execute(params![source, name])?;
    }
    Ok(())
}

fn objects(connection: &Connection) -> Db<Vec<ObjectMark>> {
    let mut statement = connection.prepare_cached(
        "SELECT account, region, source, object, etag, size, delivered_at, attempts, problem FROM trail_object
         ORDER BY delivered_at, object",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(ObjectMark {
            place: Place::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?),
            source: row.get(2)?,
            key: row.get(3)?,
            etag: row.get(4)?,
            size: row.get::<_, i64>(5)?.unsigned_abs(),
            delivered_at: time(row.get(6)?),
            attempts: row.get(7)?,
            problem: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn letters(connection: &Connection) -> Db<Vec<DeadLetter>> {
    let mut statement =
        connection.prepare_cached("SELECT source, name, reason, body, at, again FROM dead_letter ORDER BY seq DESC")?;
    let rows = statement.query_map([], |row| {
        Ok(DeadLetter {
            source: row.get(0)?,
            name: row.get(1)?,
            reason: row.get(2)?,
            body: row.get(3)?,
            at: time(row.get(4)?),
            again: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

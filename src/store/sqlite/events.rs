//! Change events and through when their sources were read.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::fault::Db;
use super::value::{json, nanos, parse_all, time};
use crate::types::{ChangeEvent, EventId, InstanceId, Place};

/// Remembers the events of a scan; one that an earlier scan remembered stays as it was first seen, but where more is known now
/// of whom it concerned.
pub(super) fn put(tx: &Transaction<'_>, events: &[ChangeEvent]) -> Db<()> {
    let mut write = tx.prepare_cached(
        "INSERT INTO event (id, time, body, scanned) VALUES (?1, ?2, ?3, 1)
         ON CONFLICT (id) DO UPDATE SET body = excluded.body, scanned = 1 WHERE scanned = 0
           OR json_array_length(excluded.body, '$.unresolved') < json_array_length(event.body, '$.unresolved') RETURNING key",
    )?;
    let key = |row: &Row<'_>| row.get::<_, i64>(0);
    insert(tx, events, |id, time, body| Ok(write.query_row(params![id, time, body], key).optional()?)).map(|_| ())
}

/// Remembers events from files; one that is known stays as it is. How many were not.
pub(super) fn keep(tx: &Transaction<'_>, events: &[ChangeEvent]) -> Db<u64> {
    let mut write = tx.prepare_cached(
        "INSERT INTO event (id, time, body, scanned) VALUES (?1, ?2, ?3, 0) ON CONFLICT (id) DO NOTHING",
    )?;
    // Without RETURNING, which holds each row back in a table of its own first.
    insert(tx, events, |id, time, body| {
        let is_new = write.execute(params![id, time, body])? > 0;
        Ok(is_new.then(|| tx.last_insert_rowid()))
    })
}

/// `write` writes id, time and body, and answers the key of what it wrote.
fn insert(
    tx: &Transaction<'_>,
    events: &[ChangeEvent],
    mut write: impl FnMut(&str, i64, &str) -> Db<Option<i64>>,
) -> Db<u64> {
    let mut target = tx.prepare_cached("INSERT OR IGNORE INTO event_instance (instance, event) VALUES (?1, ?2)")?;
    let mut written = 0;
    for event in events {
        let Some(key) = write(event.id.as_str(), nanos(event.time), &json(event)?)? else { continue };
        written += 1;
        for instance in &event.instances {
            target.execute(params![instance.as_str(), key])?;
        }
    }
    Ok(written)
}

/// Which of these ids a scan has met.
pub(super) fn known(connection: &Connection, ids: &[EventId]) -> Db<BTreeSet<EventId>> {
    let mut statement = connection
        .prepare_cached("SELECT id FROM event WHERE scanned = 1 AND id IN (SELECT value FROM json_each(?1))")?;
    let rows = statement.query_map([json(&ids)?], |row| row.get::<_, String>(0))?;
    Ok(rows.map(|id| id.map(EventId::from)).collect::<Result<_, _>>()?)
}

/// Events since a time, oldest first.
pub(super) fn since(connection: &Connection, since: Timestamp) -> Db<Vec<ChangeEvent>> {
    let mut statement = connection.prepare_cached("SELECT body FROM event WHERE time >= ?1 ORDER BY time, id")?;
    parse_all(statement.query_map([nanos(since)], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Events of one instance, oldest first.
pub(super) fn of(connection: &Connection, id: &InstanceId) -> Db<Vec<ChangeEvent>> {
    let mut statement = connection.prepare_cached(
        "SELECT e.body FROM event_instance t JOIN event e ON e.key = t.event
         WHERE t.instance = ?1 ORDER BY e.time, e.id",
    )?;
    parse_all(statement.query_map([id.as_str()], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Advances checkpoints. One never goes back: a scan that read less must not forget what was read. Only one that
/// lies ahead of the scan itself is taken back, because a wrong clock wrote it.
pub(super) fn advance(
    tx: &Transaction<'_>,
    checkpoints: &[(Place, String, Timestamp)],
    finished_at: Timestamp,
) -> Db<()> {
    let mut write = tx.prepare_cached(
        "INSERT INTO checkpoint (account, region, source, through) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (account, region, source) DO UPDATE
         SET through = CASE WHEN through > ?5 THEN excluded.through ELSE max(through, excluded.through) END",
    )?;
    for (place, source, through) in checkpoints {
        let (account, region) = (place.account.as_str(), place.region.as_str());
        write.execute(params![account, region, source, nanos(*through), nanos(finished_at)])?;
    }
    Ok(())
}

/// All checkpoints.
pub(super) fn checkpoints(connection: &Connection) -> Db<BTreeMap<(Place, String), Timestamp>> {
    let mut statement = connection.prepare_cached("SELECT account, region, source, through FROM checkpoint")?;
    let rows = statement.query_map([], |row| {
        let place = Place::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        Ok(((place, row.get(2)?), time(row.get(3)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

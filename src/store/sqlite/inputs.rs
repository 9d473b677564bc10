//! Policy inputs, for replay.
//!
//! Every scan's input differs from the one before at least in its scan section, so keeping each would cost
//! gigabytes a day for a large fleet. While nothing is decided differently the newest input takes the place
//! of the one before; a change adds a row.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde_json::Value;

use super::fault::Db;
use super::value::{json, nanos, parse, time};
use crate::store::traits::StoredInput;
use crate::types::InstanceId;

/// Writes a scan's inputs; `changed` are the instances whose result or findings are not as before.
pub(super) fn put(
    tx: &Transaction<'_>,
    scan: i64,
    inputs: &[(InstanceId, String, Value)],
    changed: &HashSet<InstanceId>,
) -> Db<()> {
    let mut find = tx.prepare_cached("SELECT key, digest FROM input WHERE instance = ?1 ORDER BY key DESC LIMIT 1")?;
    let mut insert = tx.prepare_cached("INSERT INTO input (instance, scan, digest, body) VALUES (?1, ?2, ?3, ?4)")?;
    let mut replace = tx.prepare_cached("UPDATE input SET scan = ?2, digest = ?3, body = ?4 WHERE key = ?1")?;
    let mut seen_again = tx.prepare_cached("UPDATE input SET scan = ?2 WHERE key = ?1")?;
    for (instance, digest, input) in inputs {
        let former: Option<(i64, String)> =
            find.query_row([instance.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match former {
            Some((key, same)) if same == *digest => seen_again.execute(params![key, scan])?,
            Some((key, _)) if !changed.contains(instance) => {
                replace.execute(params![key, scan, digest, json(input)?])?
            }
            _ => insert.execute(params![instance.as_str(), scan, digest, json(input)?])?,
        };
    }
    Ok(())
}

/// Visits the inputs of scans that started since a time.
pub(super) fn each_since(connection: &Connection, since: Timestamp, visit: &mut dyn FnMut(StoredInput)) -> Db<()> {
    let mut statement = connection.prepare_cached(
        "SELECT s.started_at, i.instance, i.digest, i.body FROM input i JOIN scan s ON s.seq = i.scan
         WHERE s.started_at >= ?1 ORDER BY s.started_at, i.key",
    )?;
    let mut rows = statement.query([nanos(since)])?;
    while let Some(row) = rows.next()? {
        visit(stored(row)?);
    }
    Ok(())
}

/// The newest input of one instance.
pub(super) fn last(connection: &Connection, id: &InstanceId) -> Db<Option<StoredInput>> {
    let mut statement = connection.prepare_cached(
        "SELECT s.started_at, i.instance, i.digest, i.body FROM input i JOIN scan s ON s.seq = i.scan
         WHERE i.instance = ?1 ORDER BY s.started_at DESC, i.key DESC LIMIT 1",
    )?;
    let mut rows = statement.query([id.as_str()])?;
    rows.next()?.map(stored).transpose()
}

fn stored(row: &Row<'_>) -> Db<StoredInput> {
    let body: String = row.get(3)?;
    Ok(StoredInput {
        scanned_at: time(row.get(0)?),
        instance: InstanceId::from(row.get::<_, String>(1)?),
        digest: row.get(2)?,
        input: parse(&body)?,
    })
}

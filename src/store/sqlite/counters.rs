//! Counters.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::SqliteStore;
use super::fault::Db;
use super::value::{json, nanos, parse};
use crate::store::counters::{Counter, Counters, MOST_SERIES, OTHER};
use crate::store::traits::StoreError;

impl Counters for SqliteStore {
    fn count(&self, add: &[Counter], now: Timestamp) -> Result<(), StoreError> {
        self.write(|tx| put(tx, add, now))
    }

    fn counters(&self) -> Result<Vec<Counter>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT name, labels, value FROM counter ORDER BY 1, 2")?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let value: i64 = row.get(2)?;
                let labels = parse(&row.get::<_, String>(1)?)?;
                found.push(Counter { name: row.get(0)?, labels, value: u64::try_from(value).unwrap_or_default() });
            }
            Ok(found)
        })
    }
}

/// Adds to series inside a transaction.
pub(super) fn put(tx: &Transaction<'_>, add: &[Counter], now: Timestamp) -> Db<()> {
    let mut grow =
        tx.prepare_cached("UPDATE counter SET value = value + ?3, changed_at = ?4 WHERE name = ?1 AND labels = ?2")?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO counter (name, labels, value, changed_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name, labels) DO UPDATE SET value = value + excluded.value, changed_at = excluded.changed_at",
    )?;
    let mut series: BTreeMap<&str, u64> = BTreeMap::new();
    for Counter { name, labels, value } in add {
        let value = i64::try_from(*value).unwrap_or(i64::MAX);
        let mut text = json(labels)?;
        if grow.execute(params![name, text, value, nanos(now)])? == 1 {
            continue;
        }
        let series = match series.entry(name) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(count(tx, name)?),
        };
        if *series >= MOST_SERIES {
            let mut other = labels.clone();
            other.values_mut().for_each(|value| OTHER.clone_into(value));
            text = json(&other)?;
        }
        *series += 1;
        insert.execute(params![name, text, value, nanos(now)])?;
    }
    Ok(())
}

fn count(tx: &Transaction<'_>, name: &str) -> Db<u64> {
    let mut series = tx.prepare_cached("SELECT count(*) FROM counter WHERE name = ?1")?;
    let series: i64 = series.query_row([name], |row| row.get(0))?;
    Ok(u64::try_from(series).unwrap_or_default())
}

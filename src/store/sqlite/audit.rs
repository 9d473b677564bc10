//! The audit log's table. The chain itself is in [`crate::store::audit`].

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde_json::Value;

use super::SqliteStore;
use super::fault::Db;
use super::value::parse;
use crate::store::audit::{canonical, seal};
use crate::store::traits::{Audit, AuditEntry, StoreError};

impl Audit for SqliteStore {
    fn append(
        &self,
        at: Timestamp,
        actor: &str,
        action: &str,
        object: &str,
        details: &Value,
    ) -> Result<AuditEntry, StoreError> {
        self.write(|tx| append(tx, at, actor, action, object, details))
    }

    fn last_of(&self, action: &str) -> Result<Option<AuditEntry>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(&format!("{SELECT} WHERE action = ?1 ORDER BY seq DESC LIMIT 1"))?;
            let mut rows = statement.query([action])?;
            rows.next()?.map(entry).transpose()
        })
    }

    fn entries(&self) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(entries)
    }

    fn deeds(&self) -> Result<Vec<(&'static str, u64)>, StoreError> {
        self.read(|connection| {
            DEEDS
                .iter()
                .map(|(action, table)| {
                    let rows: i64 =
                        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
                    Ok((*action, u64::try_from(rows).unwrap_or(0)))
                })
                .collect()
        })
    }

    fn head(&self) -> Result<Option<(i64, String)>, StoreError> {
        self.read(head)
    }
}

/// Actions that put one row each into a table, in the transaction of their entry.
const DEEDS: [(&str, &str); 5] = [
    ("scan.commit", "scan"),
    ("golden.record", "golden"),
    ("operation.begin", "operation"),
    ("exception.add", "exception"),
    ("silence.add", "silence"),
];

/// Appends inside a transaction: what is done and its entry are committed together.
pub(super) fn append(
    tx: &Transaction<'_>,
    at: Timestamp,
    actor: &str,
    action: &str,
    object: &str,
    details: &Value,
) -> Db<AuditEntry> {
    let entry = seal(head(tx)?, at, actor, action, object, details);
    tx.execute(
        "INSERT INTO audit (seq, at, actor, action, object, details, previous, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            entry.seq,
            entry.at.to_string(),
            entry.actor,
            entry.action,
            entry.object,
            canonical(&entry.details),
            entry.previous,
            entry.hash
        ],
    )?;
    tx.execute(
        "INSERT INTO audit_head (only, seq, hash) VALUES (1, ?1, ?2)
         ON CONFLICT (only) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
        params![entry.seq, entry.hash],
    )?;
    Ok(entry)
}

pub(super) fn head(connection: &Connection) -> Db<Option<(i64, String)>> {
    Ok(connection.query_row("SELECT seq, hash FROM audit_head", [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

fn entries(connection: &Connection) -> Db<Vec<AuditEntry>> {
    let mut statement = connection.prepare(&format!("{SELECT} ORDER BY seq"))?;
    let mut rows = statement.query([])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    Ok(entries)
}

/// Columns for [`entry`].
const SELECT: &str = "SELECT seq, at, actor, action, object, details, previous, hash FROM audit";

fn entry(row: &Row<'_>) -> Db<AuditEntry> {
    let (seq, at, details): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(5)?);
    Ok(AuditEntry {
        seq,
        // Text that is no time, or no JSON, was put there by an editor: let verification say so.
        at: at.parse().unwrap_or_default(),
        actor: row.get(2)?,
        action: row.get(3)?,
        object: row.get(4)?,
        details: parse(&details).unwrap_or(Value::Null),
        previous: row.get(6)?,
        hash: row.get(7)?,
    })
}

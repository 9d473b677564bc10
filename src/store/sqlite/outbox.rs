//! The outbox: at least once, in order for each destination.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::types::Value as Column;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params, params_from_iter};
use serde_json::{Value, json};

use super::fault::{Db, conflict, not_found};
use super::value::{self, nanos, parse, time};
use super::{SqliteStore, audit, counters};
use crate::store::Counter;
use crate::store::counters::NOTICES;
use crate::store::traits::{Outbox, OutboxDraft, OutboxRow, OutboxState, StoreError};

/// Characters kept of an error: it names a receiver's answer, and receivers can answer with a whole page.
const ERROR_LIMIT: usize = 500;

const COLUMNS: &str = "o.seq, o.key, o.destination, o.grouping, o.due_at, o.payload, o.state, o.attempts,
                       o.created_at, o.next_attempt_at, o.last_error, o.begun_at";

impl Outbox for SqliteStore {
    fn enqueue(&self, drafts: &[OutboxDraft], now: Timestamp) -> Result<(), StoreError> {
        self.write(|tx| put(tx, drafts, now))
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        // A destination's first row that is to be tried again later is a barrier for all after it; a group's first
        // row whose time has not come, for the group.
        let sql = format!(
            "WITH waiting AS MATERIALIZED (
               SELECT destination, grouping, seq, attempts FROM outbox WHERE state = 'pending' AND next_attempt_at > ?1),
             lane AS (SELECT destination, min(seq) AS seq FROM waiting WHERE attempts > 0 GROUP BY destination),
             held AS (SELECT destination, grouping, min(seq) AS seq FROM waiting GROUP BY destination, grouping)
             SELECT {COLUMNS} FROM outbox o LEFT JOIN lane l ON l.destination = o.destination
               LEFT JOIN held h ON h.destination = o.destination AND h.grouping = o.grouping
             WHERE o.state = 'pending' AND (l.seq IS NULL OR o.seq < l.seq) AND (h.seq IS NULL OR o.seq < h.seq)
             ORDER BY o.seq LIMIT ?2"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|connection| select(connection, &sql, [Column::from(nanos(now)), Column::from(limit)]))
    }

    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|connection| {
            let next: Option<i64> = connection.query_row(
                "WITH lane AS (SELECT destination, min(seq) AS seq FROM outbox
                   WHERE state = 'pending' AND attempts > 0 GROUP BY destination),
                 first AS (SELECT destination, min(seq) AS seq FROM outbox
                   WHERE state = 'pending' GROUP BY destination, grouping)
                 SELECT min(o.next_attempt_at) FROM first f JOIN outbox o ON o.seq = f.seq
                   LEFT JOIN lane l ON l.destination = o.destination
                 WHERE l.seq IS NULL OR o.seq <= l.seq",
                [],
                |row| row.get(0),
            )?;
            Ok(next.map(time))
        })
    }

    fn begin(&self, seq: i64, now: Timestamp) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "UPDATE outbox SET begun_at = coalesce(begun_at, ?2) WHERE seq = ?1 AND state = 'pending'",
                params![seq, nanos(now)],
            )?;
            Ok(())
        })
    }

    fn delivered(&self, seq: i64, now: Timestamp) -> Result<(), StoreError> {
        self.write(|tx| settle(tx, seq, OutboxState::Delivered, None, now))
    }

    fn failed(&self, seq: i64, error: &str, next: Timestamp) -> Result<(), StoreError> {
        self.write(|tx| {
            let mut mark = tx.prepare_cached(
                "UPDATE outbox SET attempts = attempts + 1, last_error = ?2, next_attempt_at = ?3
                 WHERE seq = ?1 AND state = 'pending' RETURNING destination",
            )?;
            let marked: Option<String> =
                mark.query_row(params![seq, bounded(error), nanos(next)], |row| row.get(0)).optional()?;
            let Some(destination) = marked else { return conflict(format!("outbox row {seq} is not pending")) };
            count(tx, &destination, "retried", next)
        })
    }

    fn withdraw(&self, seq: i64) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("DELETE FROM outbox WHERE seq = ?1 AND state <> 'delivered'", [seq])?;
            Ok(())
        })
    }

    fn failing(&self) -> Result<BTreeSet<String>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT destination FROM outbox WHERE state = 'pending' AND attempts > 0
                 UNION SELECT o.destination FROM outbox o JOIN
                   (SELECT max(seq) AS seq FROM outbox WHERE state <> 'pending' GROUP BY destination) l ON l.seq = o.seq
                 WHERE o.state = 'dead'",
            )?;
            let found = statement.query_map([], |row| row.get(0))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    fn dead(&self, seq: i64, error: &str, now: Timestamp) -> Result<(), StoreError> {
        self.write(|tx| settle(tx, seq, OutboxState::Dead, Some(error), now))
    }

    fn rows(&self, state: Option<OutboxState>) -> Result<Vec<OutboxRow>, StoreError> {
        let filter = if state.is_some() { "WHERE o.state = ?1" } else { "" };
        let sql = format!("SELECT {COLUMNS} FROM outbox o {filter} ORDER BY o.seq");
        self.read(|connection| select(connection, &sql, state.map(|state| Column::from(word(state).to_owned()))))
    }

    fn last_notice(&self, destination: &str, group: &str) -> Result<Option<(Timestamp, Value)>, StoreError> {
        self.read(|connection| {
            let last: Option<(i64, String)> = connection
                .query_row(
                    "SELECT coalesce(finished_at, due_at), payload FROM outbox
                     WHERE destination = ?1 AND grouping = ?2 AND state <> 'dead' ORDER BY seq DESC LIMIT 1",
                    params![destination, group],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            last.map(|(at, payload)| Ok((time(at), parse(&payload)?))).transpose()
        })
    }
}

/// Inserts drafts inside a transaction; a key that the destination already has is ignored.
pub(super) fn put(tx: &Transaction<'_>, drafts: &[OutboxDraft], now: Timestamp) -> Db<()> {
    let mut write = tx.prepare_cached(
        "INSERT INTO outbox (key, destination, grouping, due_at, payload, state, attempts, created_at, next_attempt_at)
         VALUES (?1, ?2, ?3, ?4, ?5, 'pending', 0, ?6, ?4) ON CONFLICT (destination, key) DO NOTHING",
    )?;
    let head = if drafts.is_empty() { None } else { audit::head(tx)? };
    for draft in drafts {
        let OutboxDraft { key, destination, group, due_at, payload } = draft;
        let payload = with_head(payload, head.as_ref());
        write.execute(params![key, destination, group, nanos(*due_at), value::json(payload.as_ref())?, nanos(now)])?;
    }
    Ok(())
}

/// A notice with the head of the audit log: who keeps the notice can prove later that the log was not cut.
fn with_head<'a>(payload: &'a Value, head: Option<&(i64, String)>) -> Cow<'a, Value> {
    let schema = payload.get("schema").and_then(Value::as_str).unwrap_or_default();
    let Some((seq, hash)) = head.filter(|_| schema.starts_with("cattleguard.dev/notice/")) else {
        return Cow::Borrowed(payload);
    };
    let mut payload = payload.clone();
    if let Some(fields) = payload.as_object_mut() {
        fields.insert("audit".to_owned(), json!({"seq": seq, "hash": hash}));
    }
    Cow::Owned(payload)
}

/// Ends a row. Saying the same twice is fine: a crash between delivery and commit repeats both.
fn settle(tx: &Transaction<'_>, seq: i64, state: OutboxState, error: Option<&str>, now: Timestamp) -> Db<()> {
    let mut mark = tx.prepare_cached(
        "UPDATE outbox SET state = ?2, attempts = attempts + 1, last_error = coalesce(?3, last_error), finished_at = ?4
         WHERE seq = ?1 AND state = 'pending' RETURNING destination",
    )?;
    let values = params![seq, word(state), error.map(bounded), nanos(now)];
    let marked: Option<String> = mark.query_row(values, |row| row.get(0)).optional()?;
    if let Some(destination) = marked {
        return count(tx, &destination, word(state), now);
    }
    let found: Option<String> =
        tx.query_row("SELECT state FROM outbox WHERE seq = ?1", [seq], |row| row.get(0)).optional()?;
    match found {
        None => not_found(format!("there is no outbox row {seq}")),
        Some(found) if found == word(state) => Ok(()),
        Some(found) => conflict(format!("outbox row {seq} is {found} already")),
    }
}

/// Counts one attempt with the row that it changed.
fn count(tx: &Transaction<'_>, destination: &str, outcome: &str, now: Timestamp) -> Db<()> {
    counters::put(tx, &[Counter::new(NOTICES, &[("destination", destination), ("outcome", outcome)], 1)], now)
}

fn word(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Pending => "pending",
        OutboxState::Delivered => "delivered",
        OutboxState::Dead => "dead",
    }
}

fn bounded(error: &str) -> String {
    error.chars().take(ERROR_LIMIT).collect()
}

fn select(connection: &Connection, sql: &str, values: impl IntoIterator<Item = Column>) -> Db<Vec<OutboxRow>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

fn read(row: &Row<'_>) -> Db<OutboxRow> {
    let payload: String = row.get(5)?;
    let state: String = row.get(6)?;
    Ok(OutboxRow {
        seq: row.get(0)?,
        draft: OutboxDraft {
            key: row.get(1)?,
            destination: row.get(2)?,
            group: row.get(3)?,
            due_at: time(row.get(4)?),
            payload: parse(&payload)?,
        },
        state: match state.as_str() {
            "delivered" => OutboxState::Delivered,
            "dead" => OutboxState::Dead,
            _ => OutboxState::Pending,
        },
        attempts: row.get(7)?,
        created_at: time(row.get(8)?),
        next_attempt_at: time(row.get(9)?),
        last_error: row.get(10)?,
        begun_at: row.get::<_, Option<i64>>(11)?.map(time),
    })
}

//! The journal of operations. Which moves are legal is in [`crate::store::moves`].

mod approvals;
mod calls;
mod write;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Params, params};

use super::SqliteStore;
use super::fault::Db;
use super::value::{nanos, parse, parse_all, time};
use crate::remediate::{Approval, Journal, JournalEntry, OperationRecord, OwnCall, StepState};
use crate::store::traits::{Lease, StoreError};
use crate::types::{InstanceId, OperationId, OperationKind};

pub(super) use write::progress;

impl Journal for SqliteStore {
    fn begin_operation(&self, lease: &Lease, record: &OperationRecord) -> Result<(), StoreError> {
        self.write(|tx| write::begin(tx, lease, record))
    }

    fn record_progress(&self, lease: &Lease, record: &OperationRecord, entry: &JournalEntry) -> Result<(), StoreError> {
        self.write(|tx| progress(tx, lease, record, entry))
    }

    fn operation(&self, id: &OperationId) -> Result<Option<OperationRecord>, StoreError> {
        self.read(|connection| Ok(one(connection, id)?.map(|(_, record)| record)))
    }

    fn unfinished_operations(&self) -> Result<Vec<OperationRecord>, StoreError> {
        self.read(unfinished)
    }

    fn operations_since(&self, since: Timestamp) -> Result<Vec<OperationRecord>, StoreError> {
        const SQL: &str = "SELECT body FROM operation WHERE created_at >= ?1 ORDER BY created_at, key";
        self.read(|connection| records(connection, SQL, [nanos(since)]))
    }

    fn operations_of(&self, instance: &InstanceId) -> Result<Vec<OperationRecord>, StoreError> {
        self.read(|connection| records(connection, OF_INSTANCE, [instance.as_str()]))
    }

    fn last_operation(
        &self,
        instance: &InstanceId,
        kind: OperationKind,
    ) -> Result<Option<OperationRecord>, StoreError> {
        const SQL: &str = "SELECT body FROM operation WHERE instance = ?1 AND kind = ?2 ORDER BY key DESC LIMIT 1";
        self.read(|connection| Ok(records(connection, SQL, [instance.as_str(), kind.as_str()])?.pop()))
    }

    fn journal_of(&self, id: &OperationId) -> Result<Vec<JournalEntry>, StoreError> {
        self.read(|connection| match one(connection, id)? {
            Some((key, record)) => entries(connection, key, &record.id),
            None => Ok(Vec::new()),
        })
    }

    fn own_calls(&self, since: Timestamp) -> Result<Vec<OwnCall>, StoreError> {
        self.read(|connection| calls::since(connection, since))
    }

    fn approve(&self, approval: &Approval) -> Result<(), StoreError> {
        self.write(|tx| approvals::put(tx, approval))
    }

    fn approvals(&self, now: Timestamp) -> Result<Vec<Approval>, StoreError> {
        self.read(|connection| approvals::valid(connection, now))
    }
}

/// Written so that the partial index answers it.
pub(super) const UNFINISHED: &str = "SELECT body FROM operation WHERE ended_at IS NULL ORDER BY key";

/// Two searches by index; an `OR` over two columns would be a walk over the table.
pub(super) const OF_INSTANCE: &str = "SELECT body FROM operation WHERE key IN (
  SELECT key FROM operation WHERE instance = ?1 UNION SELECT key FROM operation WHERE replacement = ?1) ORDER BY key";

/// Operations that are not over, oldest first.
pub(super) fn unfinished(connection: &Connection) -> Db<Vec<OperationRecord>> {
    records(connection, UNFINISHED, [])
}

fn records(connection: &Connection, sql: &str, params: impl Params) -> Db<Vec<OperationRecord>> {
    let mut statement = connection.prepare_cached(sql)?;
    parse_all(statement.query_map(params, |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// One operation with its key.
fn one(connection: &Connection, id: &OperationId) -> Db<Option<(i64, OperationRecord)>> {
    let mut statement = connection.prepare_cached("SELECT key, body FROM operation WHERE id = ?1")?;
    let found: Option<(i64, String)> =
        statement.query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    found.map(|(key, body)| Ok((key, parse(&body)?))).transpose()
}

/// The journal of one operation.
fn entries(connection: &Connection, key: i64, id: &OperationId) -> Db<Vec<JournalEntry>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, step, name, state, call, request_id, detail FROM journal WHERE operation = ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query(params![key])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let (step, state, call): (Option<i64>, Option<String>, Option<String>) =
            (row.get(2)?, row.get(4)?, row.get(5)?);
        entries.push(JournalEntry {
            seq: row.get(0)?,
            operation: id.clone(),
            at: time(row.get(1)?),
            step: step.and_then(|step| usize::try_from(step).ok()),
            name: row.get(3)?,
            state: state.map(|state| parse::<StepState>(&format!("\"{state}\""))).transpose()?,
            call: call.map(|call| parse(&call)).transpose()?,
            request_id: row.get(6)?,
            detail: row.get(7)?,
        });
    }
    Ok(entries)
}

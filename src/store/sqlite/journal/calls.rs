//! The calls that the journal says we made or meant to make, each with the time in which it can have happened.

use jiff::Timestamp;
use rusqlite::Connection;

use super::entries;
use crate::remediate::{JournalEntry, OperationRecord, OwnCall, StepState};
use crate::store::sqlite::fault::Db;
use crate::store::sqlite::value::{nanos, parse};

/// Calls of operations that are not over or in whose journal something was written since. An intent from before
/// counts when its window reaches into that time.
pub(super) fn since(connection: &Connection, since: Timestamp) -> Db<Vec<OwnCall>> {
    let mut statement = connection.prepare_cached(
        "SELECT key, body FROM operation WHERE key IN (
           SELECT operation FROM journal WHERE at >= ?1 UNION SELECT key FROM operation WHERE ended_at IS NULL)
         ORDER BY key",
    )?;
    let mut rows = statement.query([nanos(since)])?;
    let mut calls = Vec::new();
    while let Some(row) = rows.next()? {
        let record: OperationRecord = parse(&row.get::<_, String>(1)?)?;
        let entries = entries(connection, row.get(0)?, &record.id)?;
        calls.extend(of(&record, &entries).into_iter().filter(|call| call.until.is_none_or(|until| until >= since)));
    }
    Ok(calls)
}

/// The intents of one journal, which is in order of commit.
fn of(record: &OperationRecord, entries: &[JournalEntry]) -> Vec<OwnCall> {
    let intent = |entry: &&JournalEntry| matches!(entry.state, Some(StepState::Intended | StepState::Undoing));
    let windows = entries.iter().enumerate().filter(|(_, entry)| intent(entry)).filter_map(|(index, entry)| {
        let call = entry.call.clone()?;
        let next = entries.iter().skip(index.saturating_add(1)).find(|next| next.step == entry.step);
        Some(OwnCall {
            operation: record.id.clone(),
            place: record.place.clone(),
            from: entry.at,
            until: next.map(|next| next.at),
            call,
            request_id: entry.request_id.clone().or_else(|| next.and_then(|next| next.request_id.clone())),
        })
    });
    windows.collect()
}

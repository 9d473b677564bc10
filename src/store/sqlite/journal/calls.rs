//! The calls that the journal says we made or meant to make, each with the time in which it can have happened.

use jiff::Timestamp;
use rusqlite::Connection;

use super::entries;
use crate::remediate::{JournalEntry, OwnCall, StepState};
use crate::store::sqlite::fault::Db;
use crate::store::sqlite::value::nanos;
use crate::types::{OperationId, Place};

/// Calls of operations that are not over or in whose journal something was written since. An intent from before
/// counts when its window reaches into that time.
pub(super) fn since(connection: &Connection, since: Timestamp) -> Db<Vec<OwnCall>> {
    let mut statement = connection.prepare_cached(
        "SELECT key, id, account, region FROM operation WHERE key IN (
           SELECT operation FROM journal WHERE at >= ?1 UNION SELECT key FROM operation WHERE ended_at IS NULL)
         ORDER BY key",
    )?;
    let mut rows = statement.query([nanos(since)])?;
    let mut calls = Vec::new();
    while let Some(row) = rows.next()? {
        let id = OperationId::from(row.get::<_, String>(1)?);
        let place = Place::new(row.get::<_, String>(2)?, row.get::<_, String>(3)?);
        let entries = entries(connection, row.get(0)?, &id)?;
        calls.extend(of(&id, &place, &entries).filter(|call| call.until.is_none_or(|until| until >= since)));
    }
    Ok(calls)
}

/// The intents of one journal, which is in order of commit.
fn of<'e>(id: &'e OperationId, place: &'e Place, entries: &'e [JournalEntry]) -> impl Iterator<Item = OwnCall> + 'e {
    entries.iter().enumerate().filter_map(move |(index, entry)| {
        if !matches!(entry.state, Some(StepState::Intended | StepState::Undoing)) {
            return None;
        }
        let call = entry.call.clone()?;
        let next = entries.iter().skip(index.saturating_add(1)).find(|next| next.step == entry.step);
        Some(OwnCall {
            operation: id.clone(),
            place: place.clone(),
            from: entry.at,
            until: next.map(|next| next.at),
            call,
            request_id: entry.request_id.clone().or_else(|| next.and_then(|next| next.request_id.clone())),
        })
    })
}

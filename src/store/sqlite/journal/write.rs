//! Beginning an operation and writing its progress: record, journal and audit entries in one transaction.

use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde_json::{Value, json};

use super::one;
use crate::remediate::{JournalEntry, OperationRecord, StepRecord, StepState};
use crate::store::moves;
use crate::store::sqlite::fault::{Db, conflict, not_found};
use crate::store::sqlite::value::{json, nanos, parse};
use crate::store::sqlite::{audit, lease};
use crate::store::traits::Lease;

/// Who acts when no person does.
const ACTOR: &str = "cattleguard";

/// Longest text of a service that is kept of one event, in characters.
const LONGEST: usize = 2_000;

pub(super) fn begin(tx: &Transaction<'_>, lease: &Lease, record: &OperationRecord) -> Db<()> {
    lease::check(tx, lease)?;
    if let Some(refusal) = moves::refuse_begin(record) {
        return conflict(refusal);
    }
    if one(tx, &record.id)?.is_some() {
        return conflict(format!("there is an operation {} already", record.id));
    }
    refuse_beside(tx, record)?;
    let key: i64 = tx.query_row(
        "INSERT INTO operation (id, kind, status, account, region, instance, replacement, fleet, created_at, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING key",
        params![
            record.id.as_str(),
            record.kind.as_str(),
            record.status.as_str(),
            record.place.account.as_str(),
            record.place.region.as_str(),
            record.instance.as_str(),
            record.facts.replacement.as_ref().map(|id| id.as_str().to_owned()),
            record.fleet.as_str(),
            nanos(record.created_at),
            json(record)?
        ],
        |row| row.get(0),
    )?;
    let entry = JournalEntry {
        seq: 0,
        operation: record.id.clone(),
        at: record.created_at,
        step: None,
        name: record.status.as_str().to_owned(),
        state: None,
        call: None,
        request_id: None,
        detail: Some(record.requested.reasons.join("; ")).filter(|reasons| !reasons.is_empty()),
    };
    append(tx, key, &entry)?;
    let mut details = about(record);
    put(&mut details, "reasons", json!(record.requested.reasons));
    put(&mut details, "findings", json!(record.requested.findings));
    put(&mut details, "plan", json!(record.requested.plan));
    put(&mut details, "overridden", json!(record.requested.overridden));
    put(&mut details, "golden", json!(record.golden));
    put(&mut details, "undoes", json!(record.undoes));
    put(&mut details, "steps", json!(record.steps.len()));
    put(&mut details, "epoch", json!(lease.epoch));
    let by = if record.requested.by.is_empty() { ACTOR } else { &record.requested.by };
    audit::append(tx, record.created_at, by, "operation.begin", record.id.as_str(), &details)?;
    Ok(())
}

/// Operations on this instance, or that made it, and that are not over.
fn refuse_beside(tx: &Transaction<'_>, record: &OperationRecord) -> Db<()> {
    let mut statement = tx.prepare_cached(
        "SELECT body FROM operation WHERE ended_at IS NULL AND (instance = ?1 OR replacement = ?1) ORDER BY key",
    )?;
    let mut rows = statement.query([record.instance.as_str()])?;
    while let Some(row) = rows.next()? {
        let other: OperationRecord = parse(&row.get::<_, String>(0)?)?;
        if let Some(refusal) = moves::refuse_beside(record, &other) {
            return conflict(refusal);
        }
    }
    Ok(())
}

/// Writes a record's new state with the entry that tells of it.
pub(in crate::store::sqlite) fn progress(
    tx: &Transaction<'_>,
    lease: &Lease,
    record: &OperationRecord,
    entry: &JournalEntry,
) -> Db<()> {
    lease::check(tx, lease)?;
    let Some((key, stored)) = one(tx, &record.id)? else {
        return not_found(format!("there is no operation {}", record.id));
    };
    if let Some(refusal) = moves::refuse_progress(&stored, record, entry) {
        return conflict(refusal);
    }
    let ended_at = record.status.is_over().then(|| record.ended_at.unwrap_or(entry.at));
    let record = &OperationRecord { ended_at, ..record.clone() };
    tx.execute(
        "UPDATE operation SET status = ?2, replacement = ?3, ended_at = ?4, body = ?5 WHERE key = ?1",
        params![
            key,
            record.status.as_str(),
            record.facts.replacement.as_ref().map(|id| id.as_str().to_owned()),
            ended_at.map(nanos),
            json(record)?
        ],
    )?;
    append(tx, key, entry)?;
    audit_steps(tx, &stored, record, entry.at)?;
    if stored.status != record.status {
        let mut details = about(record);
        put(&mut details, "from", json!(stored.status));
        put(&mut details, "note", json!(record.note.as_deref().map(bounded)));
        let action = format!("operation.{}", record.status);
        audit::append(tx, entry.at, ACTOR, &action, record.id.as_str(), &details)?;
    }
    Ok(())
}

/// One audit entry for each step that came to an end, whatever its order in the list.
fn audit_steps(tx: &Transaction<'_>, stored: &OperationRecord, record: &OperationRecord, at: Timestamp) -> Db<()> {
    let changed = stored.steps.iter().zip(&record.steps).filter(|(old, new)| old.state != new.state);
    for (_, StepRecord { step, state, call, error, .. }) in changed {
        if !matches!(state, StepState::Done | StepState::Undone | StepState::Failed | StepState::Stuck) {
            continue;
        }
        let mut details = about(record);
        put(&mut details, "step", json!(step.name));
        put(&mut details, "subject", json!(step.subject));
        put(&mut details, "call", json!(call.as_ref().map(crate::remediate::WriteCall::api)));
        put(&mut details, "error", json!(error.as_deref().map(bounded)));
        let action = format!("operation.step-{state}");
        audit::append(tx, at, ACTOR, &action, record.id.as_str(), &details)?;
    }
    Ok(())
}

fn append(tx: &Transaction<'_>, key: i64, entry: &JournalEntry) -> Db<()> {
    // `seq` is given here: the order of commit.
    let JournalEntry { seq: _, operation: _, at, step, name, state, call, request_id, detail } = entry;
    let mut statement = tx.prepare_cached(
        "INSERT INTO journal (operation, at, step, name, state, call, request_id, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    statement.execute(params![
        key,
        nanos(*at),
        step.map(|step| i64::try_from(step).unwrap_or(i64::MAX)),
        name,
        state.map(StepState::as_str),
        call.as_ref().map(json).transpose()?,
        request_id,
        detail.as_deref().map(bounded)
    ])?;
    Ok(())
}

/// What every audit entry of an operation says; a member without a value is left out.
fn about(record: &OperationRecord) -> Value {
    let mut details = json!({"kind": record.kind, "instance": record.instance, "place": record.place.to_string()});
    put(&mut details, "fleet", json!(record.fleet));
    put(&mut details, "replacement", json!(record.facts.replacement));
    details
}

fn put(details: &mut Value, name: &str, value: Value) {
    let empty = match &value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    if let Value::Object(members) = details
        && !empty
    {
        members.insert(name.to_owned(), value);
    }
}

fn bounded(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

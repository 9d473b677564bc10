//! Which changes of an operation's record the journal accepts, as pure functions: the store loads what it has, asks
//! here, and refuses as a whole what is not a legal move.

use serde::Serialize;

use crate::remediate::{JournalEntry, OperationRecord, OperationStatus, StepRecord, StepState};
use crate::types::OperationKind;

/// Why an operation may not begin as it is written down, whatever else is going on.
pub fn refuse_begin(record: &OperationRecord) -> Option<String> {
    let id = &record.id;
    if record.status != OperationStatus::Running {
        return Some(format!("operation {id} cannot begin as {}", record.status));
    }
    let begun = |step: &&StepRecord| !matches!(step.state, StepState::Pending | StepState::Skipped);
    let step = record.steps.iter().find(begun)?;
    Some(format!("operation {id} cannot begin with its step {} {}", step.step.name, step.state))
}

/// Why an operation may not begin while another one on the same instance is not over. A release or a rollback may,
/// when it undoes that very one and nobody is working on it. What an operation launched is a server like any other as
/// soon as only the retention of the old one is left: it can drift, be contained, and be replaced from another version.
pub fn refuse_beside(record: &OperationRecord, other: &OperationRecord) -> Option<String> {
    let undoes = matches!(record.kind, OperationKind::Release | OperationKind::Rollback)
        && record.undoes.as_ref() == Some(&other.id)
        && matches!(other.status, OperationStatus::Retaining | OperationStatus::NeedsHuman);
    let serves = other.status == OperationStatus::Retaining
        && other.facts.replacement.as_ref() == Some(&record.instance)
        && other.instance != record.instance;
    if undoes || serves {
        return None;
    }
    let part = if other.instance == record.instance { "is about" } else { "made" };
    let OperationRecord { instance, .. } = record;
    Some(format!("operation {} {part} {instance} and is not over: it is {}", other.id, other.status))
}

/// Why a record may not take the place of the stored one.
pub fn refuse_progress(stored: &OperationRecord, next: &OperationRecord, entry: &JournalEntry) -> Option<String> {
    let id = &stored.id;
    if let Some(part) = altered(stored, next) {
        return Some(format!("operation {id}: {part} cannot change after it began"));
    }
    if !stored.status.may_become(next.status) {
        return Some(format!("operation {id} is {} and cannot become {}", stored.status, next.status));
    }
    let moved = stored.steps.iter().zip(&next.steps).find(|(old, new)| !old.state.may_become(new.state));
    if let Some((old, new)) = moved {
        let name = &old.step.name;
        return Some(format!("operation {id}: step {name} is {} and cannot become {}", old.state, new.state));
    }
    refuse_entry(next, entry)
}

/// Why an entry does not tell of this record.
fn refuse_entry(record: &OperationRecord, entry: &JournalEntry) -> Option<String> {
    let id = &record.id;
    if entry.operation != *id {
        return Some(format!("a journal entry of operation {} cannot be written with {id}", entry.operation));
    }
    let Some(index) = entry.step else {
        return entry.state.map(|state| format!("operation {id}: an entry without a step cannot say {state}"));
    };
    let Some(step) = record.steps.get(index) else {
        return Some(format!("operation {id} has no step {index}"));
    };
    let told = entry.state.filter(|state| *state != step.state)?;
    Some(format!("operation {id}: the entry says {told} of step {}, which is {}", step.step.name, step.state))
}

/// The first part that differs and must not.
fn altered(stored: &OperationRecord, next: &OperationRecord) -> Option<&'static str> {
    // Destructured in full: whether a part that is added may change has to be decided here.
    let OperationRecord {
        id,
        kind,
        place,
        instance,
        fleet,
        golden,
        track,
        severity,
        requested,
        undoes,
        settings,
        before,
        generation,
        created_at,
        deadline: _, // A person who resumes it grants it more time.
        status: _,
        note: _,
        steps,
        facts: _,
        ended_at: _,
    } = stored;
    let identity = (id, kind, place, instance, fleet, generation, created_at, undoes)
        == (
            &next.id,
            &next.kind,
            &next.place,
            &next.instance,
            &next.fleet,
            &next.generation,
            &next.created_at,
            &next.undoes,
        );
    let purpose = (golden, track, severity, requested) == (&next.golden, &next.track, &next.severity, &next.requested);
    let same_steps =
        steps.len() == next.steps.len() && steps.iter().zip(&next.steps).all(|(old, new)| old.step == new.step);
    [
        (identity, "what it is about"),
        (purpose, "why it is made"),
        (*settings == next.settings, "how it is done"),
        (same(before, &next.before), "what was there before"),
        (same_steps, "its list of steps"),
    ]
    .into_iter()
    .find_map(|(kept, part)| (!kept).then_some(part))
}

/// Equal as stored: what is left out of the stored form cannot be compared with it.
fn same<T: Serialize + PartialEq>(stored: &T, next: &T) -> bool {
    stored == next
        || matches!((serde_json::to_value(stored), serde_json::to_value(next)), (Ok(old), Ok(new)) if old == new)
}

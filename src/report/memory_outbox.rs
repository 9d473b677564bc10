//! An outbox in memory, for the tests of this stage.

use std::collections::BTreeSet;
use std::sync::Mutex;

use jiff::Timestamp;
use serde_json::Value;

use crate::store::{Outbox, OutboxDraft, OutboxRow, OutboxState, StoreError};

/// An outbox in memory with the semantics of the trait's documentation.
#[derive(Debug, Default)]
pub(crate) struct MemoryOutbox {
    rows: Mutex<Vec<OutboxRow>>,
}

impl MemoryOutbox {
    pub(crate) fn states(&self) -> Vec<(String, OutboxState)> {
        let rows = self.rows.lock().unwrap();
        rows.iter().map(|row| (row.draft.destination.clone(), row.state)).collect()
    }

    fn change(&self, seq: i64, edit: impl FnOnce(&mut OutboxRow)) -> Result<(), StoreError> {
        let mut rows = self.rows.lock().unwrap();
        let row = rows.iter_mut().find(|row| row.seq == seq);
        row.map(edit).ok_or_else(|| StoreError::NotFound(format!("row {seq}")))
    }
}

impl Outbox for MemoryOutbox {
    fn enqueue(&self, drafts: &[OutboxDraft], now: Timestamp) -> Result<(), StoreError> {
        let mut rows = self.rows.lock().unwrap();
        for draft in drafts {
            if rows.iter().any(|row| row.draft.key == draft.key) {
                continue;
            }
            let seq = i64::try_from(rows.len()).unwrap() + 1;
            rows.push(OutboxRow {
                seq,
                state: OutboxState::Pending,
                attempts: 0,
                created_at: now,
                next_attempt_at: draft.due_at,
                last_error: None,
                draft: draft.clone(),
            });
        }
        Ok(())
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        let mut waiting = BTreeSet::new();
        let mut due = Vec::new();
        for row in self.rows.lock().unwrap().iter().filter(|row| row.state == OutboxState::Pending) {
            if row.next_attempt_at > now {
                waiting.insert(row.draft.destination.clone());
            } else if !waiting.contains(&row.draft.destination) && due.len() < limit {
                due.push(row.clone());
            }
        }
        Ok(due)
    }

    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let rows = self.rows.lock().unwrap();
        Ok(rows.iter().filter(|row| row.state == OutboxState::Pending).map(|row| row.next_attempt_at).min())
    }

    fn delivered(&self, seq: i64, _: Timestamp) -> Result<(), StoreError> {
        self.change(seq, |row| row.state = OutboxState::Delivered)
    }

    fn failed(&self, seq: i64, error: &str, next: Timestamp) -> Result<(), StoreError> {
        self.change(seq, |row| {
            row.attempts += 1;
            row.next_attempt_at = next;
            row.last_error = Some(error.to_owned());
        })
    }

    fn dead(&self, seq: i64, error: &str, _: Timestamp) -> Result<(), StoreError> {
        self.change(seq, |row| {
            row.state = OutboxState::Dead;
            row.last_error = Some(error.to_owned());
        })
    }

    fn rows(&self, state: Option<OutboxState>) -> Result<Vec<OutboxRow>, StoreError> {
        let rows = self.rows.lock().unwrap();
        Ok(rows.iter().filter(|row| state.is_none_or(|state| row.state == state)).cloned().collect())
    }

    fn last_notice(&self, destination: &str, group: &str) -> Result<Option<(Timestamp, Value)>, StoreError> {
        let rows = self.rows.lock().unwrap();
        let found = rows.iter().rev().find(|row| {
            row.state != OutboxState::Dead && row.draft.destination == destination && row.draft.group == group
        });
        Ok(found.map(|row| (row.draft.due_at, row.draft.payload.clone())))
    }
}

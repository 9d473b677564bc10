//! An outbox in memory, for the tests of this stage.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde_json::Value;

use crate::store::{Outbox, OutboxDraft, OutboxRow, OutboxState, StoreError, Thread, Threads};

/// An outbox in memory with the semantics of the trait's documentation.
#[derive(Debug, Default)]
pub(crate) struct MemoryOutbox {
    rows: Mutex<Vec<OutboxRow>>,
    threads: Mutex<Vec<Thread>>,
    full: AtomicBool,
}

impl MemoryOutbox {
    /// From now on nothing can be marked as delivered, as on a full disk.
    pub(crate) fn fail_marking(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
    }

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
            let seq = rows.last().map_or(1, |row| row.seq + 1);
            rows.push(OutboxRow {
                seq,
                state: OutboxState::Pending,
                attempts: 0,
                created_at: now,
                next_attempt_at: draft.due_at,
                last_error: None,
                begun_at: None,
                draft: draft.clone(),
            });
        }
        Ok(())
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        let (mut lanes, mut groups, mut due) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for row in self.rows.lock().unwrap().iter().filter(|row| row.state == OutboxState::Pending) {
            let group = (row.draft.destination.clone(), row.draft.group.clone());
            if row.next_attempt_at > now {
                if row.attempts > 0 {
                    lanes.insert(row.draft.destination.clone());
                }
                groups.insert(group);
            } else if !lanes.contains(&row.draft.destination) && !groups.contains(&group) && due.len() < limit {
                due.push(row.clone());
            }
        }
        Ok(due)
    }

    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let rows = self.rows.lock().unwrap();
        Ok(rows.iter().filter(|row| row.state == OutboxState::Pending).map(|row| row.next_attempt_at).min())
    }

    fn begin(&self, seq: i64, now: Timestamp) -> Result<(), StoreError> {
        self.change(seq, |row| row.begun_at = row.begun_at.or(Some(now)))
    }

    fn delivered(&self, seq: i64, _: Timestamp) -> Result<(), StoreError> {
        if self.full.load(Ordering::Relaxed) {
            return Err(StoreError::Full { path: "memory".to_owned() });
        }
        self.change(seq, |row| row.state = OutboxState::Delivered)
    }

    fn failed(&self, seq: i64, error: &str, next: Timestamp) -> Result<(), StoreError> {
        self.change(seq, |row| {
            row.attempts += 1;
            row.next_attempt_at = next;
            row.last_error = Some(error.to_owned());
        })
    }

    fn withdraw(&self, seq: i64) -> Result<(), StoreError> {
        self.rows.lock().unwrap().retain(|row| row.seq != seq || row.state == OutboxState::Delivered);
        Ok(())
    }

    fn failing(&self) -> Result<BTreeSet<String>, StoreError> {
        let mut failing = BTreeSet::new();
        let mut ended: BTreeMap<String, OutboxState> = BTreeMap::new();
        for row in self.rows.lock().unwrap().iter() {
            match row.state {
                OutboxState::Pending if row.attempts > 0 => drop(failing.insert(row.draft.destination.clone())),
                OutboxState::Pending => {}
                state => drop(ended.insert(row.draft.destination.clone(), state)),
            }
        }
        failing.extend(ended.into_iter().filter(|(_, state)| *state == OutboxState::Dead).map(|(name, _)| name));
        Ok(failing)
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

impl Threads for MemoryOutbox {
    fn save_thread(&self, thread: &Thread) -> Result<(), StoreError> {
        let mut threads = self.threads.lock().unwrap();
        threads.retain(|other| (&other.destination, &other.group) != (&thread.destination, &thread.group));
        threads.push(thread.clone());
        Ok(())
    }

    fn thread(&self, destination: &str, group: &str) -> Result<Option<Thread>, StoreError> {
        let threads = self.threads.lock().unwrap();
        Ok(threads.iter().find(|thread| thread.destination == destination && thread.group == group).cloned())
    }

    fn open_threads(&self, destination: &str, limit: usize) -> Result<Vec<Thread>, StoreError> {
        let threads = self.threads.lock().unwrap();
        let open = threads.iter().rev().filter(|thread| thread.destination == destination && thread.open);
        Ok(open.take(limit).cloned().collect())
    }
}

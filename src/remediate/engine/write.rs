//! Journal writes. The record in memory is changed only together with the record on disk.

use super::{Engine, Halt};
use crate::remediate::{JournalEntry, OperationRecord, OperationStatus, StepState, WriteCall};

/// What goes into one journal entry besides the record.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) call: Option<WriteCall>,
    pub(super) request_id: Option<String>,
    pub(super) detail: Option<String>,
}

impl Line {
    pub(super) fn detail(text: impl Into<String>) -> Self {
        Self { detail: Some(text.into()), ..Self::default() }
    }
}

impl Engine<'_> {
    /// Changes a step and writes both.
    pub(super) fn step(
        &self,
        record: &mut OperationRecord,
        index: usize,
        state: StepState,
        line: Line,
    ) -> Result<(), Halt> {
        let now = self.host.now();
        let mut next = record.clone();
        let Some(step) = next.steps.get_mut(index) else { return Ok(()) };
        if state == StepState::Undoing && step.state != StepState::Undoing {
            // What is waited for on the way back counts from here.
            (step.begun_at, step.ended_at) = (Some(now), None);
        }
        step.state = state;
        step.begun_at.get_or_insert(now);
        if let Some(call) = &line.call {
            step.call = Some(call.clone());
            step.attempts = step.attempts.saturating_add(1);
        }
        match state {
            StepState::Done | StepState::Skipped | StepState::Undone => {
                step.ended_at = Some(now);
                step.error = None;
            }
            StepState::Failed | StepState::Stuck => {
                step.ended_at = Some(now);
                step.error.clone_from(&line.detail);
            }
            StepState::Pending | StepState::Intended | StepState::Undoing => {
                if line.call.is_none() && line.detail.is_some() {
                    step.error.clone_from(&line.detail);
                }
            }
        }
        let entry = JournalEntry {
            seq: 0,
            operation: next.id.clone(),
            at: now,
            step: Some(index),
            name: step.step.name.clone(),
            state: Some(state),
            call: line.call,
            request_id: line.request_id,
            detail: line.detail,
        };
        self.journal.record_progress(self.lease, &next, &entry)?;
        *record = next;
        Ok(())
    }

    /// Changes the operation's status and writes it.
    pub(super) fn status(
        &self,
        record: &mut OperationRecord,
        status: OperationStatus,
        note: Option<String>,
    ) -> Result<(), Halt> {
        let now = self.host.now();
        let mut next = record.clone();
        next.status = status;
        next.note.clone_from(&note);
        next.ended_at = status.is_over().then_some(now);
        let entry = JournalEntry {
            seq: 0,
            operation: next.id.clone(),
            at: now,
            step: None,
            name: status.as_str().to_owned(),
            state: None,
            call: None,
            request_id: None,
            detail: note,
        };
        let failed = matches!(status, OperationStatus::RolledBack | OperationStatus::NeedsHuman);
        if failed && let Some(difference) = next.facts.attestation.first() {
            // Another replacement would differ as well: nothing more of this fleet is replaced until a person has
            // looked. Not before this one was undone, which a frozen fleet would keep from happening; and before that
            // is written, or a process that dies in between would leave the fleet unfrozen.
            let why = format!("a replacement made by {} could not be attested: {difference}", next.id);
            self.host.freeze(&next.fleet, &why)?;
        }
        self.journal.record_progress(self.lease, &next, &entry)?;
        *record = next;
        self.host.progress(record, status.as_str());
        Ok(())
    }
}

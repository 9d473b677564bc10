//! The whole of an operation: forward until it is done, rests or fails; back when it failed.

use jiff::{SignedDuration, Timestamp};

use super::gone::is_gone;
use super::write::Line;
use super::{Engine, Halt};
use crate::remediate::record::WITHDRAWN;
use crate::remediate::{OperationRecord, OperationStatus, StepRecord, StepState};

/// How a step went.
pub(super) enum Went {
    /// Its effect is in place.
    Well,
    /// It was given up, for this reason.
    Failed(String),
}

impl Engine<'_> {
    /// Begins an operation and carries it as far as it goes now.
    ///
    /// # Errors
    /// Why the engine stopped before the operation came to rest; the journal has it.
    pub async fn begin(&self, record: OperationRecord) -> Result<OperationRecord, Halt> {
        self.host.renew()?;
        self.journal.begin_operation(self.lease, &record)?;
        self.host.progress(&record, "begun");
        self.go_on(record).await
    }

    /// Carries on an operation of the journal: one that another process left behind, or whose retention is over.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn go_on(&self, mut record: OperationRecord) -> Result<OperationRecord, Halt> {
        loop {
            match record.status {
                OperationStatus::Running => self.forward(&mut record).await?,
                OperationStatus::Retaining => {
                    let now = self.host.now();
                    let early = record.facts.retain_until.is_none_or(|until| now < until);
                    if self.stays(&mut record, early).await? {
                        return Ok(record);
                    }
                    // The time for retention does not count against the operation's age.
                    record.deadline = after(now, record.settings.max_age_s);
                    self.status(&mut record, OperationStatus::Running, None)?;
                }
                OperationStatus::RollingBack => self.back(&mut record).await?,
                OperationStatus::NeedsHuman | OperationStatus::Done | OperationStatus::RolledBack => return Ok(record),
            }
        }
    }

    /// Ends an operation of which no call was made, because it must not begin any more.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn withdraw(&self, mut record: OperationRecord, why: &str) -> Result<OperationRecord, Halt> {
        self.host.renew()?;
        self.status(&mut record, OperationStatus::RollingBack, Some(format!("{WITHDRAWN}: {why}")))?;
        self.go_on(record).await
    }

    /// A person lets an operation that needed one go on.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn resume(&self, mut record: OperationRecord, by: &str) -> Result<OperationRecord, Halt> {
        if record.status == OperationStatus::NeedsHuman {
            record.deadline = after(self.host.now(), record.settings.max_age_s);
            self.try_again(&mut record)?;
            let undoing = record
                .steps
                .iter()
                .any(|step| matches!(step.state, StepState::Undoing | StepState::Undone | StepState::Stuck));
            let next = if undoing { OperationStatus::RollingBack } else { OperationStatus::Running };
            self.status(&mut record, next, Some(format!("resumed by {by}")))?;
        }
        self.go_on(record).await
    }

    /// A person has everything undone, containment included.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn undo_all(&self, mut record: OperationRecord, by: &str) -> Result<OperationRecord, Halt> {
        if !record.status.is_over() {
            record.deadline = after(self.host.now(), record.settings.max_age_s);
            record.facts.undo_all = true;
            self.try_again(&mut record)?;
            self.status(&mut record, OperationStatus::RollingBack, Some(format!("rolled back by {by}")))?;
        }
        self.go_on(record).await
    }

    /// What could not be undone is tried again: whoever asks has seen to what stood in its way.
    fn try_again(&self, record: &mut OperationRecord) -> Result<(), Halt> {
        let stuck = |step: &StepRecord| step.state == StepState::Stuck;
        while let Some(index) = record.steps.iter().rposition(stuck) {
            self.step(record, index, StepState::Undoing, Line::detail("to be tried again"))?;
        }
        Ok(())
    }

    async fn forward(&self, record: &mut OperationRecord) -> Result<(), Halt> {
        let next = record.steps.iter().position(|step| {
            let given_up = step.state == StepState::Failed && step.step.optional;
            !given_up && !matches!(step.state, StepState::Done | StepState::Skipped)
        });
        let Some(index) = next else {
            return self.status(record, OperationStatus::Done, None);
        };
        let now = self.host.now();
        let waits = record.steps.get(index).is_some_and(|step| step.step.after_retention);
        let kept_until = record.facts.retain_until;
        if waits && !is_gone(record) && kept_until.is_none_or(|until| now < until) {
            let until = kept_until.unwrap_or_else(|| after(now, record.settings.retain_s));
            record.facts.retain_until = Some(until);
            return self.status(record, OperationStatus::Retaining, Some(super::kept::kept_until(until)));
        }
        if now > record.deadline {
            return self.status(record, OperationStatus::NeedsHuman, Some(too_old(record)));
        }
        match self.forward_step(record, index).await? {
            Went::Well => Ok(()),
            Went::Failed(reason) if record.steps.get(index).is_some_and(|step| step.step.optional) => {
                tracing::warn!(
                    operation = %record.id, step = index, reason = %reason, "an optional step failed; the operation goes on"
                );
                Ok(())
            }
            Went::Failed(_) if self.had_nothing_left(record, index).await? => Ok(()),
            Went::Failed(reason) => self.give_up(record, index, reason),
        }
    }

    /// After a step failed: back, unless nothing may be taken back.
    fn give_up(&self, record: &mut OperationRecord, index: usize, reason: String) -> Result<(), Halt> {
        let step = record.steps.get(index);
        let name = step.map_or("", |step| step.step.name.as_str());
        let note = format!("{name}: {reason}");
        let ending = step.is_some_and(|step| step.step.after_retention);
        let containing = step.is_some_and(|step| step.step.contains);
        // Past the retention the replacement has served for days: going back is a person's decision. A containment
        // that is half done is better than none.
        let next = if ending || containing || record.undoes.is_some() {
            OperationStatus::NeedsHuman
        } else {
            OperationStatus::RollingBack
        };
        self.status(record, next, Some(note))
    }
}

fn after(now: Timestamp, seconds: u64) -> Timestamp {
    let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    now.checked_add(span).unwrap_or(Timestamp::MAX)
}

fn too_old(record: &OperationRecord) -> String {
    format!("it is older than {} s; `operations resume` or `operations rollback` decides", record.settings.max_age_s)
}

pub(super) fn is_too_old(record: &OperationRecord, now: Timestamp) -> Option<String> {
    (now > record.deadline).then(|| too_old(record))
}

//! Undoing: the newest step first. An error does not stop it, with one exception: a replacement that serves is not
//! ended unless the old instance serves again.

use super::drive::is_too_old;
use super::mutate::{FIRST_PAUSE, LAG, Made, later, learn};
use super::needed::still_needed;
use super::order::in_the_way;
use super::wait::Waited;
use super::write::Line;
use super::{Engine, Halt};
use crate::remediate::effect::{Effect, effect};
use crate::remediate::{Does, OperationRecord, OperationStatus, StepRecord, StepState, WriteCall, quarantined_by};
use crate::types::OperationKind;

impl Engine<'_> {
    /// Undoes one more step, or ends the rollback.
    pub(super) async fn back(&self, record: &mut OperationRecord) -> Result<(), Halt> {
        if let Some(reason) = is_too_old(record, self.host.now()) {
            return self.status(record, OperationStatus::NeedsHuman, Some(reason));
        }
        if let Some(reason) = self.passed_on(record) {
            return self.status(record, OperationStatus::NeedsHuman, Some(reason));
        }
        let keep_contained = !record.facts.undo_all;
        let open = |step: &StepRecord| {
            matches!(step.state, StepState::Intended | StepState::Done | StepState::Failed | StepState::Undoing)
                && !(keep_contained && step.step.contains)
        };
        let Some(index) = record.steps.iter().rposition(open) else {
            return self.end_of_rollback(record, keep_contained);
        };
        if let Some(reason) = still_needed(record, index) {
            return self.status(record, OperationStatus::NeedsHuman, Some(reason));
        }
        match self.undo(record, index).await? {
            None => Ok(()),
            // Without what comes after this, the rest of the way back is not safe.
            Some(reason) => self.status(record, OperationStatus::NeedsHuman, Some(reason)),
        }
    }

    /// Why nothing may be undone any more: undoing would end a server that another operation has contained, replaced
    /// or is at work on.
    fn passed_on(&self, record: &OperationRecord) -> Option<String> {
        let new = record.facts.replacement.as_ref().filter(|new| **new != record.instance)?;
        let others = self.host.operations_of(new);
        let stands = |other: &&OperationRecord| match other.kind {
            OperationKind::Replace => other.status != OperationStatus::RolledBack,
            OperationKind::Quarantine => false,
            OperationKind::Release | OperationKind::Rollback => !other.status.is_over(),
        };
        let at_work = others.iter().filter(|other| other.instance == *new).find(stands);
        let other = at_work.or_else(|| quarantined_by(new, &others))?;
        Some(format!("its replacement {new} is in the hands of {} ({}): undo that one first", other.id, other.kind))
    }

    /// Undoes one step. `Some`: it did not get where it must be before anything else is undone.
    async fn undo(&self, record: &mut OperationRecord, index: usize) -> Result<Option<String>, Halt> {
        let Some(step) = record.steps.get(index) else { return Ok(None) };
        let (calls, wait, did) = (step.step.undo.clone(), step.step.undo_wait.clone(), step.step.does.clone());
        // One that is being undone was made, whatever its attempts said: another one's delivery may have done it.
        let made = matches!(step.state, StepState::Done | StepState::Undoing);
        let never_made = matches!(did, Does::Call(_)) && !step.may_have_happened && !made;
        // What was seen in place can be looked at: what may still come into effect must be called against.
        let (resumed, seen) = (step.state == StepState::Undoing, step.state == StepState::Done);
        if never_made || (calls.is_empty() && wait.is_none()) {
            self.step(record, index, StepState::Undone, Line::default())?;
            return Ok(None);
        }
        if let Some(newer) = in_the_way(record, index) {
            let reason = format!("`{newer}` has to be undone before it, and could not be");
            self.step(record, index, StepState::Stuck, Line::detail(reason))?;
            return Ok(None);
        }
        if !resumed {
            self.step(record, index, StepState::Undoing, Line::default())?;
        }
        if !made && self.root_stayed(record, &did).await? {
            self.step(record, index, StepState::Undone, Line::detail("the root volume was never replaced"))?;
            return Ok(None);
        }
        if let Some(reason) = self.learn_launch(record, index, &did).await? {
            self.step(record, index, StepState::Stuck, Line::detail(reason.clone()))?;
            return Ok(None);
        }
        if let Some(reason) = self.not_serving_again(record, index).await? {
            self.step(record, index, StepState::Stuck, Line::detail(reason.clone()))?;
            return Ok(Some(reason));
        }
        for (position, call) in calls.iter().enumerate() {
            if is_about_nothing(record, call) {
                continue;
            }
            match self.make(record, index, call, StepState::Undoing, resumed || seen).await? {
                Made::Effect | Made::Nothing => {}
                // A mark that only lets the calls after it be made: whether it was needed, those show.
                Made::Failed(_) if matches!(call, WriteCall::CreateTags { .. }) && position + 1 < calls.len() => {}
                Made::Failed(reason) => {
                    self.step(record, index, StepState::Stuck, Line::detail(reason))?;
                    return Ok(None);
                }
            }
        }
        if let Some(condition) = wait
            && let Waited::Failed(reason) = self.wait(record, index, &condition).await?
        {
            self.step(record, index, StepState::Stuck, Line::detail(reason.clone()))?;
            let name = record.steps.get(index).map(|step| step.step.name.clone()).unwrap_or_default();
            return Ok(Some(format!("undoing {name}: {reason}")));
        }
        self.step(record, index, StepState::Undone, Line::default())?;
        Ok(None)
    }

    /// A launch whose answer was lost may have launched: finds out what, so that it can be ended. The token makes a
    /// second call answer with the first one's instance.
    async fn learn_launch(
        &self,
        record: &mut OperationRecord,
        index: usize,
        did: &Does,
    ) -> Result<Option<String>, Halt> {
        if record.facts.replacement.is_some() {
            return Ok(None);
        }
        let Does::Call(template @ (WriteCall::Launch(_) | WriteCall::LaunchInGroup { .. })) = did else {
            return Ok(None);
        };
        let template = template.clone();
        // Not even to be ended at once; a launch of one's own is found by its token.
        let withdrawn = matches!(template, WriteCall::Launch(_)) && self.host.golden_stands(record).is_err();
        if withdrawn && (self.was_never(record, &template).await? || record.facts.replacement.is_some()) {
            return Ok(None);
        }
        match self.make(record, index, &template, StepState::Undoing, true).await? {
            Made::Effect | Made::Nothing => Ok(None),
            Made::Failed(reason) => match effect(self.probe, record, &template).await {
                Ok(Effect::Impossible(_)) => Ok(None),
                _ => Ok(Some(format!("whether it launched could not be found out: {reason}"))),
            },
        }
    }

    /// Whether a replacement of the root volume that was meant never came to be. There is nothing to go back to then, and
    /// EC2 refuses to put a volume in its own place.
    async fn root_stayed(&self, record: &mut OperationRecord, did: &Does) -> Result<bool, Halt> {
        let Does::Call(call @ WriteCall::ReplaceRootVolume { .. }) = did else { return Ok(false) };
        Ok(record.facts.task.is_none() && self.was_never(record, call).await?)
    }

    /// Looks for the effect of a call without making it, for as long as it may only not be visible yet: whether it never
    /// came to be. What is found is learnt.
    async fn was_never(&self, record: &mut OperationRecord, call: &WriteCall) -> Result<bool, Halt> {
        let until = later(self.host.now(), LAG);
        loop {
            self.host.renew()?;
            if self.host.stopping() {
                return Err(Halt::Stopping);
            }
            let seen = effect(self.probe, record, call).await;
            let over = self.host.now() >= until;
            match seen {
                Ok(Effect::InPlace(found)) => {
                    learn(record, found);
                    return Ok(false);
                }
                Ok(Effect::Absent) if over => return Ok(true),
                Ok(Effect::Impossible(_)) => return Ok(false),
                _ if over => return Ok(false),
                _ => self.host.sleep(FIRST_PAUSE).await,
            }
        }
    }

    fn end_of_rollback(&self, record: &mut OperationRecord, keep_contained: bool) -> Result<(), Halt> {
        let stuck: Vec<String> = record
            .steps
            .iter()
            .filter(|step| step.state == StepState::Stuck)
            .map(|step| format!("{}: {}", step.step.name, step.error.as_deref().unwrap_or("not undone")))
            .collect();
        if !stuck.is_empty() {
            let note = format!("not everything could be undone: {}", stuck.join("; "));
            return self.status(record, OperationStatus::NeedsHuman, Some(note));
        }
        let contained = |step: &StepRecord| step.step.contains && step.state == StepState::Done;
        if keep_contained && record.steps.iter().any(contained) {
            let reason = record.note.clone().unwrap_or_default();
            let note = format!("the instance stays contained; {reason}");
            return self.status(record, OperationStatus::NeedsHuman, Some(note));
        }
        let note = record.note.clone();
        self.status(record, OperationStatus::RolledBack, note)
    }
}

/// Whether a call is about a replacement that never came to be.
fn is_about_nothing(record: &OperationRecord, call: &WriteCall) -> bool {
    let text = serde_json::to_string(call).unwrap_or_default();
    record.facts.replacement.is_none() && text.contains(&format!("\"{}", crate::remediate::REPLACEMENT))
}

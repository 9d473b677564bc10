//! One step forward.

use super::drive::Went;
use super::mutate::Made;
use super::wait::Waited;
use super::write::Line;
use super::{Engine, Halt};
use crate::remediate::{Condition, Does, Evidence, Facts, OperationRecord, StepState};

impl Engine<'_> {
    pub(super) async fn forward_step(&self, record: &mut OperationRecord, index: usize) -> Result<Went, Halt> {
        let Some(step) = record.steps.get(index) else { return Ok(Went::Well) };
        let does = step.step.does.clone();
        match does {
            Does::Call(call) => {
                let look_first = step.attempts > 0;
                if let Some(reason) = self.guard(record, index, &call).await? {
                    return self.failed(record, index, reason);
                }
                match self.make(record, index, &call, StepState::Intended, look_first).await? {
                    Made::Effect => self.done(record, index, StepState::Done),
                    // What an attempt of ours has removed is not there to be removed: that attempt did it.
                    Made::Nothing => {
                        let tried = record.steps.get(index).is_some_and(|step| step.state != StepState::Pending);
                        self.done(record, index, if tried { StepState::Done } else { StepState::Skipped })
                    }
                    Made::Failed(reason) => self.failed(record, index, reason),
                }
            }
            Does::Wait(condition) => self.wait_step(record, index, &condition).await,
            Does::Collect(what) => self.collect_step(record, index, what).await,
            Does::Nothing => self.done(record, index, StepState::Done),
        }
    }

    async fn wait_step(&self, record: &mut OperationRecord, index: usize, condition: &Condition) -> Result<Went, Halt> {
        if record.steps.get(index).is_some_and(|step| step.state == StepState::Pending) {
            self.step(record, index, StepState::Intended, Line::default())?;
        }
        match self.wait(record, index, condition).await? {
            Waited::Seen(learned) => {
                if learned.cut.is_some() {
                    record.facts.cut = learned.cut;
                }
                if learned.evidence.is_some() {
                    record.facts.evidence = learned.evidence;
                }
                if learned.serving {
                    let now = self.host.now();
                    record.facts.serving_since.get_or_insert(now);
                }
                self.done(record, index, StepState::Done)
            }
            Waited::Failed(reason) => {
                if matches!(condition, Condition::Attested { .. }) {
                    record.facts.attestation = vec![reason.clone()];
                }
                self.failed(record, index, reason)
            }
        }
    }

    async fn collect_step(&self, record: &mut OperationRecord, index: usize, what: Evidence) -> Result<Went, Halt> {
        match self.host.collect(record, what).await {
            Ok(Facts { console, evidence, notes, .. }) => {
                if console.is_some() {
                    record.facts.console = console;
                }
                if evidence.is_some() {
                    record.facts.evidence = evidence;
                }
                record.facts.notes.extend(notes);
                self.done(record, index, StepState::Done)
            }
            Err(reason) => self.failed(record, index, reason),
        }
    }

    fn done(&self, record: &mut OperationRecord, index: usize, state: StepState) -> Result<Went, Halt> {
        self.step(record, index, state, Line::default())?;
        let name = record.steps.get(index).map(|step| step.step.name.clone()).unwrap_or_default();
        self.host.progress(record, &name);
        Ok(Went::Well)
    }

    fn failed(&self, record: &mut OperationRecord, index: usize, reason: String) -> Result<Went, Halt> {
        self.step(record, index, StepState::Failed, Line::detail(reason.clone()))?;
        Ok(Went::Failed(reason))
    }
}

//! Somebody else ended the old instance while its replacement serves already. Then nothing is left to be taken from it, and
//! going back would only take from the one that serves.

use super::write::Line;
use super::{Engine, Halt};
use crate::remediate::effect::is_ending;
use crate::remediate::{Condition, Does, Method, OperationRecord, StepState, Who, WriteCall};
use crate::types::OperationKind;

impl Engine<'_> {
    /// Whether a step that failed had nothing to do any more; then it counts as done.
    pub(super) async fn had_nothing_left(&self, record: &mut OperationRecord, index: usize) -> Result<bool, Halt> {
        let lets_go = record.steps.get(index).is_some_and(|step| is_about_old(record, &step.step.does));
        let served = record.kind == OperationKind::Replace
            && record.settings.method == Method::Launch
            && record.facts.serving_since.is_some();
        if !lets_go || !served {
            return Ok(false);
        }
        // Where nobody can tell it may be there.
        let Ok(found) = self.probe.instance(&record.place, &record.instance).await else { return Ok(false) };
        if found.is_some_and(|detail| !is_ending(&detail)) {
            return Ok(false);
        }
        let gone = gone(record);
        if !record.facts.notes.contains(&gone) {
            record.facts.notes.push(gone.clone());
        }
        self.step(record, index, StepState::Done, Line::detail(gone))?;
        Ok(true)
    }
}

fn gone(record: &OperationRecord) -> String {
    format!("{} was ended by somebody else meanwhile: nothing is left to be taken from it", record.instance)
}

/// Whether the old instance is known to be gone: then nothing is kept.
pub(super) fn is_gone(record: &OperationRecord) -> bool {
    record.facts.notes.contains(&gone(record))
}

/// Whether a step lets go of the old instance, and of nothing else.
fn is_about_old(record: &OperationRecord, does: &Does) -> bool {
    let old = &record.instance;
    match does {
        Does::Call(WriteCall::Stop { instance } | WriteCall::DetachFromGroup { instance, .. }) => instance == old,
        Does::Call(WriteCall::DeregisterTarget { group, target, .. }) => {
            record.before.targets.iter().any(|before| before.group == *group && before.target == *target)
        }
        Does::Call(WriteCall::SetInterfaceGroups { interface, .. }) => {
            record.before.detail.interfaces.iter().any(|before| before.id == *interface)
        }
        Does::Wait(Condition::Stopped { who } | Condition::InGroup { who, .. }) => *who == Who::Old,
        Does::Wait(Condition::Drained { .. }) => true,
        _ => false,
    }
}

//! Whether a replacement is still needed when it is about to be ended, or taken out of traffic, on the way back.

use super::wait::Waited;
use super::{Engine, Halt};
use crate::remediate::{Condition, Does, OperationRecord, REPLACEMENT, REPLACEMENT_ADDRESS, StepState, Who, WriteCall};
use crate::types::{OperationKind, Track};

impl Engine<'_> {
    /// Why the replacement must stay although everything that was taken from the old instance was given back: it does
    /// not serve again. Somebody may have stopped it meanwhile.
    pub(super) async fn not_serving_again(
        &self,
        record: &OperationRecord,
        index: usize,
    ) -> Result<Option<String>, Halt> {
        let took = record
            .steps
            .iter()
            .any(|step| takes(record, &step.step.does) && happened(step.state, step.may_have_happened));
        let depended = record.facts.serving_since.is_some() || took;
        // One that was contained serves nothing, before and after.
        let served = record.track != Track::Compromise && record.before.detail.instance.state == "running";
        // What lacks its data, or is stopped for it, serves again only when that is undone as well.
        let lacks = record.steps.iter().take(index).any(|step| {
            takes(record, &step.step.does)
                && step.state != StepState::Undone
                && happened(step.state, step.may_have_happened)
        });
        let takes_over = record.facts.serving_since.is_some() && !lacks && takes_from_replacement(record, index);
        if !(ends_replacement(record, index) || takes_over) || !depended || !served {
            return Ok(None);
        }
        let healthy = record.before.targets.iter().filter(|target| target.health == "healthy");
        let mut conditions = vec![Condition::StatusOk { who: Who::Old }];
        conditions.extend(healthy.map(|target| Condition::Healthy {
            group: target.group.clone(),
            target: target.target.clone(),
            port: target.port,
        }));
        for condition in conditions {
            if let Waited::Failed(reason) = self.wait(record, index, &condition).await? {
                let old = &record.instance;
                return Ok(Some(format!("the replacement is kept, because {old} does not serve again: {reason}")));
            }
        }
        Ok(None)
    }
}

fn happened(state: StepState, may_have_happened: bool) -> bool {
    may_have_happened || matches!(state, StepState::Done | StepState::Undone | StepState::Undoing | StepState::Stuck)
}

fn ends_replacement(record: &OperationRecord, index: usize) -> bool {
    let ends = |call: &WriteCall| matches!(call, WriteCall::Terminate { .. });
    record.kind == OperationKind::Replace && record.steps.get(index).is_some_and(|step| step.step.undo.iter().any(ends))
}

/// Why a step must not be undone now: ending a replacement that served, or taking from it what it serves with, while
/// something of the old instance could not be restored would leave nothing.
pub(super) fn still_needed(record: &OperationRecord, index: usize) -> Option<String> {
    let ends = ends_replacement(record, index);
    if !ends && !takes_from_replacement(record, index) {
        return None;
    }
    // Before it served, it is still all there is when what was taken from the old instance could not be given back.
    let served = ends && record.facts.serving_since.is_some();
    let mut stuck = record.steps.iter().filter(|step| step.state == StepState::Stuck);
    let stuck = stuck.find(|step| served || takes(record, &step.step.does))?;
    Some(format!(
        "the replacement is kept, because `{}` could not be undone: {}",
        stuck.step.name,
        stuck.error.as_deref().unwrap_or("unknown")
    ))
}

/// Whether undoing a step takes from the replacement what it needs to serve.
fn takes_from_replacement(record: &OperationRecord, index: usize) -> bool {
    let Some(step) = record.steps.get(index).map(|step| &step.step) else { return false };
    let new = |id: &str| id == REPLACEMENT || id == REPLACEMENT_ADDRESS;
    record.kind == OperationKind::Replace
        && match &step.does {
            Does::Call(WriteCall::RegisterTarget { target, .. }) => new(target) && !step.undo.is_empty(),
            Does::Call(WriteCall::AssociateAddress { .. } | WriteCall::AssignPrivateIps { .. }) => {
                !step.undo.is_empty()
            }
            Does::Call(WriteCall::AttachInterface { instance, .. } | WriteCall::AttachVolume { instance, .. }) => {
                new(instance.as_str())
            }
            _ => false,
        }
}

/// Whether a step takes from the old instance what it needs to serve.
fn takes(record: &OperationRecord, does: &Does) -> bool {
    let Does::Call(call) = does else { return false };
    match call {
        WriteCall::Stop { instance } | WriteCall::DetachFromGroup { instance, .. } => *instance == record.instance,
        WriteCall::DeregisterTarget { .. }
        | WriteCall::SetInterfaceGroups { .. }
        | WriteCall::DetachVolume { .. }
        | WriteCall::AssociateAddress { .. }
        | WriteCall::AssignPrivateIps { .. }
        | WriteCall::DetachInterface { .. } => true,
        _ => false,
    }
}

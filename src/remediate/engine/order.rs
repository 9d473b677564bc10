//! What must be undone in its order. Undoing goes on where one step cannot be undone, but not with what is about the
//! same thing: when the stuck step is undone later, it would undo what was restored before it.

use crate::remediate::{Does, OperationRecord, Step, StepState, WriteCall};

/// The newer step that could not be undone and has to be before this one.
pub(super) fn in_the_way(record: &OperationRecord, index: usize) -> Option<String> {
    let step = &record.steps.get(index)?.step;
    let newer = record.steps.iter().skip(index.saturating_add(1));
    let mut stuck = newer.filter(|newer| newer.state == StepState::Stuck);
    stuck.find(|newer| comes_after(step, &newer.step)).map(|newer| newer.step.name.clone())
}

fn comes_after(step: &Step, newer: &Step) -> bool {
    // It is there for nothing but its place in this order.
    if step.does == Does::Nothing && step.subject == newer.subject {
        return true;
    }
    // One that is still cut off fails its health checks: its group would end it.
    let back = |call: &WriteCall| matches!(call, WriteCall::ExitStandby { .. });
    let cut = |call: &WriteCall| matches!(call, WriteCall::SetInterfaceGroups { .. });
    if step.undo.iter().any(back) && newer.undo.iter().any(cut) {
        return true;
    }
    let things = |of: &Step| of.undo.iter().filter_map(thing).collect::<Vec<_>>();
    let theirs = things(newer);
    things(step).iter().any(|own| theirs.contains(own))
}

/// What a call sets, where several calls of one operation set the same.
fn thing(call: &WriteCall) -> Option<String> {
    match call {
        WriteCall::RegisterTarget { group, target, port, .. } | WriteCall::DeregisterTarget { group, target, port } => {
            Some(format!("{target} {port:?} in {group}"))
        }
        WriteCall::EnterStandby { group, .. }
        | WriteCall::ExitStandby { group, .. }
        | WriteCall::SetScaleInProtection { group, .. }
        | WriteCall::SetDesiredCapacity { group, .. }
        | WriteCall::DetachFromGroup { group, .. }
        | WriteCall::AttachToGroup { group, .. } => Some(group.clone()),
        WriteCall::SetInterfaceGroups { interface, .. } => Some(format!("groups of {interface}")),
        WriteCall::AttachInterface { interface, .. } | WriteCall::DetachInterface { interface, .. } => {
            Some(interface.to_string())
        }
        WriteCall::AttachVolume { volume, .. } | WriteCall::DetachVolume { volume, .. } => Some(volume.to_string()),
        _ => None,
    }
}

//! What was seen before a step that takes something from the old instance may not hold any more when the step is made:
//! the process was killed or paused in between, or a person had it go on hours later. So it is looked at again.

use jiff::SignedDuration;

use super::wait::Waited;
use super::{Engine, Halt};
use crate::remediate::effect::{Effect, effect};
use crate::remediate::{Condition, Does, Method, OperationRecord, StepState, Who, WriteCall};
use crate::types::{OperationKind, Track};

/// How long a look counts.
const FRESH: SignedDuration = SignedDuration::from_secs(60);

impl Engine<'_> {
    /// Looks again where the last look is old. `Some`: the step must not be made, for this reason.
    pub(super) async fn guard(
        &self,
        record: &OperationRecord,
        index: usize,
        call: &WriteCall,
    ) -> Result<Option<String>, Halt> {
        let Some(condition) = guard_of(record, call) else { return Ok(None) };
        let seen = record.steps.iter().take(index).filter(|step| {
            let Does::Wait(looked) = &step.step.does else { return false };
            let enough = match condition {
                Condition::StatusOk { .. } => matches!(looked, Condition::Attested { .. }),
                _ => matches!(looked, Condition::Serving | Condition::Baked | Condition::MayTerminate),
            };
            enough && step.state == StepState::Done
        });
        let last = seen.filter_map(|step| step.ended_at).max();
        if last.is_some_and(|at| self.host.now().duration_since(at) <= FRESH) {
            return Ok(None);
        }
        // What has happened already needs no leave. An attachment that is only looked up later cannot be asked about.
        let named = !matches!(call, WriteCall::DetachInterface { .. });
        if named && matches!(effect(self.probe, record, call).await, Ok(Effect::InPlace(_))) {
            return Ok(None);
        }
        // What takes over must not be what somebody has withdrawn meanwhile.
        if condition != Condition::MayTerminate
            && let Err(reason) = self.host.golden_stands(record)
        {
            return Ok(Some(reason));
        }
        match self.wait(record, index, &condition).await? {
            Waited::Seen(_) => Ok(None),
            Waited::Failed(reason) => Ok(Some(reason)),
        }
    }
}

/// What must hold while this call is made; `None`: it takes nothing from an instance that is being replaced.
fn guard_of(record: &OperationRecord, call: &WriteCall) -> Option<Condition> {
    if record.kind != OperationKind::Replace || record.settings.method != Method::Launch {
        return None;
    }
    let old = &record.instance;
    let takes = match call {
        WriteCall::Terminate { instance } => return (instance == old).then_some(Condition::MayTerminate),
        WriteCall::Stop { instance } | WriteCall::DetachFromGroup { instance, .. } => instance == old,
        WriteCall::DeregisterTarget { group, target, .. } => {
            record.before.targets.iter().any(|before| before.group == *group && before.target == *target)
        }
        WriteCall::DetachVolume { instance, .. } => instance == old,
        WriteCall::AssociateAddress { .. } | WriteCall::AssignPrivateIps { .. } => true,
        WriteCall::SetInterfaceGroups { interface, .. } | WriteCall::DetachInterface { interface, .. } => {
            record.before.detail.interfaces.iter().any(|before| before.id == *interface)
        }
        _ => false,
    };
    if !takes || record.track != Track::Hygiene {
        return None;
    }
    // Where data moves, the old instance stops before the replacement can serve: then it must at least be well.
    Some(match record.facts.serving_since {
        Some(_) => Condition::Serving,
        None => Condition::StatusOk { who: Who::New },
    })
}

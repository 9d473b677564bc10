//! The desired capacity of a group whose member comes back from standby, or was to be detached and had left by itself.
//! Coming back raises it by one, and so does launching a replacement; that one is taken back. What the group has been
//! scaled to since is nobody's to undo: an old number would end servers that serve.

use super::Engine;
use crate::remediate::{GroupDetail, OperationRecord, StepState, WriteCall};
use crate::types::{InstanceId, OperationKind};

impl Engine<'_> {
    /// The call with the capacity that it is to be made with. `Ok(None)`: there is nothing to lower.
    pub(super) async fn lowered(
        &self,
        record: &OperationRecord,
        index: usize,
        call: WriteCall,
    ) -> Result<Option<WriteCall>, String> {
        let WriteCall::SetDesiredCapacity { group, desired: before } = &call else { return Ok(Some(call)) };
        let found = self.probe.group(&record.place, group).await.map_err(|error| error.to_string())?;
        let replaces = record.kind == OperationKind::Replace;
        // The look at the effect says that it is gone. Where nothing may be to be lowered that is no failure.
        let Some(found) = found else { return Ok(Some(call).filter(|_| !replaces)) };
        let wanted = match attempted(record, index, group) {
            // An attempt of ours may have done it. Any other number is somebody else's later will.
            Some(ours) => (found.desired == ours || found.desired == ours.saturating_add(1)).then_some(ours),
            None if replaces => outstanding(record, index, &found),
            None if came_back(record, group) => Some(target(*before, found.desired)),
            None => None,
        };
        // The group refuses to go below its minimum, and a member more than wanted harms nobody.
        let wanted = wanted.filter(|wanted| *wanted >= found.min_size);
        let known = attempted(record, index, group).is_some();
        let wanted = wanted.filter(|wanted| known || *wanted != found.desired);
        Ok(wanted.map(|desired| WriteCall::SetDesiredCapacity { group: group.clone(), desired }))
    }

    /// The call that protects a server from being the one that goes when the capacity is lowered, or ends that. `Ok(None)`:
    /// nothing is lowered.
    pub(super) async fn spared(
        &self,
        record: &OperationRecord,
        index: usize,
        call: WriteCall,
    ) -> Result<Option<WriteCall>, String> {
        let WriteCall::SetScaleInProtection { group, instance, on } = &call else { return Ok(Some(call)) };
        if record.kind != OperationKind::Replace || protects(record, Some(index), instance) {
            return Ok(Some(call));
        }
        if !on {
            return Ok(Some(call).filter(|call| match call {
                WriteCall::SetScaleInProtection { instance, .. } => protects(record, None, instance),
                _ => false,
            }));
        }
        let found = self.probe.group(&record.place, group).await.map_err(|error| error.to_string())?;
        let lowered = found.and_then(|found| outstanding(record, index, &found));
        Ok(Some(call).filter(|_| lowered.is_some()))
    }

    /// Remembers what a group wants before one of its members is detached for the first time. It is written with the
    /// intent: after a crash it tells whether the detaching, which lowers that, was done.
    pub(super) async fn note_capacity(
        &self,
        record: &mut OperationRecord,
        index: usize,
        call: &WriteCall,
    ) -> Result<(), String> {
        let WriteCall::DetachFromGroup { group, instance } = call else { return Ok(()) };
        let step = record.steps.get(index);
        let tried =
            |made: &WriteCall| matches!(made, WriteCall::DetachFromGroup { instance: of, .. } if of == instance);
        if record.facts.desired.contains_key(instance) || step.and_then(|step| step.call.as_ref()).is_some_and(tried) {
            return Ok(());
        }
        let found = self.probe.group(&record.place, group).await.map_err(|error| error.to_string())?;
        if let Some(found) = found {
            record.facts.desired.insert(instance.clone(), found.desired);
        }
        Ok(())
    }
}

/// What a group should want whose member had left by itself when it was to be detached: one less, because launching the
/// replacement raised it by one and nothing has taken that back. `None` where the number is another one by now: somebody
/// lowered or scaled it. It never goes below what was there before the operation.
fn outstanding(record: &OperationRecord, index: usize, found: &GroupDetail) -> Option<i32> {
    let back = record.steps.get(index)?.state == StepState::Undoing;
    let member = if back { record.facts.replacement.as_ref()? } else { &record.instance };
    let before = record.before.group.as_ref()?.desired;
    let seen = *record.facts.desired.get(member)?;
    let wanted = seen.saturating_sub(1);
    (seen == found.desired && wanted >= before && !found.members.contains_key(member)).then_some(wanted)
}

/// Whether this operation asked for a server to be protected from scale-in: at this step, whatever it asked, or at any.
fn protects(record: &OperationRecord, index: Option<usize>, of: &InstanceId) -> bool {
    let mut steps = record.steps.iter().enumerate().filter(|(at, _)| index.is_none_or(|index| index == *at));
    steps.any(|(_, step)| match &step.call {
        Some(WriteCall::SetScaleInProtection { instance, on, .. }) => instance == of && (*on || index.is_some()),
        _ => false,
    })
}

/// One less than now, unless that is less than there was: reads may still show the number before the return.
fn target(before: i32, now: i32) -> i32 {
    now.saturating_sub(1).max(before.min(now))
}

/// What an earlier attempt of this step asked for.
fn attempted(record: &OperationRecord, index: usize, of: &str) -> Option<i32> {
    match record.steps.get(index)?.call.as_ref()? {
        WriteCall::SetDesiredCapacity { group, desired } if group == of => Some(*desired),
        _ => None,
    }
}

/// Whether this operation asked for the member to come back. The answer says little: a call that was delivered twice is
/// refused the second time.
fn came_back(record: &OperationRecord, of: &str) -> bool {
    let back = |call: &WriteCall| matches!(call, WriteCall::ExitStandby { group, .. } if group == of);
    record.steps.iter().any(|step| step.call.as_ref().is_some_and(back))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::remediate::{Step, StepRecord, samples};

    fn record(before: i32, seen: Option<i32>, state: StepState) -> OperationRecord {
        let mut record = samples::record("op-1");
        record.before.group = Some(group(before));
        record.facts.replacement = Some("i-new".into());
        let member = if state == StepState::Undoing { "i-new".into() } else { record.instance.clone() };
        record.facts.desired.extend(seen.map(|seen| (member, seen)));
        record.steps = vec![StepRecord { state, ..StepRecord::pending(Step::nothing("lower-capacity", "web")) }];
        record
    }

    fn group(desired: i32) -> GroupDetail {
        GroupDetail {
            name: "web".to_owned(),
            min_size: 1,
            desired,
            max_size: 9,
            images: BTreeSet::new(),
            pinned: true,
            subnets: Vec::new(),
            members: BTreeMap::new(),
            protected: BTreeSet::new(),
            target_groups: Vec::new(),
            refreshing: false,
        }
    }

    #[test]
    fn what_a_member_left_behind_is_taken_back_once() {
        for state in [StepState::Pending, StepState::Intended, StepState::Undoing] {
            let wanted = |before, seen, now| outstanding(&record(before, seen, state), 0, &group(now));
            assert_eq!(wanted(4, Some(5), 5), Some(4), "it had left by itself");
            assert_eq!(wanted(4, Some(5), 4), None, "it was detached by us");
            assert_eq!(wanted(4, Some(4), 4), None, "whoever took it lowered the number");
            assert_eq!(wanted(4, Some(7), 7), Some(6), "the group was scaled out before");
            assert_eq!(wanted(4, Some(5), 8), None, "it was scaled since");
            assert_eq!(wanted(4, None, 5), None, "nobody was to leave");
        }
        let mut still = group(5);
        still.members.insert(record(4, None, StepState::Pending).instance, "Terminating".to_owned());
        assert_eq!(outstanding(&record(4, Some(5), StepState::Pending), 0, &still), None, "it is there yet");
    }

    #[test]
    fn only_the_one_that_came_back_is_taken_away() {
        assert_eq!(target(4, 5), 4, "the group was left alone");
        assert_eq!(target(4, 11), 10, "it was scaled out meanwhile");
        assert_eq!(target(4, 3), 3, "it was scaled in meanwhile: nothing is raised");
        assert_eq!(target(4, 4), 4, "the rise is not visible yet");
    }
}

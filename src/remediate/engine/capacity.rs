//! The desired capacity of a group whose member comes back from standby. Coming back raises it by one, and that one is
//! taken back. What the group has been scaled to since the member left is nobody's to undo: an old number would end
//! servers that serve.

use super::Engine;
use crate::remediate::{OperationRecord, WriteCall};

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
        // The look at the effect says that it is gone.
        let Some(found) = found else { return Ok(Some(call)) };
        let wanted = match attempted(record, index, group) {
            // An attempt of ours may have done it. Any other number is somebody else's later will.
            Some(ours) => (found.desired == ours || found.desired == ours.saturating_add(1)).then_some(ours),
            None if came_back(record, group) => Some(target(*before, found.desired)),
            None => None,
        };
        // The group refuses to go below its minimum, and a member more than wanted harms nobody.
        let wanted = wanted.filter(|wanted| *wanted >= found.min_size);
        let known = attempted(record, index, group).is_some();
        let wanted = wanted.filter(|wanted| known || *wanted != found.desired);
        Ok(wanted.map(|desired| WriteCall::SetDesiredCapacity { group: group.clone(), desired }))
    }
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
    use super::*;

    #[test]
    fn only_the_one_that_came_back_is_taken_away() {
        assert_eq!(target(4, 5), 4, "the group was left alone");
        assert_eq!(target(4, 11), 10, "it was scaled out meanwhile");
        assert_eq!(target(4, 3), 3, "it was scaled in meanwhile: nothing is raised");
        assert_eq!(target(4, 4), 4, "the rise is not visible yet");
    }
}

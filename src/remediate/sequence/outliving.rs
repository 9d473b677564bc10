//! What a containment left outside of its instance. It would outlive the instance: an address that is denied in a
//! network ACL is given to another server one day, and a role has room for so many policies.

use super::release::as_made;
use crate::remediate::{OperationRecord, Step, StepRecord, StepState, WriteCall};

/// EC2 gives a machine's role credentials for six hours at most; denying them must last longer than they do.
const CREDENTIALS_S: u64 = 12 * 3_600;

/// Adds the steps that take it away to a replacement of the contained instance, after the instance has ended. Denials
/// of sessions stay where the retention is shorter than credentials live.
pub(in crate::remediate) fn take_away_what_outlives(replacement: &mut OperationRecord, quarantine: &OperationRecord) {
    let expired = replacement.settings.retain_s >= CREDENTIALS_S;
    for record in quarantine.steps.iter().rev() {
        // A step that was skipped or never made left nothing.
        if matches!(record.state, StepState::Pending | StepState::Skipped | StepState::Undone) {
            continue;
        }
        for call in &record.step.undo {
            let outlives = match call {
                WriteCall::RemoveFromAcl { .. } => true,
                WriteCall::DeleteRolePolicy { .. } => expired,
                _ => false,
            };
            if outlives {
                let name = format!("undo-{}", record.step.name);
                let step = Step::call(&name, &record.step.subject, as_made(call, record)).after_retention();
                replacement.steps.push(StepRecord::pending(step));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remediate::samples;

    fn quarantine() -> OperationRecord {
        let denied = WriteCall::DenyInAcl { acl: "acl-1".into(), rule: 1, egress: false, cidr: "10.0.0.1/32".into() };
        let freed =
            WriteCall::RemoveFromAcl { acl: "acl-1".into(), rule: 1, egress: false, cidr: "10.0.0.1/32".into() };
        let (role, policy) = ("web".to_owned(), "deny".to_owned());
        let put = WriteCall::PutRolePolicy { role: role.clone(), policy: policy.clone(), document: "{}".to_owned() };
        let deleted = WriteCall::DeleteRolePolicy { role, policy };
        let protect = |on| WriteCall::SetTerminationProtection { instance: "i-1".into(), on };
        let mut record = samples::record("op-1");
        record.steps = [
            Step::call("protect-from-termination", "", protect(true)).undone_by(protect(false)),
            Step::call("deny-in-acl", "a", denied.clone()).undone_by(freed.clone()),
            Step::call("deny-sessions", "web", put).undone_by(deleted),
            Step::call("deny-in-acl", "never made", denied).undone_by(freed),
        ]
        .map(StepRecord::pending)
        .into();
        record.steps.iter_mut().take(3).for_each(|step| step.state = StepState::Done);
        record
    }

    fn added(retain_s: u64) -> Vec<(String, String)> {
        let mut replacement = samples::record("op-2");
        replacement.steps.clear();
        replacement.settings.retain_s = retain_s;
        take_away_what_outlives(&mut replacement, &quarantine());
        assert!(replacement.steps.iter().all(|step| step.step.after_retention && !step.step.optional));
        replacement.steps.into_iter().map(|step| (step.step.name, step.step.subject)).collect()
    }

    #[test]
    fn what_was_put_outside_is_taken_away_and_a_denial_outlasts_the_credentials() {
        let pair = |name: &str, subject: &str| (name.to_owned(), subject.to_owned());
        let acl = pair("undo-deny-in-acl", "a");
        assert_eq!(added(7 * 86_400), [pair("undo-deny-sessions", "web"), acl.clone()]);
        assert_eq!(added(3_600), [acl]);
    }
}

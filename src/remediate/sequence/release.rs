//! Release: undoes a quarantine from its record, newest step first, and then sees that all is as it was.

use super::Laid;
use crate::remediate::{Condition, OperationRecord, Step, StepRecord, StepState, TargetBefore, Who, WriteCall};

/// The steps that undo what an operation did. Only what it did: a step that was skipped or never made is left out.
pub(in crate::remediate) fn release(laid: &Laid<'_>, quarantine: &OperationRecord) -> Vec<Step> {
    let mut steps = Vec::new();
    for record in quarantine.steps.iter().rev() {
        if !matches!(record.state, StepState::Done | StepState::Intended | StepState::Failed | StepState::Stuck) {
            continue;
        }
        let undone = &record.step;
        for call in &undone.undo {
            let name = format!("undo-{}", undone.name);
            let mut step = Step::call(&name, &undone.subject, as_made(call, record)).within(undone.timeout_s);
            // What was done for certain is undone for certain, even where doing it was optional.
            step.optional = undone.optional && record.state != StepState::Done;
            steps.push(step);
        }
        // Whether it takes traffic again is asked at the end, when nothing cuts it off any more.
        if let Some(condition) = &undone.undo_wait
            && !matches!(condition, Condition::Healthy { .. })
        {
            let name = format!("{}-undone", undone.name);
            steps.push(Step::wait(&name, &undone.subject, condition.clone(), undone.timeout_s.max(900)));
        }
    }
    if laid.before.detail.instance.state == "running" {
        let ok = Condition::StatusOk { who: Who::Old };
        steps.push(Step::wait("status-checks", "", ok, laid.settings.boot_s));
    }
    for TargetBefore { group, target, port, health, .. } in &laid.before.targets {
        if matches!(health.as_str(), "healthy" | "unused") {
            let healthy = Condition::Healthy { group: group.clone(), target: target.clone(), port: *port };
            steps.push(Step::wait("healthy", group, healthy, laid.settings.traffic_s));
        }
    }
    steps
}

/// What undoes a step as it was made, which may be under another rule number than it was laid out with.
pub(super) fn as_made(undo: &WriteCall, done: &StepRecord) -> WriteCall {
    let mut undo = undo.clone();
    if let WriteCall::RemoveFromAcl { acl, rule, egress, cidr } = &mut undo {
        let made = done.call.as_ref().and_then(|call| call.acl_number(acl, *egress, cidr));
        *rule = made.unwrap_or(*rule);
    }
    undo
}

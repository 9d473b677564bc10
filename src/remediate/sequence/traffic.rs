//! The steps that take an instance out of traffic.

use super::Laid;
use crate::remediate::{Condition, Step, TargetBefore, WriteCall};

/// Leaves every target group and waits until it has drained. Undoing registers it exactly as it was.
pub(super) fn leave_targets(laid: &Laid<'_>, wait_on_return: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for before in &laid.before.targets {
        let TargetBefore { group, target, port, zone, health } = before;
        let mut step = Step::call(
            "deregister",
            group,
            WriteCall::DeregisterTarget { group: group.clone(), target: target.clone(), port: *port },
        )
        .undone_by(WriteCall::RegisterTarget {
            group: group.clone(),
            target: target.clone(),
            port: *port,
            zone: zone.clone(),
        })
        .within(laid.settings.traffic_s);
        if wait_on_return && matches!(health.as_str(), "healthy" | "unused") {
            let (group, target) = (group.clone(), target.clone());
            step = step.then_seen(Condition::Healthy { group, target, port: *port });
        }
        steps.push(step);
    }
    for TargetBefore { group, target, port, .. } in &laid.before.targets {
        let drained = Condition::Drained { group: group.clone(), target: target.clone(), port: *port };
        steps.push(Step::wait("drained", group, drained, laid.settings.traffic_s));
    }
    steps
}

/// Leaves the Auto Scaling group for standby; the group launches a substitute, unless that might not be the golden. Coming back raises the desired
/// capacity by one, so undoing lowers it again, with the instance protected from being the one that goes.
pub(super) fn enter_standby(laid: &Laid<'_>) -> Vec<Step> {
    let Some(before) = &laid.before.group else { return Vec::new() };
    let (group, instance) = (before.name.clone(), laid.instance.clone());
    let protection = |on| WriteCall::SetScaleInProtection { group: group.clone(), instance: instance.clone(), on };
    let mut steps = Vec::new();
    let in_service = Condition::InGroup {
        group: group.clone(),
        who: crate::remediate::Who::Old,
        state: Some("InService".to_owned()),
    };
    let enter = |decrement| {
        let enter = WriteCall::EnterStandby { group: group.clone(), instance: instance.clone(), decrement };
        let exit = WriteCall::ExitStandby { group: group.clone(), instance: instance.clone() };
        Step::call("enter-standby", &group, enter).undone_by(exit).then_seen(in_service.clone()).within(900)
    };
    // Coming back raises the desired capacity to what it was.
    if laid.before.no_substitute {
        return vec![enter(true)];
    }
    if !before.protected.contains(laid.instance) {
        steps.push(Step::nothing("unprotect-later", &group).undone_by(protection(false)));
        steps.push(Step::nothing("scaled-in-later", &group).then_seen(Condition::Settled { seconds: 60 }).within(300));
    }
    steps.push(
        Step::nothing("scale-in-later", &group)
            .undone_by(WriteCall::SetDesiredCapacity { group: group.clone(), desired: before.desired }),
    );
    if !before.protected.contains(laid.instance) {
        steps.push(Step::nothing("protect-later", &group).undone_by(protection(true)));
    }
    steps.push(enter(false));
    steps
}

//! Calls on target groups, Auto Scaling groups and roles.

use super::{Asked, Effect, Found};
use crate::collect::ReadError;
use crate::remediate::{GroupDetail, WriteCall};

pub(super) async fn effect(asked: &Asked<'_>, call: &WriteCall) -> Result<Effect, ReadError> {
    let (probe, place) = (asked.probe, &asked.record.place);
    match call {
        WriteCall::RegisterTarget { group, target, port, .. } => {
            let targets = probe.targets(place, group).await?;
            let mut same = targets.iter().filter(|found| found.target == *target && is_port(*port, found.port));
            Ok(Effect::when(same.any(|found| found.state != "draining")))
        }
        WriteCall::DeregisterTarget { group, target, port } => {
            let targets = probe.targets(place, group).await?;
            let mut same = targets.iter().filter(|found| found.target == *target && is_port(*port, found.port));
            Ok(Effect::when(!same.any(|found| found.state != "draining")))
        }
        // The answer names the instance, and a repeated call with the same token answers the same.
        WriteCall::LaunchInGroup { .. } => Ok(match &asked.record.facts.replacement {
            Some(instance) => Effect::InPlace(Found { instance: Some(instance.clone()), ..Found::default() }),
            None => Effect::Absent,
        }),
        WriteCall::EnterStandby { group, instance, .. } => {
            on(asked, group, |found| {
                found.members.get(instance).is_some_and(|state| matches!(state.as_str(), "Standby" | "EnteringStandby"))
            })
            .await
        }
        WriteCall::ExitStandby { group, instance } => {
            on(asked, group, |found| {
                found.members.get(instance).is_some_and(|state| state == "InService" || state.starts_with("Pending"))
            })
            .await
        }
        WriteCall::SetScaleInProtection { group, instance, on: wanted } => {
            on(asked, group, |found| {
                !found.members.contains_key(instance) || found.protected.contains(instance) == *wanted
            })
            .await
        }
        WriteCall::SetDesiredCapacity { group, desired } => on(asked, group, |found| found.desired == *desired).await,
        WriteCall::DetachFromGroup { group, instance } => {
            on(asked, group, |found| {
                found.members.get(instance).is_none_or(|state| matches!(state.as_str(), "Detaching" | "Detached"))
            })
            .await
        }
        WriteCall::AttachToGroup { group, instance } => {
            on(asked, group, |found| found.members.get(instance).is_some_and(|state| !state.starts_with("Detach")))
                .await
        }
        WriteCall::PutRolePolicy { role, policy, document } => {
            let found = probe.role_policy(place, role, policy).await?;
            Ok(Effect::when(found.is_some_and(|found| same_json(&found, document))))
        }
        WriteCall::DeleteRolePolicy { role, policy } => {
            Ok(Effect::when(probe.role_policy(place, role, policy).await?.is_none()))
        }
        _ => Ok(Effect::Unseen),
    }
}

/// A port that was not given is the group's own, whatever it is.
fn is_port(wanted: Option<i32>, found: Option<i32>) -> bool {
    wanted.is_none() || wanted == found
}

fn same_json(a: &str, b: &str) -> bool {
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    parse(a).is_some() && parse(a) == parse(b)
}

async fn on(asked: &Asked<'_>, group: &str, done: impl Fn(&GroupDetail) -> bool + Send) -> Result<Effect, ReadError> {
    Ok(match asked.probe.group(&asked.record.place, group).await? {
        Some(found) => Effect::when(done(&found)),
        None => Effect::Impossible(format!("the Auto Scaling group {group} is gone")),
    })
}

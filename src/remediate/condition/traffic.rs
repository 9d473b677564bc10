//! Conditions on target groups and Auto Scaling groups.

use std::collections::BTreeSet;

use super::{Looking, Seen};
use crate::collect::ReadError;
use crate::collect::source::TargetHealth;
use crate::remediate::{CloudProbe, Condition, Method, OperationRecord, REPLACEMENT, REPLACEMENT_ADDRESS, WriteCall};

/// How long a group gets to act on a lower desired capacity, in seconds.
const SCALES_IN_S: i64 = 60;

pub(super) async fn look(looking: &Looking<'_>, condition: &Condition) -> Result<Seen, ReadError> {
    match condition {
        Condition::Healthy { group, target, port } => healthy(looking, group, target, *port).await,
        Condition::Drained { group, target, port } => drained(looking, group, target, *port).await,
        Condition::InGroup { group, who, state } => {
            let Some(id) = looking.id(*who) else { return Ok(Seen::Never("there is no replacement".to_owned())) };
            let Some(found) = looking.probe.group(&looking.record.place, group).await? else {
                return Ok(Seen::Never(format!("the Auto Scaling group {group} is gone")));
            };
            let now = found.members.get(id).map(String::as_str);
            Ok(Seen::when(now == state.as_deref(), || format!("{id} is {} in {group}", now.unwrap_or("no member"))))
        }
        Condition::ScaledIn { group } => Ok(scaled_in(looking, group)),
        _ => Ok(Seen::Never("asked in the wrong place".to_owned())),
    }
}

/// AWS shows no sign of when a group has acted on another desired capacity; it takes seconds.
fn scaled_in(looking: &Looking<'_>, of: &str) -> Seen {
    let lowered = |call: &WriteCall| matches!(call, WriteCall::SetDesiredCapacity { group, .. } if group == of);
    let touched = looking.record.steps.iter().any(|step| step.call.as_ref().is_some_and(lowered));
    let passed = looking.now.duration_since(looking.begun).as_secs();
    Seen::when(!touched || passed >= SCALES_IN_S, || format!("{of} ends what it has too many"))
}

/// The target as it is registered: an id, or the address of an interface.
pub(super) async fn resolve(looking: &Looking<'_>, target: &str) -> Result<Option<String>, ReadError> {
    let Some(new) = looking.record.facts.replacement.as_ref() else {
        return Ok((target != REPLACEMENT && target != REPLACEMENT_ADDRESS).then(|| target.to_owned()));
    };
    if target == REPLACEMENT {
        return Ok(Some(new.to_string()));
    }
    if target != REPLACEMENT_ADDRESS {
        return Ok(Some(target.to_owned()));
    }
    let detail = looking.probe.instance(&looking.record.place, new).await?;
    let primary = detail.and_then(|detail| detail.interfaces.into_iter().next());
    Ok(primary.and_then(|interface| interface.private_ips.into_iter().next()))
}

pub(super) async fn states(
    looking: &Looking<'_>,
    group: &str,
    target: &str,
    port: Option<i32>,
) -> Result<Vec<TargetHealth>, ReadError> {
    let mut found = looking.probe.targets(&looking.record.place, group).await?;
    found.retain(|health| health.target == target && (port.is_none() || health.port == port));
    Ok(found)
}

/// The target group in which the old instance is registered although it was taken out.
pub(in crate::remediate) async fn registered_again(
    probe: &dyn CloudProbe,
    record: &OperationRecord,
) -> Result<Option<String>, ReadError> {
    if record.settings.method != Method::Launch {
        return Ok(None);
    }
    let mut asked = BTreeSet::new();
    for before in &record.before.targets {
        if !asked.insert(&before.group) {
            continue;
        }
        let own = |target: &str| target == record.instance.as_str() || is_own_address(record, target);
        let found = probe.targets(&record.place, &before.group).await?;
        if found.iter().any(|health| own(&health.target) && health.state != "draining") {
            return Ok(Some(before.group.clone()));
        }
    }
    Ok(None)
}

/// Only the primary address of the first interface never moves to a replacement.
fn is_own_address(record: &OperationRecord, target: &str) -> bool {
    let primary = record.before.detail.interfaces.first().and_then(|interface| interface.private_ips.first());
    primary.is_some_and(|address| address == target)
}

async fn healthy(looking: &Looking<'_>, group: &str, target: &str, port: Option<i32>) -> Result<Seen, ReadError> {
    let Some(target) = resolve(looking, target).await? else {
        return Ok(Seen::NotYet("the replacement's address is not known yet".to_owned()));
    };
    let found = states(looking, group, &target, port).await?;
    let good =
        found.iter().any(|health| health.state == "healthy" || (idle(looking, group) && health.state == "unused"));
    Ok(Seen::when(good, || {
        let now = found.first().map_or("not registered", |health| health.state.as_str());
        format!("{target} is {now} in {group}")
    }))
}

/// A target group without a load balancer checks nobody: its targets stay `unused`, as the old one was.
pub(super) fn idle(looking: &Looking<'_>, group: &str) -> bool {
    looking.record.before.targets.iter().any(|before| before.group == group && before.health == "unused")
}

async fn drained(looking: &Looking<'_>, group: &str, target: &str, port: Option<i32>) -> Result<Seen, ReadError> {
    let found = states(looking, group, target, port).await?;
    let left = found.iter().find(|health| health.state != "unused");
    Ok(Seen::when(left.is_none(), || {
        format!("{target} is {} in {group}", left.map_or("there", |health| health.state.as_str()))
    }))
}

//! Conditions on target groups and Auto Scaling groups.

use super::{Looking, Seen};
use crate::collect::ReadError;
use crate::collect::source::TargetHealth;
use crate::remediate::{Condition, REPLACEMENT, REPLACEMENT_ADDRESS};

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
        _ => Ok(Seen::Never("asked in the wrong place".to_owned())),
    }
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

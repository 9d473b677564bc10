//! Targets -> instances. Pure: everything it knows is in the [`LinkMap`].

use jiff::Timestamp;

use super::classify::UnresolvedChange;
use super::links::LinkMap;
use super::target::Target;
use crate::types::{ActorKind, ChangeEvent, InstanceId, Place};

/// Targets kept by name when they cannot be resolved; the rest is counted.
const MAX_UNRESOLVED: usize = 100;

/// Turns the targets of a change into instances. What cannot be resolved stays in `unresolved`.
///
/// `None` when nothing is left of it: a service's calls on instances that it had just launched.
pub fn resolve(change: UnresolvedChange, links: &LinkMap) -> Option<ChangeEvent> {
    let UnresolvedChange { mut event, targets, learned: _, lost: _, given: _, by_service } = change;
    (event.instances, event.unresolved) = instances(targets, &event.place(), event.time, by_service, links)?;
    Some(event)
}

/// A change of an earlier scan whose targets were not all known then: what is known of them now. `None` when that is no more.
///
/// Only what belongs to one server at a time is looked for again. Which servers a tag or a group meant was known then.
pub fn resolve_again(event: &ChangeEvent, links: &LinkMap) -> Option<ChangeEvent> {
    let targets = event.unresolved.iter().map(|text| match Target::Key(text.clone()) {
        key if key.is_open() => Target::Unknown(text.clone()),
        key => key,
    });
    let by_service = event.actor.kind == ActorKind::AwsService || event.actor.invoked_by.is_some();
    let (found, unresolved) = instances(targets.collect(), &event.place(), event.time, by_service, links)?;
    if found.is_empty() {
        return None;
    }
    let mut instances = [event.instances.as_slice(), found.as_slice()].concat();
    instances.sort_unstable();
    instances.dedup();
    Some(ChangeEvent { instances, unresolved, ..event.clone() })
}

/// Whether it takes more than the record to resolve a change.
pub(super) fn needs_links(change: &UnresolvedChange) -> bool {
    let is_named = |target: &Target| matches!(target, Target::Instance(_) | Target::Unknown(_));
    change.by_service || !change.targets.iter().all(is_named)
}

/// The instances that the targets mean, sorted, and the targets that could not be resolved.
pub(super) fn instances(
    targets: Vec<Target>,
    place: &Place,
    time: Timestamp,
    by_service: bool,
    links: &LinkMap,
) -> Option<(Vec<InstanceId>, Vec<String>)> {
    let (mut found, mut unresolved) = (Vec::with_capacity(targets.len()), Vec::new());
    for target in targets {
        if let Target::Instance(id) = target {
            found.push(id);
            continue;
        }
        let owners = links.owners(&target, place, time);
        // Whom logs alone tell of are some of those that a tag or a group meant.
        if owners.is_empty() || (target.is_open() && !links.is_listed(&target, place)) {
            unresolved.push(target.to_string());
        }
        found.extend(owners);
    }
    found.sort_unstable();
    found.dedup();
    if by_service && !found.is_empty() {
        found.retain(|id| !links.is_launching(place, id, time));
        if found.is_empty() && unresolved.is_empty() {
            return None;
        }
    }
    if unresolved.len() > MAX_UNRESOLVED {
        let more = unresolved.len() - MAX_UNRESOLVED;
        unresolved.truncate(MAX_UNRESOLVED);
        unresolved.push(format!("and {more} more"));
    }
    Some((found, unresolved))
}

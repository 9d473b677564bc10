//! Targets -> instances. Pure: everything it knows is in the [`LinkMap`].

use std::collections::BTreeSet;

use super::classify::UnresolvedChange;
use super::links::LinkMap;
use super::target::Target;
use crate::types::{ChangeEvent, InstanceId, Place};

/// Targets kept by name when they cannot be resolved; the rest is counted.
const MAX_UNRESOLVED: usize = 100;

/// Turns the targets of a change into instances. What cannot be resolved stays in `unresolved`.
///
/// `None` when nothing is left of it: a service's calls on instances that it had just launched.
pub fn resolve(change: UnresolvedChange, links: &LinkMap) -> Option<ChangeEvent> {
    let UnresolvedChange { mut event, targets, learned: _, by_service } = change;
    let place = event.place();
    let mut found = BTreeSet::new();
    let mut unresolved = Vec::new();
    for target in targets {
        let owners = owners(&target, &place, links, &event);
        if owners.is_empty() {
            unresolved.push(target.to_string());
        }
        found.extend(owners);
    }
    if by_service && !found.is_empty() {
        found.retain(|id| !links.is_launching(&place, id, event.time));
        if found.is_empty() && unresolved.is_empty() {
            return None;
        }
    }
    if unresolved.len() > MAX_UNRESOLVED {
        let more = unresolved.len() - MAX_UNRESOLVED;
        unresolved.truncate(MAX_UNRESOLVED);
        unresolved.push(format!("and {more} more"));
    }
    event.instances = found.into_iter().collect();
    event.unresolved = unresolved;
    Some(event)
}

fn owners(target: &Target, place: &Place, links: &LinkMap, event: &ChangeEvent) -> Vec<InstanceId> {
    match target {
        Target::Instance(id) => vec![id.clone()],
        Target::Key(key) => links.owners_of(place, key, event.time),
        Target::Tags(criteria) => links.tagged(place, criteria, event.time),
        Target::All => links.tagged(place, &[], event.time),
        Target::Unknown(_) => Vec::new(),
    }
}

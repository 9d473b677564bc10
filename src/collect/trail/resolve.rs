//! Targets -> instances. Pure: everything it knows is in the [`LinkMap`].

use std::collections::BTreeSet;

use super::classify::UnresolvedChange;
use super::links::LinkMap;
use crate::types::ChangeEvent;

/// Targets kept by name when they cannot be resolved; the rest is counted.
const MAX_UNRESOLVED: usize = 100;

/// Turns the targets of a change into instances. What cannot be resolved stays in `unresolved`.
///
/// `None` when nothing is left of it: a service's calls on instances that it had just launched.
pub fn resolve(change: UnresolvedChange, links: &LinkMap) -> Option<ChangeEvent> {
    let UnresolvedChange { mut event, targets, learned: _, given: _, by_service } = change;
    let place = event.place();
    let mut found = BTreeSet::new();
    let mut unresolved = Vec::new();
    for target in targets {
        let owners = links.owners(&target, &place, event.time);
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

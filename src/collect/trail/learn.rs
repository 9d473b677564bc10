//! What records teach about who held what, before any of them is resolved: neither log files nor LookupEvents
//! promise an order.

use std::collections::HashSet;

use jiff::Timestamp;

use super::classify::UnresolvedChange;
use super::inventory::InventoryReport;
use super::launch::LaunchSeen;
use super::links::LinkMap;
use super::target::Target;
use crate::types::{CallOutcome, InstanceId, Place};

/// A call to a tag may reach a whole fleet: the id of one that reaches more than this is learned only when another
/// call of the same records asks for it.
const FEW: usize = 100;

/// Instances that a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndSeen {
    /// When.
    pub time: Timestamp,
    /// Where.
    pub place: Place,
    /// Which.
    pub instances: Vec<InstanceId>,
}

/// Teaches the map what launches, terminations and changes say.
pub(super) fn learn_all(
    links: &mut LinkMap,
    launches: &[LaunchSeen],
    ends: &[EndSeen],
    reports: &[InventoryReport],
    changes: &[UnresolvedChange],
) {
    launches.iter().for_each(|launch| links.learn_launch(launch));
    ends.iter().for_each(|end| links.learn_end(end));
    // Who attached what: by the ids that the calls themselves name.
    for change in changes.iter().filter(|change| !change.learned.is_empty()) {
        links.learn(&change.event.place(), &change.learned, &named(change), change.event.time);
    }
    let asked: HashSet<&str> = changes.iter().flat_map(|change| &change.targets).filter_map(key).collect();
    for change in changes.iter().filter(|change| change.event.outcome == CallOutcome::Succeeded) {
        let (place, time) = (change.event.place(), change.event.time);
        if let Some(given) = &change.given {
            for id in owners(change, links) {
                links.learn_given(&place, &id, time, given.kind, &given.keys);
            }
        }
        if !change.learned.is_empty() && named(change).is_empty() {
            let instances = owners(change, links);
            if instances.len() <= FEW || change.learned.iter().any(|key| asked.contains(key.as_str())) {
                links.learn(&place, &change.learned, &instances, time);
            }
        }
    }
    for report in reports {
        if let Some(role) = &report.role {
            links.learn_role(&report.place, &report.instance, report.time, role);
        }
    }
}

fn named(change: &UnresolvedChange) -> Vec<InstanceId> {
    let id = |target: &Target| if let Target::Instance(id) = target { Some(id.clone()) } else { None };
    change.targets.iter().filter_map(id).collect()
}

fn key(target: &Target) -> Option<&str> {
    if let Target::Key(key) = target { Some(key) } else { None }
}

fn owners(change: &UnresolvedChange, links: &LinkMap) -> Vec<InstanceId> {
    let place = change.event.place();
    change.targets.iter().flat_map(|target| links.owners(target, &place, change.event.time)).collect()
}

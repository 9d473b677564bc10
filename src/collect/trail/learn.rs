//! What records teach about who held what, before any of them is resolved: neither log files nor LookupEvents
//! promise an order.

use std::collections::HashSet;

use jiff::Timestamp;

use super::classify::UnresolvedChange;
use super::inventory::InventoryReport;
use super::launch::LaunchSeen;
use super::links::LinkMap;
use super::shared::Given;
use super::target::Target;
use crate::types::{CallOutcome, InstanceId, Place};

/// A call to a tag may reach a whole fleet: the id of one that reaches more than this is learned only when another
/// call asks for it.
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

/// What one change teaches of its targets.
#[derive(Clone, Debug)]
pub(super) struct Lesson {
    place: Place,
    time: Timestamp,
    targets: Vec<Target>,
    /// Ids that belong to them from then on.
    keys: Vec<String>,
    /// What they hold from then on.
    given: Option<Given>,
}

impl Lesson {
    /// The lesson of a change, if it is one.
    pub(super) fn of(change: &UnresolvedChange) -> Option<Self> {
        let teaches = !change.learned.is_empty() || change.given.is_some();
        (teaches && change.event.outcome == CallOutcome::Succeeded).then(|| Self {
            place: change.event.place(),
            time: change.event.time,
            targets: change.targets.clone(),
            keys: change.learned.clone(),
            given: change.given.clone(),
        })
    }

    fn named(&self) -> Vec<InstanceId> {
        let id = |target: &Target| if let Target::Instance(id) = target { Some(id.clone()) } else { None };
        self.targets.iter().filter_map(id).collect()
    }

    fn owners(&self, links: &LinkMap) -> Vec<InstanceId> {
        self.targets.iter().flat_map(|target| links.owners(target, &self.place, self.time)).collect()
    }
}

/// Teaches the map what launches, terminations, reports and changes say. `asked` holds the keys that changes aim at,
/// as far as that is known.
pub(super) fn learn_all(
    links: &mut LinkMap,
    launches: &[LaunchSeen],
    ends: &[EndSeen],
    reports: &[InventoryReport],
    lessons: &[Lesson],
    asked: &HashSet<&str>,
) {
    launches.iter().for_each(|launch| links.learn_launch(launch));
    ends.iter().for_each(|end| links.learn_end(end));
    // Who attached what comes first, by the ids that the calls themselves name: others are resolved by it.
    for lesson in lessons {
        links.learn(&lesson.place, &lesson.keys, &lesson.named(), lesson.time);
    }
    for lesson in lessons {
        if let Some(given) = &lesson.given {
            for id in lesson.owners(links) {
                links.learn_given(&lesson.place, &id, lesson.time, given.kind, &given.keys);
            }
        }
        if !lesson.keys.is_empty() && lesson.named().is_empty() {
            let instances = lesson.owners(links);
            if instances.len() <= FEW || lesson.keys.iter().any(|key| asked.contains(key.as_str())) {
                links.learn(&lesson.place, &lesson.keys, &instances, lesson.time);
            }
        }
    }
    for report in reports {
        if let Some(role) = &report.role {
            links.learn_role(&report.place, &report.instance, report.time, role);
        }
    }
}

/// The keys that these changes aim at.
pub(super) fn asked<'c>(changes: &'c [UnresolvedChange]) -> HashSet<&'c str> {
    let key = |target: &'c Target| if let Target::Key(key) = target { Some(key.as_str()) } else { None };
    changes.iter().flat_map(|change| &change.targets).filter_map(key).collect()
}

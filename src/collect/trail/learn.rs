//! What records teach about who held what, before any of them is resolved: neither log files nor LookupEvents
//! promise an order.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::inventory::InventoryReport;
use super::launch::LaunchSeen;
use super::lesson::{Asked, Lesson};
use super::links::LinkMap;
use crate::types::{InstanceId, Place};

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

/// In which roles the agents of instances acted, and when first and last.
#[derive(Debug, Default)]
pub(super) struct Roles(BTreeMap<(Place, InstanceId, String), (Timestamp, Timestamp)>);

impl Roles {
    /// Notes the role of a report.
    pub(super) fn note(&mut self, report: &InventoryReport) {
        let Some(role) = &report.role else { return };
        let key = (report.place.clone(), report.instance.clone(), role.clone());
        let (first, last) = self.0.entry(key).or_insert((report.time, report.time));
        (*first, *last) = (report.time.min(*first), report.time.max(*last));
    }

    /// Notes what others noted.
    pub(super) fn add(&mut self, others: Self) {
        for (key, (from, to)) in others.0 {
            let (first, last) = self.0.entry(key).or_insert((from, to));
            (*first, *last) = (from.min(*first), to.max(*last));
        }
    }
}

/// What records taught, but for what changes teach.
#[derive(Clone, Copy)]
pub(super) struct Taught<'t> {
    pub(super) launches: &'t [LaunchSeen],
    pub(super) ends: &'t [EndSeen],
    pub(super) roles: &'t Roles,
    /// What the changes of the same records ask for.
    pub(super) asked: &'t Asked,
    /// Whether only that is to be learned which they ask for.
    pub(super) asked_only: bool,
}

/// Shows every lesson, in order of time: one may build on what those before it taught.
pub(super) type Lessons<'l, E> = &'l mut dyn FnMut(&mut dyn FnMut(&Lesson)) -> Result<(), E>;

impl Taught<'_> {
    /// Teaches the map what launches, terminations, reports and changes say.
    ///
    /// # Errors
    /// Those of the lessons.
    pub(super) fn learn<E>(&self, links: &mut LinkMap, lessons: Lessons<'_, E>) -> Result<(), E> {
        let wanted = |key: &str| !self.asked_only || self.asked.has(key);
        self.launches.iter().for_each(|launch| links.learn_launch(launch, &wanted));
        self.ends.iter().for_each(|end| links.learn_end(end));
        // Who attached what: by the ids that the calls themselves name.
        lessons(&mut |lesson| {
            if !lesson.learned.is_empty() {
                links.learn(&lesson.place, &lesson.learned, &lesson.named(), lesson.time);
            }
            if !lesson.lost.is_empty() {
                links.learn_left(&lesson.place, &lesson.lost, &lesson.named(), lesson.time);
            }
        })?;
        let holders = if self.asked_only { Some(self.holders(links, lessons)?) } else { None };
        let held_with = |id: &InstanceId| holders.as_ref().is_none_or(|holders| holders.contains(id));
        self.launches.iter().for_each(|launch| links.learn_launched_with(launch, &held_with));
        lessons(&mut |lesson| {
            if let Some(given) = &lesson.given {
                for id in lesson.owners(links) {
                    if held_with(&id) || links.is_holder(&lesson.place, &id) {
                        links.learn_given(&lesson.place, &id, lesson.time, given.kind, &given.keys);
                    }
                }
            }
            if lesson.moves() {
                for id in lesson.owners(links) {
                    links.learn_moved(&lesson.place, &id, lesson.time);
                }
            }
            self.follow(links, lesson);
        })?;
        for ((place, instance, role), (first, last)) in &self.roles.0 {
            links.learn_role(place, instance, *first, role);
            links.learn_role(place, instance, *last, role);
        }
        Ok(())
    }

    /// The instances that ever got a shared thing that somebody asks for. Of all others it does not matter what they hold;
    /// of these it does, since what is given ends what was held before.
    fn holders<E>(&self, links: &mut LinkMap, lessons: Lessons<'_, E>) -> Result<HashSet<InstanceId>, E> {
        let launched = self.launches.iter().flat_map(|launch| &launch.instances);
        let mut holders: HashSet<InstanceId> =
            launched.filter(|(_, parts)| self.asked.has_any(parts)).map(|(id, _)| id.clone()).collect();
        lessons(&mut |lesson| {
            if lesson.given.as_ref().is_some_and(|given| self.asked.has_any(&given.keys)) {
                holders.extend(lesson.owners(links));
            }
            self.follow(links, lesson);
        })?;
        Ok(holders)
    }

    /// Learns the ids, given and taken, of a call that names its instances by something else.
    fn follow(&self, links: &mut LinkMap, lesson: &Lesson) {
        if (lesson.learned.is_empty() && lesson.lost.is_empty()) || !lesson.named().is_empty() {
            return;
        }
        let instances = lesson.owners(links);
        if instances.len() <= FEW || lesson.learned.iter().any(|key| self.asked.has(key)) {
            links.learn(&lesson.place, &lesson.learned, &instances, lesson.time);
        }
        if !instances.is_empty() {
            links.learn_left(&lesson.place, &lesson.lost, &instances, lesson.time);
        }
    }
}

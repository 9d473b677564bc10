//! What records teach about who held what, before any of them is resolved: neither log files nor LookupEvents
//! promise an order.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::Timestamp;
use serde::Serialize;

use super::classify::UnresolvedChange;
use super::inventory::InventoryReport;
use super::launch::LaunchSeen;
use super::links::LinkMap;
use super::shared::Given;
use super::target::Target;
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

/// What a change teaches about who holds what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lesson {
    place: Place,
    time: Timestamp,
    targets: Vec<Target>,
    learned: Vec<String>,
    given: Option<Given>,
}

impl Lesson {
    /// What a change teaches, if anything.
    pub(super) fn of(change: &UnresolvedChange) -> Option<Self> {
        let UnresolvedChange { event, targets, learned, given, by_service: _ } = change;
        teaches(change).then(|| Self {
            place: event.place(),
            time: event.time,
            targets: targets.clone(),
            learned: learned.clone(),
            given: given.clone(),
        })
    }

    /// Writes what it takes to see whether the lesson of a change matters; nothing if there is none.
    pub(super) fn sketch(change: &UnresolvedChange, out: &mut Vec<u8>) {
        if teaches(change) {
            out.push(u8::from(change.given.is_some()));
            change.learned.iter().for_each(|key| out.extend_from_slice(&hash(key).to_le_bytes()));
        }
    }

    /// Whether one with this sketch can change what somebody asks for. What an instance is given ends what it held before.
    pub(super) fn matters(sketch: &[u8], asked: &Asked) -> bool {
        let Some((given, keys)) = sketch.split_first() else { return false };
        let (keys, _) = keys.as_chunks::<8>();
        *given != 0 || keys.iter().any(|key| asked.0.contains(&u64::from_le_bytes(*key)))
    }

    /// Writes the lesson of a change, for [`Lesson::read`]; nothing if there is none.
    pub(super) fn write(change: &UnresolvedChange, out: &mut Vec<u8>) {
        let UnresolvedChange { event, targets, learned, given, by_service: _ } = change;
        if teaches(change) {
            binary(&(&event.account, &event.region, targets, learned, given), out);
        }
    }

    /// `time` is that of the change.
    pub(super) fn read(written: &[u8], time: Timestamp) -> Result<Self, postcard::Error> {
        let (account, region, targets, learned, given) = postcard::from_bytes(written)?;
        Ok(Self { place: Place { account, region }, time, targets, learned, given })
    }

    fn named(&self) -> Vec<InstanceId> {
        let id = |target: &Target| if let Target::Instance(id) = target { Some(id.clone()) } else { None };
        self.targets.iter().filter_map(id).collect()
    }

    fn owners(&self, links: &LinkMap) -> Vec<InstanceId> {
        self.targets.iter().flat_map(|target| links.owners(target, &self.place, self.time)).collect()
    }
}

fn teaches(change: &UnresolvedChange) -> bool {
    !change.learned.is_empty() || change.given.is_some()
}

/// Writes something that waits for the end of the reading and never leaves this process.
pub(super) fn binary(value: &impl Serialize, out: &mut Vec<u8>) {
    // Writing into memory does not fail, and nothing that is written here has a length that is not known.
    let _ = postcard::to_io(value, out);
}

/// Ids that calls ask for, by their hashes: one that is taken for another is only learned in vain.
#[derive(Debug, Default)]
pub(super) struct Asked(HashSet<u64>);

impl Asked {
    /// Notes the ids that a change aims at.
    pub(super) fn note(&mut self, targets: &[Target]) {
        let keys = targets.iter().filter_map(|target| if let Target::Key(key) = target { Some(key) } else { None });
        self.0.extend(keys.map(|key| hash(key)));
    }

    /// Notes what others noted.
    pub(super) fn add(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    fn has(&self, key: &str) -> bool {
        self.0.contains(&hash(key))
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
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

/// Teaches the map what launches, terminations, reports and changes say. `lessons` are in order of time: one may build on
/// what those before it taught.
pub(super) fn learn_all(
    links: &mut LinkMap,
    launches: &[LaunchSeen],
    ends: &[EndSeen],
    roles: &Roles,
    lessons: &[Lesson],
    asked: &Asked,
) {
    launches.iter().for_each(|launch| links.learn_launch(launch));
    ends.iter().for_each(|end| links.learn_end(end));
    // Who attached what: by the ids that the calls themselves name.
    for lesson in lessons.iter().filter(|lesson| !lesson.learned.is_empty()) {
        links.learn(&lesson.place, &lesson.learned, &lesson.named(), lesson.time);
    }
    for lesson in lessons {
        if let Some(given) = &lesson.given {
            for id in lesson.owners(links) {
                links.learn_given(&lesson.place, &id, lesson.time, given.kind, &given.keys);
            }
        }
        if !lesson.learned.is_empty() && lesson.named().is_empty() {
            let instances = lesson.owners(links);
            if instances.len() <= FEW || lesson.learned.iter().any(|key| asked.has(key)) {
                links.learn(&lesson.place, &lesson.learned, &instances, lesson.time);
            }
        }
    }
    for ((place, instance, role), (first, last)) in &roles.0 {
        links.learn_role(place, instance, *first, role);
        links.learn_role(place, instance, *last, role);
    }
}

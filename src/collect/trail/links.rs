//! What belongs to whom: the map that turns interfaces, volumes, associations, addresses, groups, profiles
//! and tags into instances, also for parts that were gone when the event arrived.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::launch::LaunchSeen;
use super::learn::EndSeen;
use super::loose::{Loose, left, untied};
use super::members::Members;
use super::owners::{Owner, holders, only_holder};
use super::shared::{Kind, Shared};
use super::target::{TagCriterion, Target};
use crate::store::Link;
use crate::types::{AccountId, Instance, InstanceId, Place};

/// Calls of a service on an instance this soon after its launch belong to the launch: Auto Scaling tags,
/// registers and monitors what it starts, CloudFormation sets attributes.
const LAUNCH_GRACE: SignedDuration = SignedDuration::from_mins(10);
/// Clocks of services differ, and EC2 reports launch times by the second.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(60);
/// Tags that services put on what they launch, with the kind that events give to the name in them.
/// Patch groups are tags as well, in either spelling ("Patch groups", AWS Systems Manager user guide).
const SERVICE_TAGS: [(&str, &str); 6] = [
    ("Patch Group", "patch-group:"),
    ("PatchGroup", "patch-group:"),
    ("aws:ec2launchtemplate:id", ""),
    ("aws:elasticmapreduce:job-flow-id", "cluster:"),
    ("elasticbeanstalk:environment-id", "environment:"),
    ("elasticbeanstalk:environment-name", "environment:"),
];
/// Ids that one instance holds at a time. Everything else (groups, profiles, executions) has many.
const EXCLUSIVE: [&str; 4] = ["eni-", "vol-", "eipassoc-", "iip-assoc-"];
/// The key of a remembered link that says when an instance ended.
pub const ENDED: &str = "ended:";
/// The key of a remembered link that says when an instance was launched.
pub const LAUNCHED: &str = "launched:";

/// Lists of owners up to this length grow one by one.
const FEW: usize = 2;

/// The map. Build it from the present state, add what earlier scans remembered, let it learn from events.
#[derive(Clone, Debug, Default)]
pub struct LinkMap {
    places: HashMap<Place, PlaceLinks>,
}

#[derive(Clone, Debug, Default)]
struct PlaceLinks {
    /// Whether EC2 listed its instances, and not only records told of some.
    is_listed: bool,
    owners: HashMap<String, Vec<Owner>>,
    instances: HashMap<InstanceId, Known>,
    shared: Shared,
    ended: HashMap<InstanceId, Timestamp>,
    /// Those of them of which an earlier scan knew.
    ended_before: HashSet<InstanceId>,
    /// When calls launched instances.
    launched: HashMap<InstanceId, Timestamp>,
    loose: Loose,
    /// Who came into and went out of groups of which an instance may be in many.
    members: Members,
}

#[derive(Clone, Debug)]
struct Known {
    born: Timestamp,
    live: bool,
    tags: Vec<(String, String)>,
}

impl LinkMap {
    /// Builds the map from instances as they are now and from remembered links.
    pub fn build<'a>(instances: impl IntoIterator<Item = &'a Instance>, remembered: &[Link]) -> Self {
        let mut map = Self::default();
        for instance in instances {
            map.add_instance(instance);
        }
        for link in remembered {
            map.place(&link.place).was_there(&link.instance, link.seen_at);
            map.place(&link.place).remember(link);
        }
        map
    }

    /// Learns births from a launch record, and of the parts that one instance holds at a time those that are `wanted`.
    pub(super) fn learn_launch(&mut self, launch: &LaunchSeen, wanted: &dyn Fn(&str) -> bool) {
        let place = self.place(&launch.place);
        for (id, parts) in &launch.instances {
            let known = Known { born: launch.time, live: true, tags: Vec::new() };
            let entry = place.instances.entry(id.clone()).or_insert(known);
            entry.born = entry.born.min(launch.time);
            place.launched.insert(id.clone(), launch.time);
            for part in parts.iter().filter(|part| Kind::of(part).is_none()) {
                let (key, other) = untied(part);
                if !wanted(key) && !other.is_some_and(wanted) {
                    continue;
                }
                place.own(key, Owner { instance: id.clone(), from: Some(launch.time), seen: Some(launch.time) });
                place.loose.tie(&[key, other.unwrap_or(key)].map(str::to_owned));
            }
        }
    }

    /// Learns which shared things the `wanted` instances of a launch got, and those of which some are known already.
    pub(super) fn learn_launched_with(&mut self, launch: &LaunchSeen, wanted: &dyn Fn(&InstanceId) -> bool) {
        let place = self.place(&launch.place);
        for (id, parts) in &launch.instances {
            // A server has a group from the start; a response that lists none says nothing of the profile either.
            let is_listed = parts.iter().any(|part| Kind::of(part) == Some(Kind::Groups));
            if !is_listed || !(wanted(id) || place.shared.knows(id)) {
                continue;
            }
            for kind in [Kind::Groups, Kind::Profile] {
                let keys: Vec<String> = parts.iter().filter(|part| Kind::of(part) == Some(kind)).cloned().collect();
                place.shared.given(id, launch.time, kind, &keys);
            }
        }
    }

    /// Whether it is known of an instance which shared things it holds or held.
    pub(super) fn is_holder(&self, place: &Place, instance: &InstanceId) -> bool {
        self.places.get(place).is_some_and(|entry| entry.shared.knows(instance))
    }

    /// Learns when instances ended.
    pub(super) fn learn_end(&mut self, end: &EndSeen) {
        let place = self.place(&end.place);
        for id in &end.instances {
            let known = place.ended.entry(id.clone()).or_insert(end.time);
            *known = end.time.min(*known);
        }
    }

    /// Learns that a call gave an instance these shared things in place of all it had of their kind.
    pub(super) fn learn_given(
        &mut self,
        place: &Place,
        instance: &InstanceId,
        time: Timestamp,
        kind: Kind,
        keys: &[String],
    ) {
        self.place(place).shared.given(instance, time, kind, keys);
    }

    /// Learns in which role the agent of an instance acts.
    pub(super) fn learn_role(&mut self, place: &Place, instance: &InstanceId, time: Timestamp, role: &str) {
        self.place(place).shared.acts_as(instance, time, role);
    }

    /// Learns that these ids belong to these instances from `time` on.
    pub fn learn(&mut self, place: &Place, keys: &[String], instances: &[InstanceId], time: Timestamp) {
        let entry = self.place(place);
        entry.loose.tie(keys);
        for key in keys {
            for instance in instances {
                if is_membership(key) {
                    entry.members.note(key, instance, time, true);
                    continue;
                }
                entry.own(key, Owner { instance: instance.clone(), from: Some(time), seen: Some(time) });
            }
        }
    }

    /// Learns that nobody holds these ids from `time` on, where the call said which instances had held them.
    pub(super) fn learn_left(&mut self, place: &Place, keys: &[String], instances: &[InstanceId], time: Timestamp) {
        let entry = self.place(place);
        for key in keys {
            if is_membership(key) {
                instances.iter().for_each(|instance| entry.members.note(key, instance, time, false));
                continue;
            }
            entry.loose.leave(key, instances.first(), time);
            for instance in instances {
                // It was there until then.
                entry.own(key, Owner { instance: instance.clone(), from: None, seen: Some(time) });
            }
        }
    }

    /// Learns that an interface, with groups of its own, came to an instance or went away.
    pub(super) fn learn_moved(&mut self, place: &Place, instance: &InstanceId, time: Timestamp) {
        self.place(place).shared.moved(instance, time);
    }

    /// The links to remember, as of `now`: parts that one instance holds at a time, and what events taught.
    /// Links that were remembered before are not repeated.
    pub fn links(&self, now: Timestamp) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for (place, entry) in &self.places {
            for (key, owners) in &entry.owners {
                let lasting = is_exclusive(key) || is_address(key);
                let news = |owner: &&Owner| if owner.seen.is_some() { owner.from.is_some() } else { lasting };
                links.extend(owners.iter().filter(news).map(|owner| Link {
                    place: place.clone(),
                    key: entry.loose.tied(key),
                    instance: owner.instance.clone(),
                    seen_at: owner.seen.unwrap_or(now),
                }));
            }
            links.extend(entry.gone(now).map(|(key, instance, seen_at)| Link {
                place: place.clone(),
                key,
                instance,
                seen_at,
            }));
            links.extend(entry.shared.links().map(|(key, instance)| Link {
                place: place.clone(),
                key,
                instance: instance.clone(),
                seen_at: now,
            }));
        }
        links.sort();
        links.dedup();
        links
    }

    /// Which instances a target meant at `time`.
    pub(super) fn owners(&self, target: &Target, place: &Place, time: Timestamp) -> Vec<InstanceId> {
        match target {
            Target::Instance(id) => vec![id.clone()],
            Target::Key(key) => self.owners_of(place, key, time),
            Target::Former(key) => self.former_owners_of(place, key, time),
            Target::Tags(criteria) => self.tagged(place, criteria, time),
            Target::All => self.tagged(place, &[], time),
            Target::Unknown(_) => Vec::new(),
        }
    }

    /// Whose it was at `time`.
    pub(super) fn owners_of(&self, place: &Place, key: &str, time: Timestamp) -> Vec<InstanceId> {
        match Kind::of(key) {
            Some(Kind::Profile) => return self.owners_in_account(&place.account, key, time),
            Some(_) => return self.places.get(place).map_or_else(Vec::new, |entry| entry.holders(key, time)),
            None => {}
        }
        let Some(entry) = self.places.get(place) else { return Vec::new() };
        if is_membership(key) {
            let present = entry.owners.get(key).into_iter().flatten().map(|owner| &owner.instance);
            return entry.members.at(key, time, present).filter(|id| entry.lives(id, time)).cloned().collect();
        }
        let Some(owners) = entry.owners.get(key) else { return Vec::new() };
        if is_exclusive(key) {
            let held = holders(owners, entry.loose.departures(key), time).into_iter();
            return held.filter(|id| entry.lasts(id, time)).collect();
        }
        if is_address(key) {
            // One private address in two networks: the record does not say which.
            let holder = only_holder(owners, entry.loose.departures(key), time);
            return holder.into_iter().filter(|id| entry.lasts(id, time)).collect();
        }
        let all: BTreeSet<&InstanceId> = owners.iter().map(|owner| &owner.instance).collect();
        all.into_iter().filter(|id| entry.lives(id, time)).cloned().collect()
    }

    /// Whose it was at `time`, or had been until then.
    fn former_owners_of(&self, place: &Place, key: &str, time: Timestamp) -> Vec<InstanceId> {
        let owners = self.places.get(place).and_then(|entry| entry.owners.get(key));
        owners.map_or_else(Vec::new, |owners| holders(owners, &[], time))
    }

    /// IAM is global: its records carry one region, the instances are in any.
    fn owners_in_account(&self, account: &AccountId, key: &str, time: Timestamp) -> Vec<InstanceId> {
        let in_account = self.places.iter().filter(|(place, _)| place.account == *account);
        in_account.flat_map(|(_, entry)| entry.holders(key, time)).collect()
    }

    /// Instances that lived at `time`, as far as known, and that meet all criteria.
    pub(super) fn tagged(&self, place: &Place, criteria: &[TagCriterion], time: Timestamp) -> Vec<InstanceId> {
        let Some(entry) = self.places.get(place) else { return Vec::new() };
        let meets = |known: &Known, criterion: &TagCriterion| {
            known.tags.iter().any(|(key, value)| {
                (criterion.key.is_empty() || criterion.key == *key)
                    && (criterion.values.is_empty() || criterion.values.contains(value))
            })
        };
        let matching = entry.instances.iter().filter(|(id, known)| {
            (known.live || entry.ended.contains_key(*id))
                && entry.lives(id, time)
                && criteria.iter().all(|criterion| meets(known, criterion))
        });
        matching.map(|(id, _)| id.clone()).collect()
    }

    /// Whether the instance was being launched at `time`.
    pub(super) fn is_launching(&self, place: &Place, id: &InstanceId, time: Timestamp) -> bool {
        let Some(known) = self.places.get(place).and_then(|entry| entry.instances.get(id)) else { return false };
        let from = known.born.checked_sub(CLOCK_SLACK).unwrap_or(Timestamp::MIN);
        let until = known.born.checked_add(LAUNCH_GRACE).unwrap_or(Timestamp::MAX);
        from <= time && time <= until
    }

    /// Whether the instances that a target may mean are known because EC2 listed them. IAM's records carry one region, whichever
    /// the instances are in.
    pub(super) fn is_listed(&self, target: &Target, place: &Place) -> bool {
        let is_global = matches!(target, Target::Key(key) if Kind::of(key) == Some(Kind::Profile));
        let mut places = self
            .places
            .iter()
            .filter(|(known, _)| if is_global { known.account == place.account } else { *known == place });
        places.any(|(_, entry)| entry.is_listed)
    }

    fn place(&mut self, place: &Place) -> &mut PlaceLinks {
        self.places.entry(place.clone()).or_default()
    }

    fn add_instance(&mut self, instance: &Instance) {
        let id = &instance.id;
        let entry = self.place(&instance.place());
        entry.is_listed = true;
        let born = instance.born_at();
        let tags = instance.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        entry.instances.insert(id.clone(), Known { born, live: instance.is_live(), tags });
        let mut own =
            |key: &str, from: Option<Timestamp>| entry.own(key, Owner { instance: id.clone(), from, seen: None });
        for volume in &instance.volumes {
            own(volume.id.as_str(), volume.attached_at);
        }
        for interface in &instance.interfaces {
            let since = interface.attached_at;
            own(interface.id.as_str(), since);
            let keys = interface.attachment.iter().chain(&interface.address_associations).chain(&interface.addresses);
            keys.for_each(|key| own(key, since));
        }
        if let Some(association) = &instance.profile_association {
            own(association, None);
        }
        for (tag, kind) in SERVICE_TAGS {
            if let Some(name) = instance.tags.get(tag) {
                own(&format!("{kind}{name}"), None);
            }
        }
        own(instance.image.as_str(), None);
        if let Some(subnet) = &instance.subnet {
            own(subnet, None);
        }
        instance.targets.iter().for_each(|target| own(&target.target_group, None));
        for interface in &instance.interfaces {
            interface.attachment.iter().for_each(|tie| entry.loose.tie(&[tie.clone(), interface.id.to_string()]));
        }
        entry.shared.add_instance(instance);
    }
}

impl PlaceLinks {
    /// It was seen before it says that it was born: its volumes were replaced and it was started again.
    fn was_there(&mut self, id: &InstanceId, time: Timestamp) {
        if let Some(known) = self.instances.get_mut(id) {
            known.born = known.born.min(time);
        }
    }

    /// Takes in what an earlier scan remembers.
    fn remember(&mut self, link: &Link) {
        let Link { place: _, key, instance, seen_at } = link;
        if key == LAUNCHED {
            return;
        }
        if key == ENDED {
            self.ended.insert(instance.clone(), *seen_at);
            self.ended_before.insert(instance.clone());
            return;
        }
        if self.loose.remember(key, instance, *seen_at) || self.shared.remember(key, instance, *seen_at) {
            return;
        }
        let (key, part) = untied(key);
        self.loose.tie(&[key, part.unwrap_or(key)].map(str::to_owned));
        self.own(key, Owner { instance: instance.clone(), from: None, seen: Some(*seen_at) });
    }

    /// What is to be remembered of that which is no more: ends, parts that calls have taken off, and parts that an instance
    /// had when it was seen before, and does not have `now`.
    fn gone(&self, now: Timestamp) -> impl Iterator<Item = (String, InstanceId, Timestamp)> {
        let news = self.ended.iter().filter(|(id, _)| !self.ended_before.contains(*id));
        let ended = news.map(|(id, time)| (ENDED.to_owned(), id.clone(), *time));
        let lost = self.owners.iter().filter(|(key, _)| is_exclusive(key) || is_address(key)).filter_map(move |lost| {
            let (key, owners) = lost;
            let last = owners.iter().filter(|owner| owner.seen.is_some()).max_by_key(|owner| owner.seen)?;
            let has = owners.iter().any(|owner| owner.seen.is_none() && owner.instance == last.instance);
            let known = self.loose.departures(key).iter().any(|departure| Some(departure.time) >= last.seen);
            let ended = self.ended.contains_key(&last.instance);
            let is_lost = !has && !known && !ended && self.shared.is_present(&last.instance);
            is_lost.then(|| left(key, Some(last.instance.clone()), now))
        });
        let launched = self.launched.iter().map(|(id, time)| (LAUNCHED.to_owned(), id.clone(), *time));
        launched.chain(ended).chain(self.loose.links()).chain(lost)
    }

    /// Whether it had not ended.
    fn lasts(&self, id: &InstanceId, time: Timestamp) -> bool {
        self.ended.get(id).is_none_or(|end| time <= later(*end))
    }

    /// Whether it was alive, with some slack for clocks. One of which no birth is known may have been.
    fn lives(&self, id: &InstanceId, time: Timestamp) -> bool {
        let born = self.instances.get(id).is_none_or(|known| known.born <= later(time));
        born && self.lasts(id, time)
    }

    /// Who held a shared thing.
    fn holders(&self, key: &str, time: Timestamp) -> Vec<InstanceId> {
        let ended = |id: &InstanceId| self.ended.get(id).copied();
        let holders: BTreeSet<&InstanceId> =
            self.shared.holders(key, time, ended).filter(|id| self.lives(id, time)).collect();
        holders.into_iter().cloned().collect()
    }

    fn own(&mut self, key: &str, owner: Owner) {
        let owners = self.owners.entry(key.to_owned()).or_default();
        // A command or a launch template has many servers, and each comes once: only the parts that move from one
        // server to another have a history to search, and it is short.
        let known =
            if is_exclusive(key) || is_address(key) { owners.contains(&owner) } else { owners.last() == Some(&owner) };
        if !known {
            // Most keys have one holder, now and remembered: room for more would be most of the map.
            if owners.len() < FEW {
                owners.reserve_exact(1);
            }
            owners.push(owner);
        }
    }
}

fn later(time: Timestamp) -> Timestamp {
    time.checked_add(CLOCK_SLACK).unwrap_or(Timestamp::MAX)
}

fn is_exclusive(key: &str) -> bool {
    EXCLUSIVE.iter().any(|prefix| key.starts_with(prefix))
}

/// Target groups: an instance comes and goes, and may be in many.
fn is_membership(key: &str) -> bool {
    key.starts_with("arn:") && key.contains(":targetgroup/")
}

fn is_address(key: &str) -> bool {
    key.parse::<std::net::IpAddr>().is_ok()
}

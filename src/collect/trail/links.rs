//! What belongs to whom: the map that turns interfaces, volumes, associations, addresses, groups, profiles
//! and tags into instances, also for parts that were gone when the event arrived.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::launch::LaunchSeen;
use super::owners::{Owner, holders};
use super::target::TagCriterion;
use crate::store::Link;
use crate::types::{AccountId, Instance, InstanceId, Place};

/// Calls of a service on an instance this soon after its launch belong to the launch: Auto Scaling tags,
/// registers and monitors what it starts, CloudFormation sets attributes.
const LAUNCH_GRACE: SignedDuration = SignedDuration::from_mins(10);
/// Clocks of services differ, and EC2 reports launch times by the second.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(60);
/// Ids that one instance holds at a time. Everything else (groups, profiles, executions) has many.
const EXCLUSIVE: [&str; 4] = ["eni-", "vol-", "eipassoc-", "iip-assoc-"];

/// Lists of owners up to this length grow one by one.
const FEW: usize = 2;

/// The map. Build it from the present state, add what earlier scans remembered, let it learn from events.
#[derive(Clone, Debug, Default)]
pub struct LinkMap {
    places: HashMap<Place, PlaceLinks>,
}

#[derive(Clone, Debug, Default)]
struct PlaceLinks {
    owners: HashMap<String, Vec<Owner>>,
    instances: HashMap<InstanceId, Known>,
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
            let owner = Owner { instance: link.instance.clone(), from: None, seen: Some(link.seen_at) };
            map.place(&link.place).own(&link.key, owner);
        }
        map
    }

    /// Learns births and parts from a launch record.
    pub fn learn_launch(&mut self, launch: &LaunchSeen) {
        let place = self.place(&launch.place);
        for (id, parts) in &launch.instances {
            let known = Known { born: launch.time, live: true, tags: Vec::new() };
            let entry = place.instances.entry(id.clone()).or_insert(known);
            entry.born = entry.born.min(launch.time);
            for part in parts {
                place.own(part, Owner { instance: id.clone(), from: Some(launch.time), seen: Some(launch.time) });
            }
        }
    }

    /// Learns that these ids belong to these instances from `time` on.
    pub fn learn(&mut self, place: &Place, keys: &[String], instances: &[InstanceId], time: Timestamp) {
        for key in keys {
            for instance in instances {
                let owner = Owner { instance: instance.clone(), from: Some(time), seen: Some(time) };
                self.place(place).own(key, owner);
            }
        }
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
                    key: key.clone(),
                    instance: owner.instance.clone(),
                    seen_at: owner.seen.unwrap_or(now),
                }));
            }
        }
        links.sort();
        links.dedup();
        links
    }

    /// Whose it was at `time`.
    pub(super) fn owners_of(&self, place: &Place, key: &str, time: Timestamp) -> Vec<InstanceId> {
        if key.starts_with("profile:") || key.starts_with("role:") {
            return self.owners_in_account(&place.account, key);
        }
        let Some(owners) = self.places.get(place).and_then(|entry| entry.owners.get(key)) else { return Vec::new() };
        if is_exclusive(key) {
            return holders(owners, time);
        }
        if is_address(key) {
            // One private address in two networks: the record does not say which.
            return Some(holders(owners, time)).filter(|found| found.len() == 1).unwrap_or_default();
        }
        let all: BTreeSet<&InstanceId> = owners.iter().map(|owner| &owner.instance).collect();
        all.into_iter().cloned().collect()
    }

    /// IAM is global: its records carry one region, the instances are in any.
    fn owners_in_account(&self, account: &AccountId, key: &str) -> Vec<InstanceId> {
        let in_account = self.places.iter().filter(|(place, _)| place.account == *account);
        let owners = in_account.filter_map(|(_, entry)| entry.owners.get(key)).flatten();
        let all: BTreeSet<&InstanceId> = owners.map(|owner| &owner.instance).collect();
        all.into_iter().cloned().collect()
    }

    /// Live instances, born by `time`, that meet all criteria.
    pub(super) fn tagged(&self, place: &Place, criteria: &[TagCriterion], time: Timestamp) -> Vec<InstanceId> {
        let Some(entry) = self.places.get(place) else { return Vec::new() };
        let meets = |known: &Known, criterion: &TagCriterion| {
            known.tags.iter().any(|(key, value)| {
                (criterion.key.is_empty() || criterion.key == *key)
                    && (criterion.values.is_empty() || criterion.values.contains(value))
            })
        };
        let latest = time.checked_add(CLOCK_SLACK).unwrap_or(Timestamp::MAX);
        let matching = entry.instances.iter().filter(|(_, known)| {
            known.live && known.born <= latest && criteria.iter().all(|criterion| meets(known, criterion))
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

    fn place(&mut self, place: &Place) -> &mut PlaceLinks {
        self.places.entry(place.clone()).or_default()
    }

    fn add_instance(&mut self, instance: &Instance) {
        let id = &instance.id;
        let entry = self.place(&instance.place());
        // A stop and start renews the launch time; the first attachments keep the day of birth.
        let attached = instance.volumes.iter().filter_map(|volume| volume.attached_at);
        let born = attached.fold(instance.launched_at, Timestamp::min);
        let tags = instance.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        entry.instances.insert(id.clone(), Known { born, live: instance.is_live(), tags });
        let mut own =
            |key: &str, from: Option<Timestamp>| entry.own(key, Owner { instance: id.clone(), from, seen: None });
        for volume in &instance.volumes {
            own(volume.id.as_str(), volume.attached_at);
        }
        for interface in &instance.interfaces {
            own(interface.id.as_str(), None);
            let keys = interface.attachment.iter().chain(&interface.address_associations).chain(&interface.addresses);
            keys.for_each(|key| own(key, None));
        }
        for group in instance.security_groups() {
            own(group.as_str(), None);
        }
        if let Some(association) = &instance.profile_association {
            own(association, None);
        }
        if let Some(name) = instance.instance_profile.as_deref().and_then(|arn| arn.rsplit('/').next()) {
            own(&format!("profile:{name}"), None);
            // The console names the profile of a role like the role ("Using instance profiles", IAM user guide).
            own(&format!("role:{name}"), None);
        }
        if let Some(asg) = &instance.asg {
            own(&format!("asg:{}", asg.group), None);
        }
    }
}

impl PlaceLinks {
    fn own(&mut self, key: &str, owner: Owner) {
        let owners = self.owners.entry(key.to_owned()).or_default();
        // A group or a profile has the whole fleet for owners, and each server comes once: only the parts that
        // move from one server to another have a history to search, and it is short.
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

fn is_exclusive(key: &str) -> bool {
    EXCLUSIVE.iter().any(|prefix| key.starts_with(prefix))
}

fn is_address(key: &str) -> bool {
    key.parse::<std::net::IpAddr>().is_ok()
}

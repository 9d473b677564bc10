//! Who held a thing that many instances share: a security group, an instance profile and its role, an Auto
//! Scaling group.
//!
//! EC2 says only who holds it now. A change of a shared thing concerns those that held it when it was changed, so
//! what is known is put in order: how each instance was found by the last scan, what calls have changed since, and
//! how it is now.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::types::{Instance, InstanceId};

/// Begins the key of a remembered link that lists what an instance held.
const HELD: &str = "held:";
/// Stands between the keys of such a list; no name of AWS holds it.
const BETWEEN: char = '\n';

/// Kinds of shared things that calls give to instances and take away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Groups,
    Profile,
    Asg,
}

impl Kind {
    /// The kind of a key; `None` when it is of no shared thing.
    pub(super) fn of(key: &str) -> Option<Self> {
        match key.split_once(':') {
            Some(("profile" | "role", _)) => Some(Self::Profile),
            Some(("asg", _)) => Some(Self::Asg),
            _ => key.starts_with("sg-").then_some(Self::Groups),
        }
    }
}

/// All that an instance holds of one kind from a call on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    pub(super) kind: Kind,
    pub(super) keys: Vec<String>,
}

type Keys = Vec<Arc<str>>;

/// What the instances of one place hold and held.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    instances: HashMap<InstanceId, Held>,
    /// Who may have held a key at any time.
    candidates: HashMap<Arc<str>, Vec<InstanceId>>,
}

/// What one instance holds.
#[derive(Clone, Debug, Default)]
struct Held {
    /// By EC2; `None` when it is no longer listed.
    now: Option<Keys>,
    /// When an earlier scan saw it last, and with what.
    before: Option<(Timestamp, Keys)>,
    /// It has several interfaces, each with groups of its own.
    several: bool,
    /// What calls have given it, in place of all it had of that kind.
    given: Vec<(Timestamp, Kind, Keys)>,
    /// When an interface, with groups of its own, came or went.
    moved: Vec<Timestamp>,
}

impl Shared {
    /// Adds an instance as it is now.
    pub(super) fn add_instance(&mut self, instance: &Instance) {
        let groups = instance.security_groups().into_iter().map(|group| group.as_str().to_owned());
        let profile = instance.instance_profile.as_deref().and_then(|arn| arn.rsplit('/').next());
        let profile = profile.map(|name| format!("profile:{name}"));
        let asg = instance.asg.as_ref().map(|asg| format!("asg:{}", asg.group));
        let keys: Vec<String> = groups.chain(profile).chain(asg).collect();
        let keys = self.note(&instance.id, keys.iter().map(String::as_str));
        let held = self.instances.entry(instance.id.clone()).or_default();
        (held.now, held.several) = (Some(keys), instance.interfaces.len() > 1);
    }

    /// Adds what an earlier scan remembers; the latest counts. `false` when the link is of another sort.
    pub(super) fn remember(&mut self, key: &str, instance: &InstanceId, seen_at: Timestamp) -> bool {
        let Some(list) = key.strip_prefix(HELD) else { return false };
        let known = self.instances.get(instance).and_then(|held| held.before.as_ref());
        if known.is_none_or(|(at, _)| *at <= seen_at) {
            let keys = self.note(instance, list.split(BETWEEN).filter(|key| !key.is_empty()));
            let held = self.instances.entry(instance.clone()).or_default();
            keep_roles(&mut held.now, &keys);
            held.before = Some((seen_at, keys));
        }
        true
    }

    /// A call, or a launch, gave the instance these things of one kind in place of all it had of it.
    pub(super) fn given(&mut self, instance: &InstanceId, time: Timestamp, kind: Kind, keys: &[String]) {
        let keys = self.note(instance, keys.iter().map(String::as_str));
        self.instances.entry(instance.clone()).or_default().given.push((time, kind, keys));
    }

    /// The agent of an instance was seen to act in this role at this time.
    pub(super) fn acts_as(&mut self, instance: &InstanceId, time: Timestamp, role: &str) {
        let role = format!("role:{role}");
        let Some(held) = self.instances.get(instance) else { return };
        let since = held.given.iter().any(|(at, kind, _)| *kind == Kind::Profile && *at > time);
        let known = held.now.as_ref().is_none_or(|now| has(now, &role));
        if !since && !known {
            let keys = self.note(instance, [role.as_str()].into_iter());
            if let Some(now) = self.instances.get_mut(instance).and_then(|held| held.now.as_mut()) {
                now.extend(keys);
            }
        }
    }

    /// An interface came to an instance or went away, and its groups with it.
    pub(super) fn moved(&mut self, instance: &InstanceId, time: Timestamp) {
        if let Some(held) = self.instances.get_mut(instance) {
            held.moved.push(time);
        }
    }

    /// Whether EC2 lists it.
    pub(super) fn is_present(&self, instance: &InstanceId) -> bool {
        self.instances.get(instance).is_some_and(|held| held.now.is_some())
    }

    /// Whether anything is known of it.
    pub(super) fn knows(&self, instance: &InstanceId) -> bool {
        self.instances.contains_key(instance)
    }

    /// The keys of the links to remember.
    pub(super) fn links(&self) -> impl Iterator<Item = (String, &InstanceId)> {
        self.instances.iter().filter_map(|(instance, held)| {
            let mut keys: Vec<&str> = held.now.as_ref()?.iter().map(|key| &**key).collect();
            keys.sort_unstable();
            keys.dedup();
            Some((format!("{HELD}{}", keys.join(&BETWEEN.to_string())), instance))
        })
    }

    /// Who held it at `time`, as far as known. `ended` says when an instance was terminated.
    pub(super) fn holders<'s>(
        &'s self,
        key: &str,
        time: Timestamp,
        ended: impl Fn(&InstanceId) -> Option<Timestamp>,
    ) -> impl Iterator<Item = &'s InstanceId> {
        let profile = profile_of(key);
        let by_role = profile.as_deref().and_then(|profile| self.candidates.get(profile));
        let all = self.candidates.get(key).into_iter().chain(by_role).flatten();
        all.filter(move |id| self.instances.get(id).is_some_and(|held| held.at(key, time, ended(id))))
    }

    /// Interns the keys and lists the instance under each.
    fn note<'k>(&mut self, instance: &InstanceId, keys: impl Iterator<Item = &'k str>) -> Keys {
        let known = self.instances.get(instance);
        let mut interned = Keys::new();
        for key in keys {
            let listed = known.is_some_and(|held| held.ever(key)) || has(&interned, key);
            let shared = self.candidates.get_key_value(key).map_or_else(|| Arc::from(key), |(key, _)| key.clone());
            if !listed {
                self.candidates.entry(shared.clone()).or_default().push(instance.clone());
            }
            interned.push(shared);
        }
        interned
    }
}

impl Held {
    fn ever(&self, key: &str) -> bool {
        let before = self.before.as_ref().map(|(_, keys)| keys);
        let given = self.given.iter().map(|(_, _, keys)| keys);
        self.now.iter().chain(before).chain(given).any(|keys| has(keys, key))
    }

    fn at(&self, key: &str, time: Timestamp, ended: Option<Timestamp>) -> bool {
        let Some(kind) = Kind::of(key) else { return false };
        let mine = || self.given.iter().filter(|(_, given, _)| *given == kind);
        let is_held = self.now.as_ref().is_some_and(|keys| has_role(keys, key));
        let seen = self.before.as_ref().map(|(seen, _)| *seen);
        // An interface that came after somebody saw that it was not there yet can have brought it.
        let brought =
            || kind == Kind::Groups && self.moved.iter().any(|at| *at > time && seen.is_some_and(|seen| seen < *at));
        // An interface that went can have taken it along, when it is not there now and no call took it away.
        let gone = |since: Timestamp| {
            let went = kind == Kind::Groups && self.moved.iter().any(|at| since < *at && *at < time);
            went && self.now.is_some() && !is_held && !mine().any(|(at, ..)| *at > time)
        };
        // It has it now: since a call that came later, or all the time.
        let kept = || is_held && !mine().any(|(at, _, keys)| *at > time && has_role(keys, key));
        if let Some((at, _, keys)) = mine().filter(|(at, ..)| *at <= time).max_by_key(|(at, ..)| *at) {
            // Taken from one interface and still there, or taken from another one later.
            let elsewhere = || {
                let before = self.before.as_ref().is_some_and(|(_, keys)| has_role(keys, key));
                let later = mine().any(|(at, ..)| *at > time);
                kind == Kind::Groups && self.several && before && later
            };
            return (has_role(keys, key) && !gone(*at)) || kept() || elsewhere();
        }
        match &self.before {
            Some((seen, keys)) if has_role(keys, key) => {
                !gone(*seen) && (self.now.is_some() || time <= *seen || ended.is_some())
            }
            Some(_) => kept() && !brought(),
            // Nobody has looked before: how it is now is all that is known.
            None => is_held,
        }
    }
}

fn has(keys: &[Arc<str>], key: &str) -> bool {
    keys.iter().any(|one| **one == *key)
}

/// The console names the profile of a role like the role ("Using instance profiles", IAM user guide).
fn has_role(keys: &[Arc<str>], key: &str) -> bool {
    has(keys, key) || profile_of(key).is_some_and(|profile| has(keys, &profile))
}

/// The other key under which the holders of a profile are found.
pub(super) fn alias_of(key: &str) -> Option<String> {
    key.strip_prefix("profile:").map(|name| format!("role:{name}"))
}

fn profile_of(key: &str) -> Option<String> {
    key.strip_prefix("role:").map(|name| format!("profile:{name}"))
}

/// EC2 does not say which role is in a profile: what was learned of it holds for as long as the profile stays.
fn keep_roles(now: &mut Option<Keys>, before: &Keys) {
    let Some(now) = now else { return };
    let same = before.iter().filter(|key| key.starts_with("profile:")).all(|key| has(now, key));
    let roles = before.iter().filter(|key| same && key.starts_with("role:")).cloned();
    let new: Keys = roles.filter(|role| !has(now, role)).collect();
    now.extend(new);
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;

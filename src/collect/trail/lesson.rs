//! What one change teaches about who holds what, as it waits to be learned.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::Timestamp;
use serde::Serialize;

use super::classify::UnresolvedChange;
use super::links::LinkMap;
use super::shared::{Given, alias_of};
use super::target::Target;
use crate::types::{InstanceId, Place};

/// What a change teaches about who holds what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lesson {
    pub(super) place: Place,
    pub(super) time: Timestamp,
    pub(super) targets: Vec<Target>,
    pub(super) learned: Vec<String>,
    pub(super) lost: Vec<String>,
    pub(super) given: Option<Given>,
}

impl Lesson {
    /// What a change teaches, if anything.
    pub(super) fn of(change: &UnresolvedChange) -> Option<Self> {
        let UnresolvedChange { event, targets, learned, lost, given, by_service: _ } = change;
        teaches(change).then(|| Self {
            place: event.place(),
            time: event.time,
            targets: targets.clone(),
            learned: learned.clone(),
            lost: lost.clone(),
            given: given.clone(),
        })
    }

    /// Writes what it takes to see whether the lesson of a change matters; nothing if there is none.
    pub(super) fn sketch(change: &UnresolvedChange, out: &mut Vec<u8>) {
        if teaches(change) {
            // What an attachment or an association was of is not known yet, and an interface takes its groups with it.
            let ends = change.lost.iter().any(|key| key.starts_with("eipassoc-"));
            out.push(u8::from(change.given.is_some() || ends || moves(&change.learned, &change.lost)));
            change.learned.iter().chain(&change.lost).for_each(|key| out.extend_from_slice(&hash(key).to_le_bytes()));
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
        let UnresolvedChange { event, targets, learned, lost, given, by_service: _ } = change;
        if teaches(change) {
            binary(&(&event.account, &event.region, targets, learned, lost, given), out);
        }
    }

    /// `time` is that of the change.
    pub(super) fn read(written: &[u8], time: Timestamp) -> Result<Self, postcard::Error> {
        let (account, region, targets, learned, lost, given) = postcard::from_bytes(written)?;
        Ok(Self { place: Place { account, region }, time, targets, learned, lost, given })
    }

    /// The instances that the call itself names.
    pub(super) fn named(&self) -> Vec<InstanceId> {
        let id = |target: &Target| if let Target::Instance(id) = target { Some(id.clone()) } else { None };
        self.targets.iter().filter_map(id).collect()
    }

    /// Whether an interface came or went.
    pub(super) fn moves(&self) -> bool {
        moves(&self.learned, &self.lost)
    }

    /// Whose the call was, as far as the map knows.
    pub(super) fn owners(&self, links: &LinkMap) -> Vec<InstanceId> {
        self.targets.iter().flat_map(|target| links.owners(target, &self.place, self.time)).collect()
    }
}

fn teaches(change: &UnresolvedChange) -> bool {
    !change.learned.is_empty() || !change.lost.is_empty() || change.given.is_some()
}

fn moves(learned: &[String], lost: &[String]) -> bool {
    learned.iter().chain(lost).any(|key| key.starts_with("eni-"))
}

/// Writes something that waits for the end of the reading and never leaves this process.
pub(super) fn binary(value: &impl Serialize, out: &mut Vec<u8>) {
    // Writing into memory does not fail, and nothing that is written here has a length that is not known.
    let _ = postcard::to_extend(value, Behind(out));
}

/// Appends. Without the standard library's help postcard pulls in no more than itself.
struct Behind<'o>(&'o mut Vec<u8>);

impl Extend<u8> for Behind<'_> {
    fn extend<T: IntoIterator<Item = u8>>(&mut self, bytes: T) {
        self.0.extend(bytes);
    }
}

/// Ids that calls ask for, by their hashes: one that is taken for another is only learned in vain.
#[derive(Debug, Default)]
pub(super) struct Asked(HashSet<u64>);

impl Asked {
    /// Notes the ids that a change aims at.
    pub(super) fn note(&mut self, targets: &[Target]) {
        let keys = targets.iter().filter_map(|target| match target {
            Target::Key(key) | Target::Former(key) => Some(key),
            _ => None,
        });
        self.0.extend(keys.map(|key| hash(key)));
    }

    /// Notes what others noted.
    pub(super) fn add(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains(&hash(key))
    }

    /// Whether somebody asks who holds one of these: a role is also asked for by the profile of its name.
    pub(super) fn has_any(&self, keys: &[String]) -> bool {
        keys.iter().any(|key| self.has(key) || alias_of(key).is_some_and(|alias| self.has(&alias)))
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

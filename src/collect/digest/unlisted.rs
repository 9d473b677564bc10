//! Log files that no digest lists.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use jiff::{SignedDuration, Timestamp};

use super::key::{LOGS, Site, delivered};
use super::objects::TrailObjects;
use super::workers::{Hour, Shared};
use crate::types::BreakKind;

/// A log file may be delivered a while after the time in its name, and is then listed in the next digest.
const SLACK: SignedDuration = SignedDuration::from_hours(1);
/// A digest comes every hour, soon after the hour has ended. Three hours without one are two that did not come.
const OVERDUE: SignedDuration = SignedDuration::from_hours(3);

/// What the digests of one site list. Names are kept as keyed hashes: 8 bytes for each, and nobody can make up a name
/// that counts as another.
#[derive(Default)]
pub(super) struct Listed {
    hasher: RandomState,
    names: HashSet<u64>,
    /// Times that digests cover, newest first.
    windows: Vec<(Timestamp, Timestamp)>,
    /// End of the newest digest that was not read, being too old.
    ended: Option<Timestamp>,
}

impl Listed {
    pub(super) fn add(&mut self, object: &str) {
        let hash = self.hasher.hash_one(object);
        self.names.insert(hash);
    }

    /// Digests cover this time. Windows that touch become one.
    pub(super) fn cover(&mut self, from: Timestamp, to: Timestamp) {
        match self.windows.last_mut() {
            Some(last) if last.0 == to => last.0 = from,
            _ => self.windows.push((from, to)),
        }
    }

    /// A digest that is not read covers the time up to then.
    pub(super) fn ended(&mut self, at: Timestamp) {
        self.ended = self.ended.max(Some(at));
    }

    fn has(&self, object: &str) -> bool {
        self.names.contains(&self.hasher.hash_one(object))
    }

    fn covers(&self, at: Timestamp) -> bool {
        self.windows.iter().any(|(from, to)| (*from..*to).contains(&at))
    }

    fn through(&self) -> Option<Timestamp> {
        self.windows.iter().map(|(_, to)| *to).max().max(self.ended)
    }
}

/// Looks for log files of a site that no digest lists.
pub(super) fn look(
    objects: &dyn TrailObjects,
    shared: &Shared,
    site: &Site,
    listed: &Listed,
    (since, until): (Option<Timestamp>, Option<Timestamp>),
) {
    let hour = Hour { account: site.account.clone(), region: site.region.clone(), trail: None, from: None, to: None };
    let Some(through) = listed.through() else { return without_digests(objects, shared, site, since) };
    let mut last: Option<(Timestamp, String)> = None;
    let outcome = objects.logs(site, &mut |object| {
        if listed.has(object) {
            return;
        }
        let Some(at) = delivered(object) else {
            shared.broken(&hour, BreakKind::LogUnlisted, object, "no digest lists it, and it is not named like a log");
            return;
        };
        if since.is_some_and(|since| at < since) {
            return;
        }
        if at >= through.checked_sub(SLACK).unwrap_or(through) {
            shared.lock().logs_waiting += 1;
            if last.as_ref().is_none_or(|(latest, _)| at > *latest) {
                last = Some((at, object.to_owned()));
            }
        } else if listed.covers(at) {
            let hour = Hour { from: Some(at), to: Some(at), ..hour.clone() };
            shared.broken(&hour, BreakKind::LogUnlisted, object, "the digests of its time do not list it");
        } else {
            shared.lock().logs_uncovered += 1;
        }
    });
    if let Err(error) = outcome {
        shared.unproven(&site.base, format!("its log files cannot all be listed: {error}"));
    }
    if let Some((at, object)) = last.filter(|(at, _)| at.duration_since(through) > OVERDUE) {
        let hour = Hour { from: Some(through), to: Some(at), ..hour };
        let detail = format!("log files were delivered until {at}, digest files only until {through}");
        shared.broken(&hour, BreakKind::DigestsEnd, &object, &detail);
    } else if let Some(until) = until.filter(|until| until.duration_since(through) > OVERDUE) {
        // Neither: the trail is gone or was stopped, its files were deleted, or they were not copied.
        let folder = format!("{}/{LOGS}/{}", site.base, site.region);
        shared.unproven(&folder, format!("there are no digest files from {through} until {until}"));
    }
}

/// Log files of an account and region without any digest that can be read: nothing can be compared with them.
fn without_digests(objects: &dyn TrailObjects, shared: &Shared, site: &Site, since: Option<Timestamp>) {
    let (mut count, mut times) = (0_u64, None::<(Timestamp, Timestamp)>);
    let outcome = objects.logs(site, &mut |object| {
        let at = delivered(object);
        if at.is_some_and(|at| since.is_some_and(|since| at < since)) {
            return;
        }
        count += 1;
        if let Some(at) = at {
            let (first, last) = times.get_or_insert((at, at));
            (*first, *last) = (at.min(*first), at.max(*last));
        }
    });
    let folder = format!("{}/{LOGS}/{}", site.base, site.region);
    if let Err(error) = outcome {
        shared.unproven(&folder, format!("its log files cannot all be listed: {error}"));
    }
    if count > 0 {
        shared.lock().logs_uncovered += count;
        let when = times.map_or_else(String::new, |(first, last)| format!(", from {first} to {last}"));
        shared.unproven(&folder, format!("no digest file covers its {count} log files{when}"));
    }
}

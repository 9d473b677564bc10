//! What a worker has found in one log, or in a part of a great one.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Encode;
use crate::collect::trail::classify::{Classified, IgnoredReason, UnresolvedChange};
use crate::collect::trail::dir::DirStats;
use crate::collect::trail::launch::LaunchSeen;
use crate::collect::trail::learn::{Asked, EndSeen, Lesson, Roles};
use crate::collect::trail::links::LinkMap;
use crate::collect::trail::log::Sink;
use crate::collect::trail::resolve::{needs_links, resolve};
use crate::collect::trail::target::Target;
use crate::types::{EventId, Place, SetAside};

/// Records that could not be read are kept up to this many; all are counted.
const MAX_SET_ASIDE: usize = 1000;

/// What was found, in the order of the records.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) entries: Vec<Entry>,
    /// The text of all changes.
    pub(super) text: Vec<u8>,
    pub(super) launches: Vec<LaunchSeen>,
    pub(super) ends: Vec<EndSeen>,
    pub(super) roles: Roles,
    pub(super) asked: Asked,
    pub(super) ignored: BTreeMap<IgnoredReason, u64>,
    pub(super) set_aside: Vec<SetAside>,
    pub(super) set_aside_total: u64,
    pub(super) stats: DirStats,
}

/// An event that counts once.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: EventId,
    /// `None` for reports, which are counted only.
    pub(super) change: Option<Change>,
}

#[derive(Debug)]
pub(super) struct Change {
    pub(super) time: Timestamp,
    /// Where its text stands, and behind it what is needed to resolve it, if anything.
    pub(super) text: Range<usize>,
    pub(super) late: Range<usize>,
    pub(super) lesson: Option<Box<Lesson>>,
}

/// What is needed to resolve a change when everything was read.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Late {
    pub(super) place: Place,
    pub(super) by_service: bool,
    pub(super) targets: Vec<Target>,
}

/// Fills a chunk.
pub(super) struct Filling<'f> {
    pub(super) chunk: Chunk,
    pub(super) encode: Encode,
    /// Called after each record that was kept.
    pub(super) flush: &'f mut dyn FnMut(&mut Chunk),
}

impl Sink for Filling<'_> {
    fn found(&mut self, classified: Classified) {
        match classified {
            Classified::Change(change) => self.change(*change),
            Classified::Inventory(report) => {
                self.chunk.roles.note(&report);
                self.chunk.entries.push(Entry { id: report.event, change: None });
            }
            Classified::End(end) => {
                self.ignored(IgnoredReason::Termination, 1);
                self.chunk.ends.push(*end);
            }
            Classified::Launch(launch) => {
                self.ignored(IgnoredReason::Launch, 1);
                self.chunk.launches.push(*launch);
            }
            Classified::Ignored(reason) => self.ignored(reason, 1),
            Classified::SetAside(problem) => {
                self.chunk.set_aside_total += 1;
                if self.chunk.set_aside.len() < MAX_SET_ASIDE {
                    self.chunk.set_aside.push(problem);
                }
            }
        }
        (self.flush)(&mut self.chunk);
    }

    fn ignored(&mut self, reason: IgnoredReason, count: u64) {
        *self.chunk.ignored.entry(reason).or_default() += count;
    }
}

impl Filling<'_> {
    fn change(&mut self, change: UnresolvedChange) {
        let (id, time) = (change.event.id.clone(), change.event.time);
        let lesson = Lesson::of(&change).map(Box::new);
        let from = self.chunk.text.len();
        let (middle, to);
        if needs_links(&change) {
            let UnresolvedChange { event, targets, by_service, .. } = change;
            (self.encode)(&event, &mut self.chunk.text);
            middle = self.chunk.text.len();
            self.chunk.asked.note(&targets);
            let late = Late { place: event.place(), by_service, targets };
            // Writing into memory does not fail: no part of it is a map.
            let _ = serde_json::to_writer(&mut self.chunk.text, &late);
            to = self.chunk.text.len();
        } else {
            // Nothing is learned that could change it.
            if let Some(event) = resolve(change, &LinkMap::default()) {
                (self.encode)(&event, &mut self.chunk.text);
            }
            middle = self.chunk.text.len();
            to = middle;
        }
        let change = Change { time, text: from..middle, late: middle..to, lesson };
        self.chunk.entries.push(Entry { id, change: Some(change) });
    }
}

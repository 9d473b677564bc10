//! What a worker has found in one log, or in a part of a great one.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Form;
use crate::collect::trail::classify::{Classified, IgnoredReason, UnresolvedChange};
use crate::collect::trail::dir::DirStats;
use crate::collect::trail::launch::LaunchSeen;
use crate::collect::trail::learn::{EndSeen, Roles};
use crate::collect::trail::lesson::{Asked, Lesson, binary};
use crate::collect::trail::links::LinkMap;
use crate::collect::trail::log::Sink;
use crate::collect::trail::resolve::{needs_links, resolve};
use crate::collect::trail::target::Target;
use crate::types::{Place, SetAside};

/// Records that could not be read are kept up to this many; all are counted.
const MAX_SET_ASIDE: usize = 1000;

/// What was found, in the order of the records.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) entries: Vec<Entry>,
    /// The texts of all entries.
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

impl Chunk {
    /// An empty one that takes over the memory of a text.
    pub(super) fn using(mut text: Vec<u8>) -> Self {
        text.clear();
        Self { text, ..Self::default() }
    }
}

/// An event that counts once. What it consists of stands in the text of the chunk.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) time: Timestamp,
    pub(super) id: Range<usize>,
    /// `None` for reports, which are counted only.
    pub(super) change: Option<Change>,
}

#[derive(Debug)]
pub(super) struct Change {
    pub(super) text: Range<usize>,
    /// What is needed to resolve it when everything was read, if anything ([`Late`]).
    pub(super) late: Range<usize>,
    /// What it teaches, if anything: whether that matters, and the rest ([`Lesson`]).
    pub(super) lesson: [Range<usize>; 2],
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
    /// Empty when a log is begun.
    pub(super) chunk: Chunk,
    pub(super) form: Form,
    /// Called after each record that was kept.
    pub(super) flush: &'f mut dyn FnMut(&mut Chunk),
    /// Nothing is given away then: it may have to be taken back.
    pub(super) on_trial: bool,
}

impl Sink for Filling<'_> {
    fn found(&mut self, classified: Classified) {
        match classified {
            Classified::Change(change) => self.change(*change),
            Classified::Inventory(report) => {
                self.chunk.roles.note(&report);
                let id = put(&mut self.chunk.text, |text| text.extend_from_slice(report.event.as_str().as_bytes()));
                self.chunk.entries.push(Entry { time: report.time, id, change: None });
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
        if !self.on_trial {
            (self.flush)(&mut self.chunk);
        }
    }

    fn ignored(&mut self, reason: IgnoredReason, count: u64) {
        *self.chunk.ignored.entry(reason).or_default() += count;
    }

    fn on_trial(&mut self) {
        self.on_trial = true;
    }

    fn decide(&mut self, stays: bool) {
        self.on_trial = false;
        if !stays {
            let text = std::mem::take(&mut self.chunk.text);
            self.chunk = Chunk::using(text);
        }
    }
}

impl Filling<'_> {
    fn change(&mut self, change: UnresolvedChange) {
        let text = &mut self.chunk.text;
        let id = put(text, |text| text.extend_from_slice(change.event.id.as_str().as_bytes()));
        let lesson = [put(text, |text| Lesson::sketch(&change, text)), put(text, |text| Lesson::write(&change, text))];
        let time = change.event.time;
        let (line, late);
        if needs_links(&change) {
            let UnresolvedChange { event, targets, by_service, .. } = change;
            line = put(text, |text| (self.form.encode)(&event, text));
            self.chunk.asked.note(&targets);
            let needed = Late { place: event.place(), by_service, targets };
            late = put(text, |text| binary(&needed, text));
        } else {
            // Nothing is learned that could change it.
            let event = resolve(change, &LinkMap::default());
            line = put(text, |text| event.iter().for_each(|event| (self.form.encode)(event, text)));
            late = line.end..line.end;
        }
        self.chunk.entries.push(Entry { time, id, change: Some(Change { text: line, late, lesson }) });
    }
}

/// Where that which is written comes to stand.
fn put(text: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
    let from = text.len();
    write(text);
    from..text.len()
}

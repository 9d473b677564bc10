//! Many records -> change events, oldest first and without repeats.
//!
//! Changes wait until every record is read: a launch or an attachment that explains an id may come later in
//! the input than the event that needs it (neither log files nor LookupEvents promise an order).

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::fmt;
use std::path::Path;

use super::classify::{Classified, IgnoredReason, UnresolvedChange, classify};
use super::dir::DirStats;
use super::files::Files;
use super::inventory::InventoryReport;
use super::launch::LaunchSeen;
use super::learn::{EndSeen, Roles, Taught};
use super::lesson::{Asked, Lesson};
use super::links::LinkMap;
use super::log::{LogReader, Sink};
use super::own::ClassifyContext;
use super::resolve::resolve;
use crate::types::{ChangeEvent, EventId, SetAside};

/// Records that could not be read are kept up to this many; all are counted.
const MAX_SET_ASIDE: usize = 1000;

/// Collects records.
#[derive(Debug, Default)]
pub struct Batch {
    reader: Box<LogReader>,
    context: ClassifyContext,
    seen: HashSet<EventId>,
    changes: Vec<UnresolvedChange>,
    launches: Vec<LaunchSeen>,
    ends: Vec<EndSeen>,
    inventory: Vec<InventoryReport>,
    collected: Collected,
    /// What was found in a log that may have to be read in another way.
    trial: Option<Vec<Classified>>,
}

/// What a batch came to.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// Change events, oldest first.
    pub events: Vec<ChangeEvent>,
    /// Inventory reports, oldest first.
    pub inventory: Vec<InventoryReport>,
    /// Records read.
    pub read: u64,
    /// Records that are no change, by reason.
    pub ignored: BTreeMap<IgnoredReason, u64>,
    /// Records that could not be read (the first 1,000).
    pub set_aside: Vec<SetAside>,
    /// How many could not be read.
    pub set_aside_total: u64,
}

impl Batch {
    /// An empty batch.
    pub fn new(context: ClassifyContext) -> Self {
        Self { context, ..Self::default() }
    }

    /// Adds one raw record.
    pub fn add(&mut self, raw: &str, origin: impl fmt::Display) {
        self.collected.read += 1;
        let classified = classify(raw, origin, &self.context);
        self.found(classified);
    }

    fn found(&mut self, classified: Classified) {
        match classified {
            Classified::Change(change) => {
                if self.is_new(&change.event.id) {
                    self.changes.push(*change);
                }
            }
            Classified::Inventory(report) => {
                if self.is_new(&report.event) {
                    self.ignore(IgnoredReason::Inventory);
                    self.inventory.push(*report);
                }
            }
            Classified::Launch(launch) => {
                self.ignore(IgnoredReason::Launch);
                self.launches.push(*launch);
            }
            Classified::End(end) => {
                self.ignore(IgnoredReason::Termination);
                self.ends.push(*end);
            }
            Classified::Ignored(reason) => self.ignore(reason),
            Classified::SetAside(problem) => self.set_aside(problem),
        }
    }

    /// How many changes were added so far.
    pub fn changes(&self) -> usize {
        self.changes.len()
    }

    /// The changes that were added since there were this many. One that came before in another log is not named.
    pub fn changed_since(&self, count: usize) -> Vec<EventId> {
        self.changes.iter().skip(count).map(|change| change.event.id.clone()).collect()
    }

    /// Adds every record of one log, given as it is stored (gzip or plain); quicker than to add each. `name` is
    /// what its records are said to come from, for example `s3://bucket/key`.
    pub fn add_log(&mut self, stored: &[u8], name: &str) -> DirStats {
        let (mut reader, context) = (std::mem::take(&mut self.reader), std::mem::take(&mut self.context));
        let stats = reader.bytes(stored, name, &context, self);
        (self.reader, self.context) = (reader, context);
        self.collected.read += stats.events;
        stats
    }

    /// Adds every record of a file, of the files in a folder, or of standard input (`-`).
    pub fn add_path(&mut self, path: &Path) -> DirStats {
        let (mut reader, context) = (std::mem::take(&mut self.reader), std::mem::take(&mut self.context));
        let mut sum = DirStats::default();
        for found in Files::new(&[path.to_owned()]) {
            sum += reader.read(found, &context, self);
        }
        (self.reader, self.context) = (reader, context);
        self.collected.read += sum.events;
        sum
    }

    /// The first problem since there were this many, in one line.
    pub fn problem_since(&self, count: usize) -> String {
        let found = self.collected.set_aside.get(count);
        found.map_or_else(|| "too many problems".to_owned(), |found| format!("{}: {}", found.origin, found.problem))
    }

    /// Adds something that could not be read at all.
    pub fn set_aside(&mut self, problem: SetAside) {
        self.collected.set_aside_total += 1;
        if self.collected.set_aside.len() < MAX_SET_ASIDE {
            self.collected.set_aside.push(problem);
        }
    }

    /// The inventory reports so far, in the order in which they came.
    pub fn inventory(&self) -> &[InventoryReport] {
        &self.inventory
    }

    /// Resolves everything. `links` learns from the records first, so that it can be remembered afterwards.
    pub fn finish(self, links: &mut LinkMap) -> Collected {
        let Self { mut collected, mut changes, launches, ends, mut inventory, .. } = self;
        let (mut roles, mut asked) = (Roles::default(), Asked::default());
        inventory.iter().for_each(|report| roles.note(report));
        changes.iter().for_each(|change| asked.note(&change.targets));
        changes.sort_by(|a, b| (a.event.time, &a.event.id).cmp(&(b.event.time, &b.event.id)));
        let lessons: Vec<Lesson> = changes.iter().filter_map(Lesson::of).collect();
        let taught = Taught { launches: &launches, ends: &ends, roles: &roles, asked: &asked, asked_only: false };
        let Ok(()) = taught.learn::<Infallible>(links, &mut |show| {
            lessons.iter().for_each(show);
            Ok(())
        });
        inventory.sort_by(|a, b| (a.time, &a.event).cmp(&(b.time, &b.event)));
        for change in changes {
            match resolve(change, links) {
                Some(event) => collected.events.push(event),
                None => *collected.ignored.entry(IgnoredReason::LaunchNoise).or_default() += 1,
            }
        }
        collected.inventory = inventory;
        collected
    }

    /// What could not be read so far (the first 1,000).
    pub fn problems(&self) -> &[SetAside] {
        &self.collected.set_aside
    }

    fn is_new(&mut self, id: &EventId) -> bool {
        let new = self.seen.insert(id.clone());
        if !new {
            self.ignore(IgnoredReason::Duplicate);
        }
        new
    }

    fn ignore(&mut self, reason: IgnoredReason) {
        *self.collected.ignored.entry(reason).or_default() += 1;
    }
}

impl Sink for Batch {
    fn found(&mut self, classified: Classified) {
        match &mut self.trial {
            Some(trial) => trial.push(classified),
            None => self.found(classified),
        }
    }

    fn ignored(&mut self, reason: IgnoredReason, count: u64) {
        match &mut self.trial {
            Some(trial) => trial.extend((0..count).map(|_| Classified::Ignored(reason))),
            None => *self.collected.ignored.entry(reason).or_default() += count,
        }
    }

    fn on_trial(&mut self) {
        self.trial = Some(Vec::new());
    }

    fn decide(&mut self, stays: bool) {
        let found = self.trial.take().unwrap_or_default();
        if stays {
            found.into_iter().for_each(|classified| self.found(classified));
        }
    }
}

//! Pure: what differs between a golden and a host, or between two manifests.
//!
//! Both sides come in one order, so a comparison holds only what differs. What one side could not see is `unjudged`:
//! it is neither equal nor different.
#![deny(clippy::disallowed_methods)]

mod aspect;
mod difference;
mod merge;
mod view;

use crate::entry::{Entry, Facts, Kind, Missing};
use crate::path;

pub use aspect::Aspect;
pub use difference::{Code, Difference};
pub use merge::{Against, MergeError, Side, manifests};
pub use view::{DifferenceView, EntryView, FactsView};

/// Differences kept with their facts. Beyond this only privileged ones are kept (as many again); all are counted.
const KEEP: usize = 50_000;

/// Unjudged entries kept; all are counted.
const KEEP_UNJUDGED: usize = 10_000;

/// How many differences there are, by finding code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct DifferenceCounts {
    /// `file-added`.
    pub added: u64,
    /// `file-removed`.
    pub removed: u64,
    /// `file-content-changed`.
    pub content: u64,
    /// `file-metadata-changed`.
    pub metadata: u64,
    /// `file-privilege-changed`.
    pub privilege: u64,
    /// Of all of these, those that give or move rights: see [`Difference::is_privileged`].
    pub privileged: u64,
}

impl DifferenceCounts {
    /// All differences.
    pub fn total(&self) -> u64 {
        let Self { added, removed, content, metadata, privilege, privileged: _ } = self;
        added + removed + content + metadata + privilege
    }

    fn of(&mut self, code: Code) -> &mut u64 {
        match code {
            Code::Added => &mut self.added,
            Code::Removed => &mut self.removed,
            Code::Content => &mut self.content,
            Code::Metadata => &mut self.metadata,
            Code::Privilege => &mut self.privilege,
        }
    }
}

/// An entry that one side could not see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unjudged {
    /// Which.
    pub path: Vec<u8>,
    /// What is missing.
    pub what: Missing,
    /// The error number of the system call, or 0.
    pub errno: u16,
    /// Whether it is the golden that lacks it.
    pub in_golden: bool,
}

/// The outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// In entry order.
    pub differences: Vec<Difference>,
    /// All of them, kept or not.
    pub counts: DifferenceCounts,
    /// In entry order.
    pub unjudged: Vec<Unjudged>,
    /// All of them, kept or not.
    pub unjudged_count: u64,
}

/// Takes entries of both sides, in order.
#[derive(Debug, Default)]
pub struct Comparer {
    result: Comparison,
    kept_privileged: usize,
    /// Below this, the golden saw something that the host cannot see.
    hidden_now: Option<Vec<u8>>,
    /// Below this, the host sees what the golden could not.
    hidden_then: Option<Vec<u8>>,
}

impl Comparer {
    /// An entry that only the golden has, with the name of its package.
    pub fn removed(&mut self, before: Entry, package: Option<String>) {
        if !is_hidden(&self.hidden_now, &before.path) {
            self.keep(Difference::removed(before, package));
        }
    }

    /// An entry that only the host has, with the name of its package if that is known already.
    pub fn added(&mut self, after: Entry, package: Option<String>) {
        self.flaws(&after.path, &after.facts, false);
        if !is_hidden(&self.hidden_then, &after.path) {
            self.keep(Difference::added(after, package));
        }
    }

    /// An entry that both have.
    pub fn both(&mut self, before: Entry, after: Entry, package: Option<&str>) {
        self.flaws(&before.path, &before.facts, true);
        self.flaws(&after.path, &after.facts, false);
        let was_folder = before.facts.kind == Kind::Directory;
        if after.facts.hides_children() || (was_folder && matches!(after.facts.kind, Kind::Mount { .. })) {
            self.hidden_now = Some(after.path.clone());
        }
        if before.facts.hides_children() {
            self.hidden_then = Some(before.path.clone());
        }
        if let Some(difference) = Difference::changed(before, after, package) {
            self.keep(difference);
        }
    }

    /// The outcome.
    pub fn finish(mut self) -> Comparison {
        self.drop_link_echoes();
        self.result
    }

    fn flaws(&mut self, path: &[u8], facts: &Facts, in_golden: bool) {
        for flaw in &facts.flaws {
            self.result.unjudged_count += 1;
            if self.result.unjudged.len() < KEEP_UNJUDGED {
                let (what, errno) = (flaw.what, flaw.errno);
                self.result.unjudged.push(Unjudged { path: path.to_vec(), what, errno, in_golden });
            }
        }
    }

    fn keep(&mut self, difference: Difference) {
        let is_privileged = difference.is_privileged();
        *self.result.counts.of(difference.code) += 1;
        self.result.counts.privileged += u64::from(is_privileged);
        let has_room = self.result.differences.len() - self.kept_privileged < KEEP;
        if is_privileged && self.kept_privileged < KEEP {
            self.kept_privileged += 1;
            self.result.differences.push(difference);
        } else if has_room {
            self.result.differences.push(difference);
        }
    }

    /// A hard link is recorded as the first path of its inode. When that first path itself is added or removed, the
    /// other names of the inode change in nothing but that, and one act would be reported several times.
    fn drop_link_echoes(&mut self) {
        let moved: std::collections::BTreeSet<Vec<u8>> = self
            .result
            .differences
            .iter()
            .filter(|difference| matches!(difference.code, Code::Added | Code::Removed))
            .map(|difference| difference.path.clone())
            .collect();
        let counts = &mut self.result.counts;
        self.result.differences.retain(|difference| {
            let is_echo =
                difference.aspects == [Aspect::Link] && difference.link_targets().any(|first| moved.contains(first));
            if is_echo {
                let count = counts.of(difference.code);
                *count = count.saturating_sub(1);
            }
            !is_echo
        });
    }
}

fn is_hidden(folder: &Option<Vec<u8>>, entry: &[u8]) -> bool {
    folder.as_ref().is_some_and(|folder| path::is_below(entry, folder))
}

#[cfg(test)]
mod tests;

//! One thing that can be wrong, and when it is told.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::history::Last;
use super::settings::NotifySettings;
use crate::report::backoff::later;
use crate::report::destination::Destination;
use crate::report::notice::{Notice, NoticeKind};
use crate::types::{FleetName, InstanceId};

/// Which destinations a topic concerns.
#[derive(Clone, Debug)]
pub(super) enum Audience {
    /// Those that take this fleet; what belongs to no fleet goes to destinations that take all.
    Fleet(Option<FleetName>),
    /// Those that take any of these fleets; everybody when there is none.
    Touching(BTreeSet<FleetName>),
}

/// Which kinds of notice a topic is told with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kinds {
    pub(super) first: NoticeKind,
    pub(super) update: NoticeKind,
    pub(super) repeat: NoticeKind,
    pub(super) end: NoticeKind,
}

impl Kinds {
    /// The same kind until it ends.
    pub(super) const fn one(kind: NoticeKind, end: NoticeKind) -> Self {
        Self { first: kind, update: kind, repeat: kind, end }
    }
}

/// One thing that can be wrong: a group of findings, a frozen fleet, a source that cannot be read.
#[derive(Clone, Debug)]
pub(super) struct Topic {
    /// Everything but kind, title prefix and times.
    pub(super) notice: Notice,
    /// The group's text, computed once.
    pub(super) group_text: String,
    /// Whether it is wrong now.
    pub(super) firing: bool,
    /// Wrong, but acknowledged: not told by itself.
    pub(super) quiet: bool,
    /// Told by its own notice even in a storm.
    pub(super) always_alone: bool,
    pub(super) audience: Audience,
    pub(super) kinds: Kinds,
    /// Instances it is about, for exact totals over several topics.
    pub(super) instances: BTreeSet<InstanceId>,
}

/// What is to be told now: which kind, not before when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) kind: NoticeKind,
    pub(super) due_at: Timestamp,
    pub(super) phase: Phase,
}

/// Where in its life a topic is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    First,
    Update,
    Repeat,
    End,
}

impl Topic {
    /// Whether a destination takes it. What was told there once is told there to its end, even if its severity
    /// has fallen since.
    pub(super) fn concerns(&self, destination: &Destination, last: Option<&Last>) -> bool {
        let wanted = match &self.audience {
            _ if destination.fleets.is_empty() => true,
            Audience::Fleet(fleet) => fleet.as_ref().is_some_and(|fleet| destination.fleets.contains(fleet)),
            Audience::Touching(fleets) => {
                fleets.is_empty() || destination.fleets.iter().any(|fleet| fleets.contains(fleet))
            }
        };
        wanted && (last.is_some_and(|last| last.firing) || self.notice.severity >= destination.min_severity)
    }

    /// What to tell now, given what was told last.
    pub(super) fn step(&self, last: Option<&Last>, now: Timestamp, settings: &NotifySettings) -> Option<Step> {
        let tell = |phase, due_at| {
            let kind = match phase {
                Phase::First => self.kinds.first,
                Phase::Update => self.kinds.update,
                Phase::Repeat => self.kinds.repeat,
                Phase::End => self.kinds.end,
            };
            Some(Step { kind, due_at, phase })
        };
        let told = last.filter(|last| last.firing);
        match (self.firing, told) {
            (false, None) => None,
            (false, Some(told)) => tell(Phase::End, now.max(told.at)),
            (true, _) if self.quiet => None,
            (true, None) => tell(Phase::First, later(now, settings.group_wait)),
            // One is still waiting to be sent; what changed since is told after it.
            (true, Some(told)) if told.at > now => None,
            (true, Some(told)) if told.state != self.notice.state => {
                tell(Phase::Update, now.max(later(told.at, settings.update_interval)))
            }
            (true, Some(told)) if now >= later(told.at, settings.repeat_interval) => tell(Phase::Repeat, now),
            (true, Some(_)) => None,
        }
    }

    /// The notice for one destination.
    pub(super) fn notice_for(&self, step: Step, last: Option<&Last>) -> Notice {
        let mut notice = self.notice.clone();
        notice.kind = step.kind;
        notice.due_at = step.due_at;
        let prefix = match (step.phase, step.kind) {
            (Phase::First, _) => "",
            (Phase::Update, _) => "Update: ",
            (Phase::Repeat, _) => "Still open: ",
            (Phase::End, NoticeKind::Reattributed) => "Explained: ",
            (Phase::End, NoticeKind::CoverageRestored) => "Seen again: ",
            (Phase::End, _) => "Resolved: ",
        };
        notice.title.insert_str(0, prefix);
        count_changes(&mut notice, step.phase, last);
        notice
    }
}

/// Counts what came and went since the last notice, where that notice listed all its members.
fn count_changes(notice: &mut Notice, phase: Phase, last: Option<&Last>) {
    match phase {
        Phase::First => notice.totals.added = notice.totals.findings,
        Phase::Repeat => {}
        Phase::End => notice.totals.gone = notice.totals.findings,
        Phase::Update => {
            let Some(before) = last.and_then(|last| last.notice.as_ref()) else { return };
            let complete = |notice: &Notice| notice.members.len() as u64 == notice.totals.findings;
            if complete(before) && complete(notice) {
                let count =
                    |a: &Notice, b: &Notice| a.members.iter().filter(|id| !b.members.contains(id)).count() as u64;
                let (added, gone) = (count(notice, before), count(before, notice));
                notice.totals.added = added;
                notice.totals.gone = gone;
            }
        }
    }
}

/// A short digest of what a topic consists of.
pub(super) fn state_of<T: AsRef<str>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        let part = part.as_ref();
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().get(..16).unwrap_or_default().to_owned()
}

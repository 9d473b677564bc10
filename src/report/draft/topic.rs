//! One thing that can be wrong, and when it is told.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::history::Last;
use super::settings::NotifySettings;
use crate::report::backoff::later;
use crate::report::destination::{Audience, Destination, Subject};
use crate::report::notice::{Notice, NoticeKind};
use crate::types::{AccountId, InstanceId, Silenced};

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
    /// Wrong, but acknowledged or silenced: not told by itself.
    pub(super) quiet: bool,
    /// Something of it ended in this scan, and the next one will not say so again.
    pub(super) ended_now: bool,
    /// Told by its own notice even in a storm.
    pub(super) always_alone: bool,
    pub(super) audience: Audience,
    /// Accounts it is about; none when it belongs to no account.
    pub(super) accounts: BTreeSet<AccountId>,
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
    /// What filters and routes are held against.
    pub(super) fn subject(&self) -> Subject<'_> {
        let Self { notice, audience, accounts, .. } = self;
        Subject { audience, code: &notice.group.code, accounts, severity: notice.severity }
    }

    /// Whether a destination takes it.
    pub(super) fn concerns(&self, destination: &Destination, last: Option<&Last>) -> bool {
        destination.takes(&self.subject(), last.is_some_and(|last| last.firing)).is_ok()
    }

    /// Whether a silence covers all of it. Groups of findings look at each finding instead.
    pub(super) fn is_silenced(&self, now: Timestamp, settings: &NotifySettings) -> bool {
        let group = &self.notice.group;
        let subject = Silenced {
            fleet: group.fleet.as_ref(),
            code: &group.code,
            accounts: &self.accounts,
            instance: None,
            actor: group.actor.as_deref(),
        };
        settings.silences.iter().any(|silence| silence.is_active(now) && silence.covers(&subject))
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
        let flips = last.map_or(0, |last| last.flips(now, settings));
        match (self.firing, told) {
            (false, None) => None,
            // What flaps may be back before its end is told.
            (false, Some(told)) if told.kind == Some(NoticeKind::Flapping) => {
                tell(Phase::End, now.max(later(told.at, settings.flap_window)))
            }
            (false, Some(told)) => tell(Phase::End, now.max(told.at)),
            (true, _) if self.quiet => None,
            (true, None) if flips >= settings.flap_changes && last.is_some_and(|last| last.at > now) => None,
            (true, None) if flips + 1 >= settings.flap_changes => {
                Some(Step { kind: NoticeKind::Flapping, due_at: later(now, settings.group_wait), phase: Phase::First })
            }
            (true, None) => tell(Phase::First, later(now, settings.group_wait)),
            (true, Some(told)) if told.is_settling(self.notice.severity, now, settings) => None,
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
    pub(super) fn notice_for(&self, step: Step, last: Option<&Last>, settings: &NotifySettings) -> Notice {
        let mut notice = self.notice.clone();
        notice.kind = step.kind;
        notice.due_at = step.due_at;
        let prefix = match (step.phase, step.kind) {
            (Phase::First, NoticeKind::Flapping) => "Flapping: ",
            (Phase::First, _) => "",
            (Phase::Update, _) => "Update: ",
            (Phase::Repeat, _) => "Still open: ",
            (Phase::End, NoticeKind::Reattributed) => "Explained: ",
            (Phase::End, NoticeKind::CoverageRestored) => "Seen again: ",
            (Phase::End, _) => "Resolved: ",
        };
        notice.title.insert_str(0, prefix);
        notice.flips = last.map_or_else(Vec::new, |last| last.recent_flips(notice.time, settings));
        if matches!(step.phase, Phase::First | Phase::End) {
            notice.flips.push(notice.time);
        }
        if step.kind == NoticeKind::Flapping {
            let minutes = settings.flap_window.as_secs() / 60;
            let times = notice.flips.len();
            notice.lines.push(format!(
                "It came or went {times} times within {minutes} minutes: for as long, only its end is told."
            ));
        }
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

//! What each destination was told before.

use std::cell::RefCell;

use jiff::Timestamp;

use super::digest;
use super::settings::NotifySettings;
use super::topic::Topic;
use crate::report::backoff::later;
use crate::report::notice::{Covered, Notice, NoticeKind};
use crate::store::{Outbox, StoreError};
use crate::types::Severity;

/// The last notice of a group at a destination, delivered or still on its way.
pub trait NoticeHistory {
    /// When it was delivered or will be due, and the notice.
    fn last(&self, destination: &str, group: &str) -> Option<(Timestamp, Notice)>;
}

/// [`NoticeHistory`] over the store's outbox.
///
/// A history that cannot be read counts as empty: a notice told twice is better than one never told. The first
/// error is kept for the caller's log.
pub struct OutboxHistory<'a, S: Outbox + ?Sized> {
    outbox: &'a S,
    error: RefCell<Option<StoreError>>,
}

impl<'a, S: Outbox + ?Sized> OutboxHistory<'a, S> {
    /// Reads from this outbox.
    pub fn new(outbox: &'a S) -> Self {
        Self { outbox, error: RefCell::new(None) }
    }

    /// The first error met, if any.
    pub fn take_error(&self) -> Option<StoreError> {
        self.error.take()
    }
}

impl<S: Outbox + ?Sized> NoticeHistory for OutboxHistory<'_, S> {
    fn last(&self, destination: &str, group: &str) -> Option<(Timestamp, Notice)> {
        match self.outbox.last_notice(destination, group) {
            Ok(found) => {
                let (at, payload) = found?;
                // A payload that is not a notice was written by another version; its group starts anew.
                Some((at, serde_json::from_value(payload).ok()?))
            }
            Err(error) => {
                self.error.borrow_mut().get_or_insert(error);
                None
            }
        }
    }
}

/// How a topic stood when it was told last.
#[derive(Clone, Debug)]
pub(super) struct Last {
    /// When it was told or will be.
    pub(super) at: Timestamp,
    /// Whether it was firing then.
    pub(super) firing: bool,
    /// Its state then.
    pub(super) state: String,
    /// What it was told as; `None` by a digest.
    pub(super) kind: Option<NoticeKind>,
    /// The notice, unless a digest told of it.
    pub(super) notice: Option<Notice>,
    /// Whether a notice of its own told that it fires, and none that it ended: an incident or a thread of its own may be
    /// open.
    pub(super) by_itself: bool,
}

impl Last {
    /// When it came or went lately.
    pub(super) fn recent_flips(&self, now: Timestamp, settings: &NotifySettings) -> Vec<Timestamp> {
        let flips = self.notice.iter().flat_map(|notice| &notice.flips).copied();
        flips.filter(|at| later(*at, settings.flap_window) > now).collect()
    }

    /// How often it came or went lately.
    pub(super) fn flips(&self, now: Timestamp, settings: &NotifySettings) -> usize {
        self.recent_flips(now, settings).len()
    }

    /// Whether it was told as flapping, not long ago, and is not worse since.
    pub(super) fn is_settling(&self, severity: Severity, now: Timestamp, settings: &NotifySettings) -> bool {
        self.kind == Some(NoticeKind::Flapping)
            && now < later(self.at, settings.flap_window)
            && self.notice.as_ref().is_none_or(|notice| severity <= notice.severity)
    }
}

/// One destination's past: its own notices, and what the last digest told it.
pub(super) struct Past<'a> {
    history: &'a dyn NoticeHistory,
    destination: &'a str,
    /// The last digest.
    pub(super) digest: Option<(Timestamp, Notice)>,
}

impl<'a> Past<'a> {
    pub(super) fn of(history: &'a dyn NoticeHistory, destination: &'a str) -> Self {
        let digest = told(history, destination, &digest::key().to_string());
        Self { history, destination, digest }
    }

    /// How a topic stood when it was told last, by a notice of its own or by a digest.
    pub(super) fn last(&self, topic: &Topic) -> Option<Last> {
        let own = told(self.history, self.destination, &topic.group_text).map(|(at, notice)| Last {
            at,
            firing: notice.kind.is_firing(),
            state: notice.state.clone(),
            kind: Some(notice.kind),
            by_itself: notice.kind.is_firing(),
            notice: Some(notice),
        });
        let by_itself = own.as_ref().is_some_and(|own| own.by_itself);
        let listed = self.digest.as_ref().and_then(|(at, notice)| {
            let covered = notice.covers.get(&digest::short_key(&topic.group_text))?;
            let Covered { state, firing } = covered;
            Some(Last { at: *at, firing: *firing, state: state.clone(), kind: None, notice: None, by_itself })
        });
        match (own, listed) {
            (Some(own), Some(listed)) => Some(if listed.at > own.at { listed } else { own }),
            (own, listed) => own.or(listed),
        }
    }
}

/// The stored time may be the time of commit for a notice that still waits; the notice knows its own.
pub(super) fn told(history: &dyn NoticeHistory, destination: &str, group: &str) -> Option<(Timestamp, Notice)> {
    let (at, notice) = history.last(destination, group)?;
    Some((at.max(notice.due_at), notice))
}

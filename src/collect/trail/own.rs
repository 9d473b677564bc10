//! What we know of ourselves: which calls of a trail are our own.
//!
//! A principal alone proves nothing: it can be shared or stolen. So a call is ours when a principal of ours made it
//! *and* the journal holds it: by AWS's id of the call, or, where the answer was lost and with it the id, by what was
//! to be called, on what, and when.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::record::Record;
use super::target::Target;
use crate::types::{Actor, Place};

/// A call that we meant to make and whose answer may have been lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnWindow {
    /// Where.
    pub place: Place,
    /// The event's name, e.g. `StopInstances`.
    pub event_name: String,
    /// What it is about: ids as the request names them.
    pub resources: BTreeSet<String>,
    /// Not before.
    pub from: Timestamp,
    /// Not after.
    pub until: Timestamp,
}

/// What we know of ourselves.
#[derive(Clone, Debug, Default)]
pub struct ClassifyContext {
    /// ARNs of the roles and users that we act as.
    pub own_principals: BTreeSet<String>,
    /// `requestID`s and `eventID`s of calls in our journal.
    pub own_calls: BTreeSet<String>,
    /// Calls in our journal that may have no id there.
    pub own_windows: Vec<OwnWindow>,
}

impl ClassifyContext {
    /// Whether a record is of a call of our own.
    pub(super) fn is_own(&self, record: &Record<'_>, event_name: &str, actor: &Actor, targets: &[Target]) -> bool {
        let by_us = self.own_principals.contains(&actor.principal)
            || actor.issuer.as_ref().is_some_and(|issuer| self.own_principals.contains(issuer));
        if !by_us {
            return false;
        }
        let journalled = self.own_calls.contains(record.id.as_str())
            || record.request_id.as_ref().is_some_and(|id| self.own_calls.contains(&**id));
        journalled || self.own_windows.iter().any(|window| window.holds(record, event_name, targets))
    }
}

impl OwnWindow {
    fn holds(&self, record: &Record<'_>, event_name: &str, targets: &[Target]) -> bool {
        self.event_name == event_name
            && self.place.account == record.account
            && self.place.region == record.region
            && (self.from..=self.until).contains(&record.time)
            && self.names(record)
            // A call that also reaches an instance which we did not mean is not the one that we meant.
            && targets.iter().all(|target| match target {
                Target::Instance(id) => self.resources.contains(id.as_str()),
                Target::All | Target::Tags(_) => false,
                Target::Key(_) | Target::Former(_) | Target::Unknown(_) => true,
            })
    }

    /// Whether the request names one of our resources.
    fn names(&self, record: &Record<'_>) -> bool {
        let mut named = false;
        record.body.request.each_string(&mut |text| named |= self.resources.contains(text));
        named
    }
}

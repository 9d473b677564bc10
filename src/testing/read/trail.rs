//! CloudTrail's event history, and its trails.

use jiff::Timestamp;

use super::page::{Scope, Start};
use crate::collect::digest::PublicKey;
use crate::collect::source::RawRecord;
use crate::collect::{Page, PageToken, ReadError, ReadFailure};
use crate::testing::api;
use crate::testing::digests::TrailSigner;
use crate::testing::state::{SimTrail, State};
use crate::types::{Place, Trail, TrailStatus};

impl State {
    /// Newest first, writes only, and only what has been delivered. Both bounds are inclusive, as in
    /// LookupEvents.
    pub(super) fn read_events(
        &mut self,
        place: &Place,
        from: Timestamp,
        to: Timestamp,
        next: Option<PageToken>,
    ) -> Result<Page<RawRecord>, ReadError> {
        let scope = Scope::new(api::LOOKUP, place).with(format_args!("{from} {to}"));
        let below = match scope.open(self, next)? {
            Start::Empty(page) => return Ok(page),
            Start::After(None) => usize::MAX,
            Start::After(Some(cursor)) => cursor.parse::<usize>().unwrap_or_default(),
        };
        if from > to {
            return Err(scope.error(ReadFailure::Invalid, "InvalidTimeRangeException"));
        }
        let (now, site) = (self.now(), self.readable(api::LOOKUP, place)?);
        let rest = site.events.iter().enumerate().rev().filter(|(index, event)| {
            *index < below && !event.read_only && event.delivered <= now && event.time >= from && event.time <= to
        });
        Ok(scope.page(
            self.settings.pages.events,
            rest,
            |(index, _)| index.to_string(),
            |(_, event)| event.body.to_string(),
        ))
    }

    pub(super) fn read_trails(&mut self, place: &Place) -> Result<Vec<Trail>, ReadError> {
        self.count(api::TRAILS, place)?;
        Ok(self.readable(api::TRAILS, place)?.trails.iter().map(|trail| trail.trail.clone()).collect())
    }

    pub(super) fn read_trail_status(&mut self, place: &Place, arn: &str) -> Result<TrailStatus, ReadError> {
        let now = self.now();
        self.trail(api::TRAIL_STATUS, place, arn).map(|trail| trail.status(now))
    }

    pub(super) fn read_trail_writes(&mut self, place: &Place, arn: &str) -> Result<bool, ReadError> {
        self.trail(api::SELECTORS, place, arn).map(|trail| trail.writes)
    }

    pub(super) fn read_public_keys(
        &mut self,
        place: &Place,
        next: Option<PageToken>,
    ) -> Result<Page<PublicKey>, ReadError> {
        let scope = Scope::new(api::PUBLIC_KEYS, place);
        if let Start::Empty(page) = scope.open(self, next)? {
            return Ok(page);
        }
        let key = TrailSigner::trusted().public();
        key.map(|key| Page::only(vec![key])).map_err(|error| scope.error(ReadFailure::Unavailable, error.to_string()))
    }

    fn trail(&mut self, api: &'static str, place: &Place, arn: &str) -> Result<&SimTrail, ReadError> {
        self.count(api, place)?;
        let found = self.readable(api, place)?.trails.iter().find(|trail| trail.trail.arn == arn);
        found.ok_or_else(|| Scope::new(api, place).error(ReadFailure::NotFound, "TrailNotFoundException"))
    }
}

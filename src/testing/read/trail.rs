//! CloudTrail's event history.

use jiff::Timestamp;

use super::page::{Scope, Start};
use crate::collect::source::RawRecord;
use crate::collect::{Page, PageToken, ReadError, ReadFailure};
use crate::testing::api;
use crate::testing::state::State;
use crate::types::Place;

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
}

//! `cloudtrail:LookupEvents` over a period, page by page.

use jiff::Timestamp;

use crate::collect::source::{CloudRead, RawRecord, ReadError, ReadFailure};
use crate::types::Place;

/// What a look-up brought.
#[derive(Clone, Debug, Default)]
pub struct LookupOutcome {
    /// Raw records, in the order in which the service gave them.
    pub records: Vec<RawRecord>,
    /// Everything from the start of the period up to here was read. `None` after an error: the service answers
    /// newest first, so a broken look-up has a gap at its old end.
    pub through: Option<Timestamp>,
    /// Why it stopped early.
    pub error: Option<ReadError>,
}

/// Reads every page between two times. Records read before an error are kept.
pub async fn lookup(cloud: &dyn CloudRead, place: &Place, from: Timestamp, to: Timestamp) -> LookupOutcome {
    let mut records = Vec::new();
    let (through, error) = match lookup_into(cloud, place, from, to, &mut |record| records.push(record)).await {
        Ok(()) => (Some(to), None),
        Err(error) => (None, Some(error)),
    };
    LookupOutcome { records, through, error }
}

/// The same without keeping the records: memory stays at one page however busy the account is.
///
/// # Errors
/// The read's error when a page fails for good; pages before it were already handed to `sink`.
pub async fn lookup_into(
    cloud: &dyn CloudRead,
    place: &Place,
    from: Timestamp,
    to: Timestamp,
    sink: &mut (dyn FnMut(RawRecord) + Send),
) -> Result<(), ReadError> {
    let mut next = None;
    loop {
        let page = cloud.lookup_events(place, from, to, next.clone()).await?;
        page.items.into_iter().for_each(&mut *sink);
        match page.next {
            None => return Ok(()),
            // A service that repeats its token would keep us here for ever.
            Some(token) if next.as_ref() == Some(&token) => {
                return Err(ReadError {
                    api: "cloudtrail:LookupEvents",
                    place: place.clone(),
                    failure: ReadFailure::Invalid,
                    detail: "the same page token came twice".to_owned(),
                });
            }
            token => next = token,
        }
    }
}

#[cfg(test)]
#[path = "lookup_tests.rs"]
mod tests;

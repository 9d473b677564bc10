//! CloudTrail event history.

use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use jiff::Timestamp;

use super::clients::PlaceClients;
use super::ec2::token;
use super::throttle::Family;
use super::time::date_time;
use crate::collect::source::RawRecord;
use crate::collect::{Page, PageToken, ReadError};

pub(super) const LOOKUP_EVENTS: &str = "cloudtrail:LookupEvents";

/// The largest page (CloudTrail API reference, `MaxResults`).
const PAGE: i32 = 50;

/// One page of the write events between two times. The API takes one attribute only; `ReadOnly` leaves the
/// fewest events.
pub(super) async fn lookup(
    clients: &PlaceClients,
    from: Timestamp,
    to: Timestamp,
    next: Option<PageToken>,
) -> Result<Page<RawRecord>, ReadError> {
    let writes =
        LookupAttribute::builder().attribute_key(LookupAttributeKey::ReadOnly).attribute_value("false").build();
    let request = clients
        .cloudtrail
        .lookup_events()
        .lookup_attributes(writes.map_err(|error| clients.invalid(LOOKUP_EVENTS, error.to_string()))?)
        .start_time(date_time(from))
        .end_time(date_time(to))
        .max_results(PAGE)
        .set_next_token(next.map(|token| token.0));
    let answer = clients.call(Family::CloudTrail, LOOKUP_EVENTS, request.send()).await?;
    // An event without its record becomes an empty one: whoever parses it counts it as unreadable.
    let records = answer.events.unwrap_or_default().into_iter();
    let items = records.map(|event| event.cloud_trail_event.unwrap_or_default()).collect();
    Ok(Page { items, next: token(answer.next_token) })
}

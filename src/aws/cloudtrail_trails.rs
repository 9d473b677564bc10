//! Trails: which there are, whether they deliver, what they record, and the keys of their digest files.

use aws_sdk_cloudtrail::types::{AdvancedEventSelector, AdvancedFieldSelector, EventSelector, ReadWriteType};
use jiff::Timestamp;

use super::clients::PlaceClients;
use super::ec2::token;
use super::throttle::Family;
use super::time::{date_time, timestamp};
use crate::collect::digest::PublicKey;
use crate::collect::{Page, PageToken, ReadError};
use crate::types::{Region, Trail, TrailStatus};

pub(super) const DESCRIBE_TRAILS: &str = "cloudtrail:DescribeTrails";
pub(super) const GET_STATUS: &str = "cloudtrail:GetTrailStatus";
pub(super) const GET_SELECTORS: &str = "cloudtrail:GetEventSelectors";
pub(super) const LIST_KEYS: &str = "cloudtrail:ListPublicKeys";

/// The trails that record the place, those of other regions and of the organisation too.
pub(super) async fn trails(clients: &PlaceClients) -> Result<Vec<Trail>, ReadError> {
    let request = clients.cloudtrail.describe_trails().include_shadow_trails(true);
    let answer = clients.call(Family::CloudTrail, DESCRIBE_TRAILS, request.send()).await?;
    let trails = answer.trail_list.unwrap_or_default().into_iter().filter_map(|trail| {
        Some(Trail {
            name: trail.name?,
            home: trail.home_region.map_or_else(|| clients.place.region.clone(), Region::from),
            validation: trail.log_file_validation_enabled.unwrap_or(false),
            bucket: trail.s3_bucket_name,
            key: trail.kms_key_id,
            topic: trail.sns_topic_arn,
            arn: trail.trail_arn?,
        })
    });
    Ok(trails.collect())
}

/// Whether a trail delivers from this region.
pub(super) async fn status(clients: &PlaceClients, arn: &str) -> Result<TrailStatus, ReadError> {
    let request = clients.cloudtrail.get_trail_status().name(arn);
    let answer = clients.call(Family::CloudTrail, GET_STATUS, request.send()).await?;
    let said = |error: Option<String>| error.filter(|text| !text.is_empty());
    Ok(TrailStatus {
        logging: answer.is_logging.unwrap_or(false),
        started_at: answer.start_logging_time.as_ref().and_then(timestamp),
        stopped_at: answer.stop_logging_time.as_ref().and_then(timestamp),
        delivered_at: answer.latest_delivery_time.as_ref().and_then(timestamp),
        delivery_error: said(answer.latest_delivery_error),
        digest_at: answer.latest_digest_delivery_time.as_ref().and_then(timestamp),
        digest_error: said(answer.latest_digest_delivery_error),
    })
}

/// Whether a trail records write events of management.
pub(super) async fn writes(clients: &PlaceClients, arn: &str) -> Result<bool, ReadError> {
    let request = clients.cloudtrail.get_event_selectors().trail_name(arn);
    let answer = clients.call(Family::CloudTrail, GET_SELECTORS, request.send()).await?;
    let basic = answer.event_selectors.unwrap_or_default();
    let advanced = answer.advanced_event_selectors.unwrap_or_default();
    // A trail that was never told what to record records all management events.
    let untold = basic.is_empty() && advanced.is_empty();
    Ok(untold || basic.iter().any(is_basic) || advanced.iter().any(is_advanced))
}

/// What is not said is the default: management events, all of them.
fn is_basic(selector: &EventSelector) -> bool {
    let reads_only = selector.read_write_type == Some(ReadWriteType::ReadOnly);
    selector.include_management_events.unwrap_or(true) && !reads_only
}

fn is_advanced(selector: &AdvancedEventSelector) -> bool {
    let is = |field: &AdvancedFieldSelector, name: &str, value: &str| {
        field.field == name && field.equals.as_deref().unwrap_or_default().iter().any(|text| text == value)
    };
    let fields = &selector.field_selectors;
    fields.iter().any(|field| is(field, "eventCategory", "Management"))
        && !fields.iter().any(|field| is(field, "readOnly", "true"))
}

/// One page of the keys that digest files were signed with between two times.
pub(super) async fn public_keys(
    clients: &PlaceClients,
    from: Timestamp,
    to: Timestamp,
    next: Option<PageToken>,
) -> Result<Page<PublicKey>, ReadError> {
    let request = clients
        .cloudtrail
        .list_public_keys()
        .start_time(date_time(from))
        .end_time(date_time(to))
        .set_next_token(next.map(|token| token.0));
    let answer = clients.call(Family::CloudTrail, LIST_KEYS, request.send()).await?;
    let items = answer
        .public_key_list
        .unwrap_or_default()
        .into_iter()
        .filter_map(|key| Some(PublicKey { fingerprint: key.fingerprint?, der: key.value?.into_inner() }));
    Ok(Page { items: items.collect(), next: token(answer.next_token) })
}

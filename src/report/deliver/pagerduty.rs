//! Delivery to PagerDuty's Events API v2. Its `dedup_key` makes a repetition harmless.

use super::{Attempt, Sending};
use crate::report::notice::NoticeKind;
use crate::report::render::pagerduty::{pagerduty_end, pagerduty_event};

pub(super) async fn send(sending: &Sending<'_>, url: &str, key: &str) -> Attempt {
    let headers = || vec![("content-type", "application/json".to_owned())];
    let told = sending.post(url, headers(), pagerduty_event(sending.notice, key)).await;
    // A test must leave no incident behind.
    if told == Attempt::Delivered && sending.notice.kind == NoticeKind::Test {
        return sending.post(url, headers(), pagerduty_end(sending.notice, key)).await;
    }
    told
}

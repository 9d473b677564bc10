//! Delivery to a Microsoft Teams channel through its Workflows webhook.

use super::{Attempt, Sending};
use crate::report::render::teams_message;

pub(super) async fn send(sending: &Sending<'_>, url: &str) -> Attempt {
    let headers = vec![("content-type", "application/json".to_owned())];
    sending.post(url, headers, teams_message(sending.notice)).await
}

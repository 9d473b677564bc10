//! Delivery to a Slack incoming webhook.

use jiff::Timestamp;

use super::{Attempt, Client};
use crate::report::notice::Notice;
use crate::report::render::slack_message;

pub(super) async fn send(client: &Client, url: &str, allow_private: bool, notice: &Notice, now: Timestamp) -> Attempt {
    let body = slack_message(notice).to_string().into_bytes();
    let headers = [("content-type", "application/json; charset=utf-8".to_owned())];
    client.post(url, allow_private, &headers, body, now).await
}

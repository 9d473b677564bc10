//! Delivery to a Slack incoming webhook.

use super::{Attempt, Sending};
use crate::report::render::slack_message;

pub(super) async fn send(sending: &Sending<'_>, url: &str) -> Attempt {
    let body = slack_message(sending.notice).to_string().into_bytes();
    sending.post(url, vec![("content-type", "application/json; charset=utf-8".to_owned())], body).await
}

//! Delivery of a CloudEvent under Standard Webhooks headers.

use jiff::Timestamp;
use secrecy::SecretString;

use super::{Attempt, Client};
use crate::report::notice::Notice;
use crate::report::render::cloud_event;
use crate::report::render::webhook::CONTENT_TYPE;
use crate::report::sign::signature;

/// What a webhook destination is reached with.
pub(super) struct Receiver<'a> {
    pub(super) url: &'a str,
    pub(super) secrets: &'a [SecretString],
    pub(super) allow_private: bool,
}

pub(super) async fn send(
    client: &Client,
    receiver: &Receiver<'_>,
    id: &str,
    notice: &Notice,
    now: Timestamp,
) -> Attempt {
    let body = cloud_event(notice, id);
    let mut headers = vec![
        ("content-type", CONTENT_TYPE.to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", now.as_second().to_string()),
    ];
    if !receiver.secrets.is_empty() {
        match signature(receiver.secrets, id, now, &body) {
            Ok(value) => headers.push(("webhook-signature", value)),
            // Never send unsigned what should have been signed.
            Err(bad) => return Attempt::Dead(bad.to_string()),
        }
    }
    client.post(receiver.url, receiver.allow_private, &headers, body, now).await
}

//! Delivery of a CloudEvent under Standard Webhooks headers.

use secrecy::SecretString;

use super::{Attempt, Sending};
use crate::report::render::cloud_event;
use crate::report::render::webhook::CONTENT_TYPE;
use crate::report::sign::signature;

pub(super) async fn send(sending: &Sending<'_>, url: &str, secrets: &[SecretString]) -> Attempt {
    let (id, now) = (sending.row.draft.key.as_str(), sending.now);
    let body = cloud_event(sending.notice, id);
    let mut headers = vec![
        ("content-type", CONTENT_TYPE.to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", now.as_second().to_string()),
    ];
    match signature(secrets, id, now, &body) {
        Ok(value) => headers.push(("webhook-signature", value)),
        // Nothing is sent unsigned; somebody may mend the secret within the day.
        Err(bad) => return Attempt::Retry(bad.to_string()),
    }
    sending.post(url, headers, body).await
}

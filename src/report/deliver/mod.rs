//! Sending one outbox row to one destination. The only I/O of this stage.

pub mod guard;
pub mod http;
mod slack;
mod webhook;

use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;

pub use self::http::{Client, ClientError};
use super::destination::{Destination, DestinationKind};
use super::notice::Notice;
use crate::store::OutboxRow;

/// How an attempt ended. The texts are safe to log: they hold no URL and nothing of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The receiver took it.
    Delivered,
    /// The receiver asked for a pause.
    RetryAfter(Duration),
    /// It failed in a way that may pass.
    Retry(String),
    /// It failed in a way that will not pass.
    Dead(String),
}

/// Sends one row. `now` goes into the signature and turns `Retry-After` dates into pauses.
pub async fn deliver(row: &OutboxRow, destination: &Destination, client: &Client, now: Timestamp) -> Attempt {
    let notice: Notice = match serde_json::from_value(row.draft.payload.clone()) {
        Ok(notice) => notice,
        Err(_) => return Attempt::Dead("the stored notice cannot be read by this version".to_owned()),
    };
    let allow_private = destination.allow_private;
    match &destination.kind {
        DestinationKind::Slack { url } => slack::send(client, url.expose_secret(), allow_private, &notice, now).await,
        DestinationKind::Webhook { url, secrets } => {
            let receiver = webhook::Receiver { url: url.expose_secret(), secrets, allow_private };
            webhook::send(client, &receiver, &row.draft.key, &notice, now).await
        }
    }
}

//! Sending one outbox row to one destination. The only I/O of this stage.

mod answer;
mod client;
pub mod cloud;
mod email;
pub mod guard;
pub mod http;
mod pagerduty;
mod slack;
mod slack_api;
mod slack_bot;
pub(crate) mod slack_desk;
mod slack_edit;
mod teams;
mod thread;
mod tls;
mod webhook;
mod websocket;

use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;

pub use self::client::Client;
pub use self::cloud::CloudPublish;
pub use self::http::ClientError;
#[cfg(test)]
pub(crate) use self::http::Transport;
pub(crate) use self::http::{Reply, Request};
pub(crate) use self::slack_edit::{Standing, show_approvals, show_pressed};
pub(crate) use self::websocket::Socket;
use super::destination::{Destination, DestinationKind};
use super::notice::Notice;
use crate::store::{OutboxRow, Threads};

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

/// One row on its way.
#[derive(Clone, Copy)]
pub(super) struct Sending<'a> {
    pub(super) client: &'a Client,
    pub(super) destination: &'a Destination,
    pub(super) row: &'a OutboxRow,
    pub(super) notice: &'a Notice,
    pub(super) now: Timestamp,
}

impl Sending<'_> {
    /// A request to this destination.
    pub(super) fn request(&self, url: &str, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Request {
        let allow_private = self.destination.allow_private;
        Request { url: url.to_owned(), allow_private, headers, body, answer_bytes: 0 }
    }

    /// Posts a body whose answer says by its status all that there is to know.
    pub(super) async fn post(&self, url: &str, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Attempt {
        match self.client.http.post(self.request(url, headers, body), self.now).await {
            Ok(reply) => answer::attempt(&reply),
            Err(attempt) => attempt,
        }
    }
}

/// Sends one row. `now` goes into the signature and turns `Retry-After` dates into pauses. `store` keeps the messages
/// that stand for a problem.
pub async fn deliver<S: Threads + ?Sized>(
    row: &OutboxRow,
    destination: &Destination,
    client: &Client,
    store: &S,
    now: Timestamp,
) -> Attempt {
    let notice: Notice = match serde_json::from_value(row.draft.payload.clone()) {
        Ok(notice) => notice,
        Err(_) => return Attempt::Dead("the stored notice cannot be read by this version".to_owned()),
    };
    if let Some(why) = &destination.broken {
        return Attempt::Retry(why.clone());
    }
    let sending = Sending { client, destination, row, notice: &notice, now };
    match &destination.kind {
        DestinationKind::Slack { url } => slack::send(&sending, url.expose_secret()).await,
        DestinationKind::SlackBot { token, channel, api, interactive } => {
            let interactive = interactive.is_some();
            let bot = slack_bot::Bot { sending, token: token.expose_secret(), channel, api, interactive };
            bot.send(store).await
        }
        DestinationKind::Webhook { url, secrets } => webhook::send(&sending, url.expose_secret(), secrets).await,
        DestinationKind::PagerDuty { key, url } => pagerduty::send(&sending, url, key.expose_secret()).await,
        DestinationKind::Teams { url } => teams::send(&sending, url.expose_secret()).await,
        DestinationKind::Email(settings) => email::send(&sending, settings).await,
        DestinationKind::Sns { topic } => cloud::topic(&sending, topic).await,
        DestinationKind::EventBridge { bus } => cloud::bus(&sending, bus).await,
        DestinationKind::SecurityHub => cloud::hub(&sending).await,
    }
}

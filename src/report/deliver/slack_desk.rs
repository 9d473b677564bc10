//! What is asked of Slack so that buttons work: who the bot is, a connection of Socket Mode, and an answer to whoever
//! pressed. The texts of errors are for people and hold no token.

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::slack_api::{Api, Trouble};
use super::{Attempt, Client, Request, Socket, answer};
use crate::report::destination::{Destination, DestinationKind};
use crate::report::press::{Interactive, Press};

/// Characters of an answer.
const ANSWER_CHARS: usize = 2800;

/// A destination with a bot, and what its buttons need.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub(crate) destination: &'a Destination,
    pub(crate) interactive: &'a Interactive,
    pub(crate) channel: &'a str,
    token: &'a SecretString,
    base: &'a str,
}

/// Who the bot is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Workspace.
    pub(crate) team: String,
    /// What the token may do, as far as Slack says.
    pub(crate) scopes: Option<Vec<String>>,
}

/// Who sees an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Whoever pressed.
    Alone,
    /// Everybody in the thread.
    ByAll,
}

impl<'a> Desk<'a> {
    /// The one of a destination that has buttons.
    pub(crate) fn of(destination: &'a Destination) -> Option<Self> {
        match &destination.kind {
            DestinationKind::SlackBot { token, channel, api, interactive: Some(interactive) }
                if destination.broken.is_none() =>
            {
                Some(Self { destination, interactive, channel, token, base: api })
            }
            _ => None,
        }
    }

    fn api<'c>(&'c self, client: &'c Client, token: &'c SecretString, now: Timestamp) -> Api<'c> {
        let allow_private = self.destination.allow_private;
        Api { client, base: self.base, token: token.expose_secret(), allow_private, now }
    }

    /// Asks who the bot is (`auth.test`).
    pub(crate) async fn identity(&self, client: &Client, now: Timestamp) -> Result<Identity, String> {
        let asked = self.api(client, self.token, now).ask("auth.test", String::new()).await;
        let (answer, scopes) = asked.map_err(|trouble| said("auth.test", trouble, "`token`"))?;
        let team = answer.get("team_id").and_then(Value::as_str).unwrap_or_default();
        if team.is_empty() || team.len() > 40 {
            return Err("auth.test names no workspace".to_owned());
        }
        let list = |text: String| text.split(',').map(|scope| scope.trim().to_owned()).collect();
        Ok(Identity { team: team.to_owned(), scopes: scopes.map(list) })
    }

    /// Asks for the address of a connection (`apps.connections.open`). The address holds a ticket.
    pub(crate) async fn address(
        &self,
        client: &Client,
        app_token: &SecretString,
        now: Timestamp,
    ) -> Result<SecretString, String> {
        let asked = self.api(client, app_token, now).ask("apps.connections.open", String::new()).await;
        let (answer, _) = asked.map_err(|trouble| said("apps.connections.open", trouble, "`app_token`"))?;
        let url = answer.get("url").and_then(Value::as_str).map(str::to_owned);
        url.map(SecretString::from).ok_or_else(|| "apps.connections.open gives no address".to_owned())
    }

    /// Opens a connection.
    pub(crate) async fn connect(
        &self,
        client: &Client,
        app_token: &SecretString,
        now: Timestamp,
    ) -> Result<Socket, String> {
        let url = self.address(client, app_token, now).await?;
        let opened = client.http.websocket(url.expose_secret(), self.destination.allow_private).await;
        opened.map_err(|attempt| format!("its connection cannot be opened: {}", why(&attempt)))
    }

    /// Answers a press: at the address that came with it, else in its channel.
    pub(crate) async fn answer(
        &self,
        client: &Client,
        press: &Press,
        seen: Seen,
        text: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        let text = crate::report::render::slack_text(text, ANSWER_CHARS);
        let api = self.api(client, self.token, now);
        if seen == Seen::ByAll {
            let body =
                json!({"channel": press.channel, "thread_ts": press.message, "reply_broadcast": true, "text": text});
            return api
                .call("chat.postMessage", &body)
                .await
                .map(drop)
                .map_err(|no| said("chat.postMessage", no, "`token`"));
        }
        if let Some(url) = press.response_url.as_deref().filter(|url| self.is_slack(url)) {
            let body = json!({"response_type": "ephemeral", "replace_original": false, "text": text});
            let request = Request {
                url: url.to_owned(),
                allow_private: self.destination.allow_private,
                headers: vec![("content-type", "application/json; charset=utf-8".to_owned())],
                body: body.to_string().into_bytes(),
                answer_bytes: 0,
            };
            let reply = client.http.post(request, now).await;
            if reply.is_ok_and(|reply| answer::attempt(&reply) == Attempt::Delivered) {
                return Ok(());
            }
        }
        let body = json!({"channel": press.channel, "user": press.user, "text": text});
        api.call("chat.postEphemeral", &body).await.map(drop).map_err(|no| said("chat.postEphemeral", no, "`token`"))
    }

    /// Whether an address that came with a press is the API's own domain: only there an answer goes.
    fn is_slack(&self, url: &str) -> bool {
        let host = |text: &str| Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
        let (Some(theirs), Some(ours)) = (host(url), host(self.base)) else { return false };
        theirs == ours || theirs.strip_suffix(&ours).is_some_and(|rest| rest.ends_with('.'))
    }
}

fn said(method: &str, trouble: Trouble, token: &str) -> String {
    match trouble {
        Trouble::Says(word) => format!("Slack refuses {method}: {word}{}", advice(&word, token)),
        Trouble::Ends(attempt) => format!("{method}: {}", why(&attempt)),
    }
}

fn advice(word: &str, token: &str) -> String {
    match word {
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" => {
            format!(" (put a valid one where {token} points to, and restart)")
        }
        "not_allowed_token_type" => format!(" ({token} is of the wrong kind: a bot's is xoxb-…, an app's is xapp-…)"),
        "missing_scope" | "no_permission" => format!(" ({token} lacks a scope; see docs/OPERATIONS.md)"),
        _ => String::new(),
    }
}

fn why(attempt: &Attempt) -> String {
    match attempt {
        Attempt::Delivered => "no reason".to_owned(),
        Attempt::RetryAfter(pause) => format!("it asks for a pause of {} s", pause.as_secs()),
        Attempt::Retry(why) | Attempt::Dead(why) => why.clone(),
    }
}

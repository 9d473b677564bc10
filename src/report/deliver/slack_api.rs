//! One call of Slack's Web API, and what its answer means.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{Attempt, Client, Request};

/// Bytes of an answer: a page of a channel's history.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// Where Slack asks for a pause and does not say how long.
pub(super) const PAUSE: Duration = Duration::from_secs(30);

/// The API with a token.
pub(super) struct Api<'a> {
    pub(super) client: &'a Client,
    pub(super) base: &'a str,
    pub(super) token: &'a str,
    pub(super) allow_private: bool,
    pub(super) now: Timestamp,
}

/// Why a call did not do what it was to do.
pub(super) enum Trouble {
    /// The attempt ends like this.
    Ends(Attempt),
    /// Slack says no, with this word.
    Says(String),
}

impl From<Trouble> for Attempt {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Ends(attempt) => attempt,
            Trouble::Says(word) => refusal(&word),
        }
    }
}

impl Api<'_> {
    /// A method that takes JSON.
    pub(super) async fn call(&self, method: &str, body: &Value) -> Result<Value, Trouble> {
        let answer = self.request(method, "application/json; charset=utf-8", body.to_string()).await?;
        Ok(answer.0)
    }

    /// A method that takes a form; with the answer, the scopes of the token where Slack tells them.
    pub(super) async fn ask(&self, method: &str, form: String) -> Result<(Value, Option<String>), Trouble> {
        self.request(method, "application/x-www-form-urlencoded", form).await
    }

    async fn request(
        &self,
        method: &str,
        content_type: &str,
        body: String,
    ) -> Result<(Value, Option<String>), Trouble> {
        let headers =
            vec![("content-type", content_type.to_owned()), ("authorization", format!("Bearer {}", self.token))];
        let request = Request {
            url: format!("{}/{method}", self.base.trim_end_matches('/')),
            allow_private: self.allow_private,
            headers,
            body: body.into_bytes(),
            answer_bytes: ANSWER_BYTES,
        };
        let reply = self.client.http.post(request, self.now).await.map_err(Trouble::Ends)?;
        if reply.status == 429 {
            return Err(Trouble::Ends(Attempt::RetryAfter(reply.retry_after.unwrap_or(PAUSE))));
        }
        if !(200..300).contains(&reply.status) {
            return Err(Trouble::Ends(super::answer::attempt(&reply)));
        }
        let answer: Value = serde_json::from_slice(&reply.body)
            .map_err(|_| Trouble::Ends(Attempt::Retry("Slack's answer is not JSON".to_owned())))?;
        if answer.get("ok").and_then(Value::as_bool) == Some(true) {
            return Ok((answer, reply.scopes));
        }
        match word(&answer).as_str() {
            "ratelimited" => Err(Trouble::Ends(Attempt::RetryAfter(reply.retry_after.unwrap_or(PAUSE)))),
            word => Err(Trouble::Says(word.to_owned())),
        }
    }
}

/// Slack's word for what is wrong, as far as it looks like one.
fn word(answer: &Value) -> String {
    let word = answer.get("error").and_then(Value::as_str).unwrap_or_default();
    let fits = !word.is_empty() && word.len() <= 60 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if fits { word.to_owned() } else { "no reason".to_owned() }
}

/// What a refusal means, and what to do about it.
fn refusal(word: &str) -> Attempt {
    match word {
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" | "no_permission"
        | "missing_scope" => Attempt::Retry(format!(
            "Slack refuses the token ({word}): put one with chat:write where `token` points to, and restart"
        )),
        "channel_not_found" | "not_in_channel" | "is_archived" => Attempt::Retry(format!(
            "Slack does not let the bot into the channel ({word}): invite it there, or correct `channel`"
        )),
        "invalid_blocks"
        | "msg_too_long"
        | "msg_blocks_too_long"
        | "no_text"
        | "invalid_arguments"
        | "invalid_metadata_format" => Attempt::Dead(format!("Slack refuses this message: {word}")),
        word => Attempt::Retry(format!("Slack says no: {word}")),
    }
}

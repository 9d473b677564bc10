//! Delivery to Slack with a bot token: one message for each problem, every step a reply in its thread, and the message
//! edited to the state that the problem has come to.
//!
//! Slack has no idempotency key. So each message carries the outbox key in its metadata ("Message metadata",
//! docs.slack.dev), and a row that may have arrived before is looked for in the channel or the thread before it is
//! posted again. Without the scope for that it is posted again.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::thread::{Story, ends, home};
use super::{Attempt, Sending};
use crate::report::notice::NoticeKind;
use crate::report::render::{slack_message, slack_root};
use crate::store::{StoreError, Thread, Threads};

/// What our messages are known by.
const EVENT: &str = "cattleguard_notice";
/// Bytes of an answer: a page of a channel's history.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// Pages looked through for a message that may have arrived.
const PAGES: usize = 5;
/// The clocks of Slack and this host may differ.
const SKEW_S: i64 = 300;
/// Where Slack asks for a pause and does not say how long.
const PAUSE: Duration = Duration::from_secs(30);

/// A bot on its way with one row.
pub(super) struct Bot<'a> {
    pub(super) sending: Sending<'a>,
    pub(super) token: &'a str,
    pub(super) channel: &'a str,
    pub(super) api: &'a str,
}

/// Why a call did not do what it was to do.
enum Trouble {
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

impl Bot<'_> {
    /// Sends, going on where an earlier attempt stopped.
    pub(super) async fn send<S: Threads + ?Sized>(&self, store: &S) -> Attempt {
        self.step(store).await.map_or_else(|attempt| attempt, |()| Attempt::Delivered)
    }

    async fn step<S: Threads + ?Sized>(&self, store: &S) -> Result<(), Attempt> {
        let Sending { row, notice, destination, now, .. } = self.sending;
        let key = row.draft.key.as_str();
        let found = home(store, &destination.name, &row.draft.group, key, notice).map_err(|error| kept(&error))?;
        let Some((mut thread, mut story)) = found else { return self.begin(store).await };
        if story.root == key {
            return Ok(());
        }
        if story.last != key {
            let worse = notice.severity > story.notice.severity && notice.kind.is_firing();
            if !self.reply(&thread, worse).await? {
                // Somebody deleted the message: the problem gets a new one.
                store.save_thread(&Thread { open: false, ..thread }).map_err(|error| kept(&error))?;
                return self.begin(store).await;
            }
            story.go_on(key, notice);
            thread.changed_at = now;
            thread.body = serde_json::to_value(&story).unwrap_or_default();
            store.save_thread(&thread).map_err(|error| kept(&error))?;
        }
        self.edit(&thread, &story).await?;
        // An operation's end is not the end of the drift in whose thread it is told.
        if ends(notice) && thread.group == row.draft.group {
            store.save_thread(&Thread { open: false, ..thread }).map_err(|error| kept(&error))?;
        }
        Ok(())
    }

    /// Posts the message that stands for the problem from now on.
    async fn begin<S: Threads + ?Sized>(&self, store: &S) -> Result<(), Attempt> {
        let Sending { row, notice, destination, now, .. } = self.sending;
        let arrived = match row.begun_at {
            Some(since) => self.find("conversations.history", &[], since).await?,
            None => None,
        };
        let ts = match arrived {
            Some(ts) => ts,
            None => {
                let posted = self.call("chat.postMessage", self.message(slack_message(notice), json!({}))).await?;
                text(&posted, "ts").ok_or_else(|| Attempt::Retry("Slack's answer names no message".to_owned()))?
            }
        };
        let story = Story::begin(&row.draft.key, notice);
        let thread = Thread {
            destination: destination.name.clone(),
            group: row.draft.group.clone(),
            channel: self.channel.to_owned(),
            ts,
            open: !ends(notice),
            changed_at: now,
            body: serde_json::to_value(&story).unwrap_or_default(),
        };
        store.save_thread(&thread).map_err(|error| kept(&error))
    }

    /// Replies in a thread; `false` when it is not there any more.
    async fn reply(&self, thread: &Thread, worse: bool) -> Result<bool, Attempt> {
        let Sending { row, notice, .. } = self.sending;
        if let Some(since) = row.begun_at
            && self.find("conversations.replies", &[("ts", &thread.ts)], since).await?.is_some()
        {
            return Ok(true);
        }
        let aloud = worse || notice.kind == NoticeKind::OperationFailed;
        let extra = json!({"thread_ts": thread.ts, "reply_broadcast": aloud});
        match self.call("chat.postMessage", self.message(slack_message(notice), extra)).await {
            Ok(_) => Ok(true),
            Err(Trouble::Says(word)) if is_gone(&word) => Ok(false),
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// Edits the message to its state. Doing it twice changes nothing.
    async fn edit(&self, thread: &Thread, story: &Story) -> Result<(), Attempt> {
        let place = json!({"channel": thread.channel, "ts": thread.ts});
        let message = with(slack_root(&story.notice, &story.state), place);
        match self.call("chat.update", message).await {
            Ok(_) => Ok(()),
            // It was deleted or may not be edited any more; the reply has told all the same.
            Err(Trouble::Says(word)) if is_gone(&word) || word == "edit_window_closed" => Ok(()),
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// A message with its channel, its key and what else belongs to it.
    fn message(&self, message: Value, extra: Value) -> Value {
        let metadata = json!({"event_type": EVENT, "event_payload": {"id": self.sending.row.draft.key}});
        with(with(message, json!({"channel": self.channel, "metadata": metadata})), extra)
    }

    /// Looks for this row's message among those since a time. Without the scope for it, it counts as not there.
    async fn find(&self, method: &str, more: &[(&str, &str)], since: Timestamp) -> Result<Option<String>, Attempt> {
        let oldest = (since.as_second() - SKEW_S).to_string();
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.append_pair("channel", self.channel).append_pair("oldest", &oldest).append_pair("limit", "100");
            form.append_pair("include_all_metadata", "true").append_pair("inclusive", "true").extend_pairs(more);
            if !cursor.is_empty() {
                form.append_pair("cursor", &cursor);
            }
            let page = match self.ask(method, form.finish()).await {
                Ok(page) => page,
                Err(Trouble::Says(word)) if word == "missing_scope" || is_gone(&word) => return Ok(None),
                Err(trouble) => return Err(trouble.into()),
            };
            let messages = page.get("messages").and_then(Value::as_array);
            let mine = |message: &&Value| {
                let id = message.pointer("/metadata/event_payload/id").and_then(Value::as_str);
                id == Some(self.sending.row.draft.key.as_str())
            };
            if let Some(found) = messages.into_iter().flatten().find(mine) {
                return Ok(text(found, "ts"));
            }
            match page.pointer("/response_metadata/next_cursor").and_then(Value::as_str) {
                Some(next) if !next.is_empty() => next.clone_into(&mut cursor),
                _ => break,
            }
        }
        Ok(None)
    }

    async fn call(&self, method: &str, body: Value) -> Result<Value, Trouble> {
        self.request(method, "application/json; charset=utf-8", body.to_string()).await
    }

    async fn ask(&self, method: &str, form: String) -> Result<Value, Trouble> {
        self.request(method, "application/x-www-form-urlencoded", form).await
    }

    async fn request(&self, method: &str, content_type: &str, body: String) -> Result<Value, Trouble> {
        let url = format!("{}/{method}", self.api.trim_end_matches('/'));
        let headers =
            vec![("content-type", content_type.to_owned()), ("authorization", format!("Bearer {}", self.token))];
        let mut request = self.sending.request(&url, headers, body.into_bytes());
        request.answer_bytes = ANSWER_BYTES;
        let reply = self.sending.client.http.post(request, self.sending.now).await.map_err(Trouble::Ends)?;
        if reply.status == 429 {
            return Err(Trouble::Ends(Attempt::RetryAfter(reply.retry_after.unwrap_or(PAUSE))));
        }
        if !(200..300).contains(&reply.status) {
            return Err(Trouble::Ends(super::answer::attempt(&reply)));
        }
        let answer: Value = serde_json::from_slice(&reply.body)
            .map_err(|_| Trouble::Ends(Attempt::Retry("Slack's answer is not JSON".to_owned())))?;
        if answer.get("ok").and_then(Value::as_bool) == Some(true) {
            return Ok(answer);
        }
        match word(&answer).as_str() {
            "ratelimited" => Err(Trouble::Ends(Attempt::RetryAfter(reply.retry_after.unwrap_or(PAUSE)))),
            word => Err(Trouble::Says(word.to_owned())),
        }
    }
}

/// An object with the fields of another.
fn with(mut message: Value, more: Value) -> Value {
    if let (Some(message), Value::Object(more)) = (message.as_object_mut(), more) {
        message.extend(more);
    }
    message
}

/// Slack's word for what is wrong, as far as it looks like one.
fn word(answer: &Value) -> String {
    let word = answer.get("error").and_then(Value::as_str).unwrap_or_default();
    let fits = !word.is_empty() && word.len() <= 60 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if fits { word.to_owned() } else { "no reason".to_owned() }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn is_gone(word: &str) -> bool {
    matches!(word, "message_not_found" | "thread_not_found" | "cant_update_message" | "cannot_reply_to_message")
}

fn kept(error: &StoreError) -> Attempt {
    tracing::warn!(error = %error, "what a Slack thread stands for could not be read or kept");
    Attempt::Retry("the state could not be used; see the log".to_owned())
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

#[cfg(test)]
#[path = "slack_bot_tests.rs"]
mod tests;

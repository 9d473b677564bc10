//! Delivery to Slack with a bot token: one message for each problem, every step a reply in its thread, and the message
//! edited to the state that the problem has come to.
//!
//! Slack has no idempotency key. So each message carries the outbox key in its metadata ("Message metadata",
//! docs.slack.dev), and a row that may have arrived before is looked for in the channel or the thread before it is
//! posted again. Without the scope for that it is posted again.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::slack_api::{Api, Trouble};
use super::thread::{Story, buttons, ends, home, stays_open};
use super::{Attempt, Sending};
use crate::report::notice::NoticeKind;
use crate::report::render::story::state_word;
use crate::report::render::{slack_reply, slack_root};
use crate::store::{StoreError, Thread, Threads};

/// What our messages are known by.
const EVENT: &str = "cattleguard_notice";
/// Pages looked through for a message that may have arrived.
const PAGES: usize = 5;
/// The clocks of Slack and this host may differ.
const SKEW_S: i64 = 300;

/// A bot on its way with one row.
pub(super) struct Bot<'a> {
    pub(super) sending: Sending<'a>,
    pub(super) token: &'a str,
    pub(super) channel: &'a str,
    pub(super) api: &'a str,
    /// Whether messages carry buttons.
    pub(super) interactive: bool,
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
                let root = slack_root(notice, state_word(notice), &buttons(notice, self.interactive));
                let posted = self.call("chat.postMessage", self.message(root, json!({}))).await?;
                text(&posted, "ts").ok_or_else(|| Attempt::Retry("Slack's answer names no message".to_owned()))?
            }
        };
        let story = Story::begin(&row.draft.key, notice);
        let thread = Thread {
            destination: destination.name.clone(),
            group: row.draft.group.clone(),
            channel: self.channel.to_owned(),
            ts,
            open: !ends(notice) || stays_open(notice, self.interactive),
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
        // A further storm is news, although it is told where the last one is.
        let aloud = worse || matches!(notice.kind, NoticeKind::OperationFailed | NoticeKind::Digest);
        let extra = json!({"thread_ts": thread.ts, "reply_broadcast": aloud});
        match self.call("chat.postMessage", self.message(slack_reply(notice), extra)).await {
            Ok(_) => Ok(true),
            Err(Trouble::Says(word)) if is_gone(&word) => Ok(false),
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// Edits the message to its state. Doing it twice changes nothing.
    async fn edit(&self, thread: &Thread, story: &Story) -> Result<(), Attempt> {
        let place = json!({"channel": thread.channel, "ts": thread.ts});
        let ended = ends(self.sending.notice) && thread.group == self.sending.row.draft.group;
        let buttons = if ended { Vec::new() } else { buttons(&story.notice, self.interactive) };
        let message = with(slack_root(&story.notice, &story.state, &buttons), place);
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

    fn api(&self) -> Api<'_> {
        let Sending { client, destination, now, .. } = self.sending;
        Api { client, base: self.api, token: self.token, allow_private: destination.allow_private, now }
    }

    async fn call(&self, method: &str, body: Value) -> Result<Value, Trouble> {
        self.api().call(method, &body).await
    }

    async fn ask(&self, method: &str, form: String) -> Result<Value, Trouble> {
        self.api().ask(method, form).await.map(|(answer, _)| answer)
    }
}

/// An object with the fields of another.
fn with(mut message: Value, more: Value) -> Value {
    if let (Some(message), Value::Object(more)) = (message.as_object_mut(), more) {
        message.extend(more);
    }
    message
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

#[cfg(test)]
#[path = "slack_bot_tests.rs"]
mod tests;

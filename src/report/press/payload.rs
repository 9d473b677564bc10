//! The payload of a press: `block_actions` ("Interaction payloads", docs.slack.dev), read strictly and bounded.

use serde::Deserialize;

use super::button::{Act, Button};

/// Bytes of a payload: it holds the whole message, which we keep below 12,000 characters, and little else.
const PAYLOAD_BYTES: usize = 256 * 1024;
/// Bytes of the address that answers go to.
const URL_BYTES: usize = 1024;
/// Bytes of a trigger's id.
const TRIGGER_BYTES: usize = 200;

/// Why a payload is none that we can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not what Slack sends.
    #[error("not a payload of Slack: {0}")]
    Garbage(&'static str),
    /// Something of Slack that has nothing to do with our buttons.
    #[error("an interaction of another kind")]
    Other,
}

/// A press, as Slack tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// Who pressed.
    pub user: String,
    /// Workspace.
    pub team: String,
    /// App.
    pub app: String,
    /// Channel of the message.
    pub channel: String,
    /// The message.
    pub message: String,
    /// Where the answer goes; checked before it is used.
    pub response_url: Option<String>,
    /// Tells presses apart: the same press sent again has the same.
    pub key: String,
    /// The button; `None` for one that this version does not know.
    pub button: Option<Button>,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    user: Option<Id>,
    #[serde(default)]
    team: Option<Id>,
    #[serde(default)]
    api_app_id: String,
    #[serde(default)]
    trigger_id: String,
    #[serde(default)]
    response_url: Option<String>,
    #[serde(default)]
    channel: Option<Id>,
    #[serde(default)]
    container: Option<Container>,
    #[serde(default)]
    actions: Vec<Action>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Container {
    #[serde(default)]
    message_ts: String,
}

#[derive(Deserialize)]
struct Action {
    action_id: String,
    #[serde(default)]
    action_ts: String,
    #[serde(default)]
    value: Option<String>,
}

/// Reads a payload.
///
/// # Errors
/// What it is instead of a press in a channel. The texts hold nothing of the payload.
pub fn press(payload: &[u8]) -> Result<Press, Unreadable> {
    let garbage = |what| Err(Unreadable::Garbage(what));
    if payload.len() > PAYLOAD_BYTES {
        return garbage("it is too long");
    }
    let Ok(read) = serde_json::from_slice::<Payload>(payload) else { return garbage("not the JSON that is expected") };
    let Payload { kind, user, team, api_app_id, trigger_id, response_url, channel, container, actions } = read;
    if kind != "block_actions" {
        return Err(Unreadable::Other);
    }
    let id = |id: Option<Id>, first: &[char]| id.map(|id| id.id).filter(|id| is_slack_id(id, first));
    let Some(user) = id(user, &['U', 'W']) else { return garbage("no user") };
    let Some(team) = id(team, &['T', 'E']) else { return garbage("no workspace") };
    let Some(channel) = id(channel, &['C', 'G', 'D']) else { return garbage("no channel") };
    if !is_slack_id(&api_app_id, &['A']) {
        return garbage("no app");
    }
    let message = container.map(|container| container.message_ts).filter(|ts| is_ts(ts));
    let Some(message) = message else { return garbage("no message") };
    // Slack sends one for each press of a button.
    let mut actions = actions.into_iter();
    let (Some(action), None) = (actions.next(), actions.next()) else { return garbage("not one action") };
    let Action { action_id, action_ts, value } = action;
    if !is_ts(&action_ts) || trigger_id.is_empty() || trigger_id.len() > TRIGGER_BYTES {
        return garbage("no time of the press");
    }
    let act = Act::of_action_id(&action_id);
    let button = act.zip(value.as_deref()).and_then(|(act, value)| Button::read(act, value));
    let key = key(&[&team, &user, &channel, &message, &trigger_id, &action_ts, &action_id, &value.unwrap_or_default()]);
    let response_url = response_url.filter(|url| url.len() <= URL_BYTES);
    Ok(Press { user, team, app: api_app_id, channel, message, response_url, key, button })
}

/// Ids of Slack: a letter for what it is, then upper-case letters and digits.
pub(super) fn is_slack_id(text: &str, first: &[char]) -> bool {
    (2..=40).contains(&text.len())
        && text.starts_with(first)
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// `1548261231.000200`.
fn is_ts(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn key(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    format!("prs_{}", hasher.finalize().to_hex().get(..32).unwrap_or_default())
}

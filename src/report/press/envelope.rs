//! What arrives over a connection of Socket Mode ("Using Socket Mode", docs.slack.dev).

use serde::Deserialize;
use serde_json::value::RawValue;

/// Bytes of an envelope's id.
const ID_BYTES: usize = 100;

/// One message of Slack's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// The connection is ready; with the app that it belongs to.
    Hello(Option<String>),
    /// The connection is about to end.
    Disconnect(Goodbye),
    /// Somebody did something; to be acknowledged by its id within three seconds.
    Interactive {
        /// The envelope.
        id: String,
        /// What was done, as JSON.
        payload: String,
    },
    /// Something else that wants to be acknowledged.
    Other(String),
    /// Nothing that we know.
    Unknown,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goodbye {
    /// It is to be renewed.
    Refresh,
    /// Socket Mode was turned off for the app.
    Disabled,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    envelope_id: Option<String>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    connection_info: Option<Info>,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    app_id: Option<String>,
}

/// Reads a message. What cannot be read is [`Envelope::Unknown`]: the connection goes on.
pub fn envelope(text: &str) -> Envelope {
    let Ok(wire) = serde_json::from_str::<Wire<'_>>(text) else { return Envelope::Unknown };
    let Wire { kind, envelope_id, payload, reason, connection_info } = wire;
    let id = envelope_id.filter(|id| !id.is_empty() && id.len() <= ID_BYTES);
    match (kind.as_str(), id, payload) {
        ("hello", ..) => {
            let app = connection_info.and_then(|info| info.app_id);
            Envelope::Hello(app.filter(|app| super::payload::is_slack_id(app, &['A'])))
        }
        ("disconnect", ..) if reason.as_deref() == Some("link_disabled") => Envelope::Disconnect(Goodbye::Disabled),
        ("disconnect", ..) => Envelope::Disconnect(Goodbye::Refresh),
        ("interactive", Some(id), Some(payload)) => Envelope::Interactive { id, payload: payload.get().to_owned() },
        (_, Some(id), _) => Envelope::Other(id),
        _ => Envelope::Unknown,
    }
}

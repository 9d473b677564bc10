//! Buttons below a message in Slack: what they carry, who may press them, and what a press asks for. Pure.
//!
//! ```text
//!  notice ──buttons_of──▶ Button ──value──▶ Slack ──payload──▶ Press ──judge──▶ Request or Refusal
//! ```
//!
//! A payload is untrusted twice over: it comes from the network, and what it says of a button may be of another message,
//! another version or nobody's. So it carries ids only, and what they mean is looked up when it is pressed.

mod button;
mod envelope;
mod judge;
mod payload;
mod signature;
#[cfg(test)]
mod tests;

use secrecy::SecretString;

pub use button::{Act, Button, VALUE_CHARS, buttons_of};
pub use envelope::{Envelope, Goodbye, envelope};
pub use judge::{Refusal, Request, judge};
pub use payload::{Press, Unreadable, press};
pub use signature::{Forged, verify};

/// How presses of a destination's buttons come back, and who may press them.
#[derive(Clone, Debug)]
pub struct Interactive {
    /// The way back.
    pub way: PressWay,
    /// Whoever is not listed may press nothing.
    pub people: Vec<Person>,
}

/// The way on which presses come back.
#[derive(Clone, Debug)]
pub enum PressWay {
    /// Socket Mode: we connect to Slack.
    Socket {
        /// App-level token `xapp-…` with `connections:write`.
        app_token: SecretString,
    },
    /// Slack posts to `/slack/actions` of `serve`.
    Endpoint {
        /// The app's signing secret.
        signing_secret: SecretString,
    },
}

impl PressWay {
    /// The word for it in the configuration.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Socket { .. } => "socket",
            Self::Endpoint { .. } => "endpoint",
        }
    }
}

/// Somebody who may press buttons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Slack's id of the user, `U…` or `W…`.
    pub user: String,
    /// The name under which they act, in the audit log and as an approver.
    pub author: String,
    /// What they may press.
    pub may: Vec<Act>,
}

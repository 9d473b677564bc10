//! Where notices go.

use secrecy::SecretString;

use crate::types::{FleetName, Severity};

/// How a destination is reached. URLs may hold a token, so they are secrets as well.
#[derive(Clone, Debug)]
pub enum DestinationKind {
    /// A Slack incoming webhook.
    Slack {
        /// `https://hooks.slack.com/services/…`
        url: SecretString,
    },
    /// CloudEvents 1.0 JSON under Standard Webhooks headers.
    Webhook {
        /// Receiver.
        url: SecretString,
        /// Signing secrets, newest first; two during a rotation. `whsec_` + base64, as Standard Webhooks writes them.
        secrets: Vec<SecretString>,
    },
}

/// One configured destination.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Unique name.
    pub name: String,
    /// Kind.
    pub kind: DestinationKind,
    /// Only notices at or above this.
    pub min_severity: Severity,
    /// Only these fleets; empty means all.
    pub fleets: Vec<FleetName>,
    /// Let it reach loopback and private addresses (the SSRF guard refuses them otherwise).
    pub allow_private: bool,
}

//! `[[notify]]`: who is told. Secrets stay references until a command that sends asks for them.

use super::names::PlainName;
use super::reader::Fault;
use super::secret::SecretRef;
use super::section::Section;
use super::setting::{Setting, choice};
use super::tree::Value;
use crate::report::{Destination, DestinationKind};
use crate::types::{FleetName, Severity};

/// The form of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifyKind {
    /// Slack incoming webhook.
    Slack,
    /// CloudEvents under Standard Webhooks headers.
    Webhook,
}

/// One destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyConfig {
    /// Unique name.
    pub name: String,
    /// Form.
    pub kind: NotifyKind,
    /// Where its URL is kept; a URL may hold a token, so it is a secret.
    pub url: SecretRef,
    /// Where its signing secrets are kept, newest first.
    pub secrets: Vec<SecretRef>,
    /// Only notices at or above this.
    pub min_severity: Severity,
    /// Only these fleets; empty means all.
    pub fleets: Vec<FleetName>,
    /// Whether loopback and private addresses may be reached.
    pub allow_private: bool,
}

impl NotifyConfig {
    /// The destination with its secrets read; the error says which secret of which destination is missing.
    pub fn destination(&self, env: &[(String, String)]) -> Result<Destination, String> {
        let Self { name, kind, url, secrets, min_severity, fleets, allow_private } = self;
        let named = |key: &str, why: String| format!("notify `{name}`: `{key}`: {why}");
        let url = url.read(env).map_err(|why| named("url", why))?;
        let secrets: Result<Vec<_>, _> = secrets.iter().map(|secret| secret.read(env)).collect();
        let secrets = secrets.map_err(|why| named("secrets", why))?;
        let kind = match kind {
            NotifyKind::Slack => DestinationKind::Slack { url },
            NotifyKind::Webhook => DestinationKind::Webhook { url, secrets },
        };
        Ok(Destination {
            name: name.clone(),
            kind,
            min_severity: *min_severity,
            fleets: fleets.clone(),
            allow_private: *allow_private,
        })
    }
}

pub(super) fn read(section: &mut Section<'_, '_>) -> Option<NotifyConfig> {
    let name = section.required::<PlainName>("name");
    let kind = section.required::<NotifyKind>("kind");
    let url = section.secret("url");
    let secrets = section.secrets("secrets");
    let min_severity = section.or("min_severity", Severity::Low);
    let fleets = section.list("fleets", Some(Vec::<FleetName>::new()));
    let allow_private = section.or("allow_private", false);
    match kind {
        Some(NotifyKind::Slack) if section.has("secrets") => {
            section.fault("secrets", Fault::bad("`secrets` has no effect for Slack: its URL is the secret"));
        }
        Some(NotifyKind::Webhook) if !section.has("secrets") => {
            let fault =
                Fault::new("missing-key", "a webhook needs `secrets`: without a signature anybody can forge alerts")
                    .help("secrets = [{ file = \"/etc/cattleguard/webhook.secret\" }], whsec_ and base64");
            section.fault("secrets", fault);
        }
        _ => {}
    }
    let name = name?.0;
    Some(NotifyConfig { name, kind: kind?, url: url?, secrets, min_severity, fleets, allow_private })
}

impl Setting for NotifyKind {
    const KIND: &'static str = "slack or webhook";

    fn read(value: &Value) -> Result<Self, Fault> {
        choice("a string", value, &[("slack", Self::Slack), ("webhook", Self::Webhook)])
    }

    fn json(&self) -> serde_json::Value {
        serde_json::Value::from(match self {
            Self::Slack => "slack",
            Self::Webhook => "webhook",
        })
    }
}

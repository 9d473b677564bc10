//! The keys of an e-mail destination.

use secrecy::SecretString;
use serde_json::Value as Json;

use super::notify_names::Address;
use super::reader::Fault;
use super::secret::SecretRef;
use super::section::Section;
use super::setting::{Setting, choice};
use super::tree::Value;
use crate::report::{EmailSettings, MailTls};

/// The port of submission (RFC 6409).
const SUBMISSION: u32 = 587;

/// A mail relay and who is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailConfig {
    /// Host name of the relay.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Encryption.
    pub tls: MailTls,
    /// User and where the password is kept.
    pub login: Option<(String, SecretRef)>,
    /// Sender.
    pub from: String,
    /// Recipients.
    pub to: Vec<String>,
}

impl MailConfig {
    /// With the password read.
    pub(super) fn settings(&self, read: impl FnOnce(&SecretRef) -> SecretString) -> EmailSettings {
        let Self { host, port, tls, login, from, to } = self;
        let login = login.as_ref().map(|(user, password)| (user.clone(), read(password)));
        EmailSettings { host: host.clone(), port: *port, tls: *tls, login, from: from.clone(), to: to.clone() }
    }
}

/// Reads what is there; `None` where something needed is not.
pub(super) fn read(section: &mut Section<'_, '_>) -> Option<MailConfig> {
    let host = section.optional::<String>("host");
    let port = section.or("port", SUBMISSION);
    let tls = section.or("tls", MailTls::StartTls);
    let user = section.optional::<String>("user");
    let password = section.optional_secret("password");
    let from = section.optional::<Address>("from").map(|address| address.0);
    let to: Vec<String> =
        section.list("to", Some(Vec::<Address>::new())).into_iter().map(|address| address.0).collect();
    for (key, other) in [("user", "password"), ("password", "user")] {
        if section.has(key) && !section.has(other) {
            section.fault(key, Fault::bad(format!("`{key}` has no effect without `{other}`")));
        }
    }
    if user.is_some() && tls == MailTls::None {
        let fault = Fault::bad("the password would be sent in the clear").help("tls = \"starttls\" or \"tls\"");
        section.fault("tls", fault);
    }
    let Some(port) = u16::try_from(port).ok().filter(|port| *port > 0) else {
        section.fault("port", Fault::bad(format!("{port} is not a port")));
        return None;
    };
    let (host, from) = (host?, from?);
    (!to.is_empty()).then(|| MailConfig { host, port, tls, login: user.zip(password), from, to })
}

impl Setting for MailTls {
    const KIND: &'static str = "starttls, tls or none";

    fn read(value: &Value) -> Result<Self, Fault> {
        choice("a string", value, &[("starttls", Self::StartTls), ("tls", Self::Tls), ("none", Self::None)])
    }

    fn json(&self) -> Json {
        Json::from(match self {
            Self::StartTls => "starttls",
            Self::Tls => "tls",
            Self::None => "none",
        })
    }
}

//! `[[notify]]`: who is told. Secrets stay references until a command that sends asks for them.

use std::cell::RefCell;

use secrecy::SecretString;

use super::buttons::{self, ButtonsConfig, ButtonsWay};
use super::filter;
use super::mail::{self, MailConfig};
use super::names::PlainName;
use super::notify_names::{Arn, Channel, HttpUrl, NotifyKind};
use super::reader::Fault;
use super::secret::SecretRef;
use super::section::Section;
use super::window;
use crate::report::{Destination, DestinationKind, Filter, Quiet};
use crate::types::Severity;

/// Where PagerDuty takes events.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";
/// Where Slack's Web API is.
const SLACK_API: &str = "https://slack.com/api/";

/// One destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyConfig {
    /// Unique name.
    pub name: String,
    /// Form, with what it is reached by.
    pub way: Way,
    /// Only these notices.
    pub filter: Filter,
    /// Quiet hours.
    pub quiet: Quiet,
    /// Whether loopback and private addresses may be reached.
    pub allow_private: bool,
}

/// What a destination is reached by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Slack incoming webhook.
    Slack {
        /// Its URL.
        url: SecretRef,
    },
    /// Slack with a bot token.
    SlackBot {
        /// Token.
        token: SecretRef,
        /// Channel id.
        channel: String,
        /// Where the Web API is.
        api: String,
        /// With it, messages carry buttons.
        buttons: Option<ButtonsConfig>,
    },
    /// CloudEvents under Standard Webhooks headers.
    Webhook {
        /// Receiver.
        url: SecretRef,
        /// Signing secrets, newest first.
        secrets: Vec<SecretRef>,
    },
    /// PagerDuty.
    PagerDuty {
        /// Integration key.
        routing_key: SecretRef,
        /// Where events are taken.
        api: String,
    },
    /// Microsoft Teams.
    Teams {
        /// URL of the flow.
        url: SecretRef,
    },
    /// E-mail.
    Email(MailConfig),
    /// SNS.
    Sns {
        /// Topic.
        topic: String,
    },
    /// EventBridge.
    EventBridge {
        /// Bus.
        bus: String,
    },
    /// Security Hub.
    SecurityHub,
}

impl Way {
    /// The word for it in the file.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Slack { .. } | Self::SlackBot { .. } => NotifyKind::Slack.as_str(),
            Self::Webhook { .. } => NotifyKind::Webhook.as_str(),
            Self::PagerDuty { .. } => NotifyKind::PagerDuty.as_str(),
            Self::Teams { .. } => NotifyKind::Teams.as_str(),
            Self::Email(_) => NotifyKind::Email.as_str(),
            Self::Sns { .. } => NotifyKind::Sns.as_str(),
            Self::EventBridge { .. } => NotifyKind::EventBridge.as_str(),
            Self::SecurityHub => NotifyKind::SecurityHub.as_str(),
        }
    }
}

impl NotifyConfig {
    /// The destination with its secrets read; the error says which secret of which destination is missing. Routes are
    /// for the whole configuration to add.
    pub fn destination(&self, env: &[(String, String)]) -> Result<Destination, String> {
        let destination = self.with_what_is_readable(env);
        destination.broken.clone().map_or(Ok(destination), Err)
    }

    /// As [`destination`](Self::destination), and every secret of a form that can be used.
    ///
    /// # Errors
    /// Which secret of which destination is missing or malformed.
    pub fn judged(&self, env: &[(String, String)]) -> Result<Destination, String> {
        let destination = self.destination(env)?;
        destination.judge().map_err(|why| format!("notify `{}`: {why}", self.name))?;
        Ok(destination)
    }

    /// The destination, which says itself that it is broken where a secret cannot be read.
    pub fn with_what_is_readable(&self, env: &[(String, String)]) -> Destination {
        let broken = RefCell::new(None);
        let kind = self.kind(|key, secret| {
            let why = match secret.read(env) {
                Ok(text) => return text,
                Err(why) => why,
            };
            broken.borrow_mut().get_or_insert_with(|| format!("notify `{}`: `{key}`: {why}", self.name));
            SecretString::from(String::new())
        });
        Destination {
            name: self.name.clone(),
            kind,
            filter: self.filter.clone(),
            routes: None,
            quiet: self.quiet.clone(),
            allow_private: self.allow_private,
            broken: broken.into_inner(),
        }
    }

    fn kind(&self, read: impl Fn(&str, &SecretRef) -> SecretString) -> DestinationKind {
        match &self.way {
            Way::Slack { url } => DestinationKind::Slack { url: read("url", url) },
            Way::SlackBot { token, channel, api, buttons } => DestinationKind::SlackBot {
                token: read("token", token),
                channel: channel.clone(),
                api: api.clone(),
                interactive: buttons.as_ref().map(|buttons| buttons.interactive(&read)),
            },
            Way::Webhook { url, secrets } => {
                let url = read("url", url);
                let secrets = secrets.iter().map(|secret| read("secrets", secret)).collect();
                DestinationKind::Webhook { url, secrets }
            }
            Way::PagerDuty { routing_key, api } => {
                DestinationKind::PagerDuty { key: read("routing_key", routing_key), url: api.clone() }
            }
            Way::Teams { url } => DestinationKind::Teams { url: read("url", url) },
            Way::Email(mail) => DestinationKind::Email(mail.settings(|secret| read("password", secret))),
            Way::Sns { topic } => DestinationKind::Sns { topic: topic.clone() },
            Way::EventBridge { bus } => DestinationKind::EventBridge { bus: bus.clone() },
            Way::SecurityHub => DestinationKind::SecurityHub,
        }
    }
}

impl NotifyConfig {
    /// Every secret it refers to, with its key.
    pub fn secrets(&self) -> Vec<(&'static str, &SecretRef)> {
        match &self.way {
            Way::Slack { url } | Way::Teams { url } => vec![("url", url)],
            Way::SlackBot { token, buttons, .. } => {
                let pressed = buttons.as_ref().map(|buttons| match &buttons.way {
                    ButtonsWay::Socket { app_token } => ("app_token", app_token),
                    ButtonsWay::Endpoint { signing_secret } => ("signing_secret", signing_secret),
                });
                [("token", token)].into_iter().chain(pressed).collect()
            }
            Way::Webhook { url, secrets } => {
                [("url", url)].into_iter().chain(secrets.iter().map(|secret| ("secrets", secret))).collect()
            }
            Way::PagerDuty { routing_key, .. } => vec![("routing_key", routing_key)],
            Way::Email(mail) => mail.login.iter().map(|(_, password)| ("password", password)).collect(),
            Way::Sns { .. } | Way::EventBridge { .. } | Way::SecurityHub => Vec::new(),
        }
    }
}

/// Every key that only some kinds have, with these kinds.
const KEYS: [(&str, &[NotifyKind]); 19] = [
    ("url", &[NotifyKind::Slack, NotifyKind::Webhook, NotifyKind::Teams]),
    ("token", &[NotifyKind::Slack]),
    ("channel", &[NotifyKind::Slack]),
    ("api", &[NotifyKind::Slack, NotifyKind::PagerDuty]),
    ("interactive", &[NotifyKind::Slack]),
    ("app_token", &[NotifyKind::Slack]),
    ("signing_secret", &[NotifyKind::Slack]),
    ("people", &[NotifyKind::Slack]),
    ("secrets", &[NotifyKind::Webhook]),
    ("routing_key", &[NotifyKind::PagerDuty]),
    ("host", &[NotifyKind::Email]),
    ("port", &[NotifyKind::Email]),
    ("tls", &[NotifyKind::Email]),
    ("user", &[NotifyKind::Email]),
    ("password", &[NotifyKind::Email]),
    ("from", &[NotifyKind::Email]),
    ("to", &[NotifyKind::Email]),
    ("topic", &[NotifyKind::Sns]),
    ("bus", &[NotifyKind::EventBridge]),
];

pub(super) fn read(section: &mut Section<'_, '_>) -> Option<NotifyConfig> {
    let name = section.required::<PlainName>("name");
    let kind = section.required::<NotifyKind>("kind");
    let keys = Keys {
        url: section.optional_secret("url"),
        token: section.optional_secret("token"),
        channel: section.optional::<Channel>("channel").map(|channel| channel.0),
        api: section.optional::<HttpUrl>("api").map(|url| url.0),
        buttons: buttons::read(section),
        secrets: section.secrets("secrets"),
        routing_key: section.optional_secret("routing_key"),
        mail: mail::read(section),
        topic: section.optional::<Arn<Topic>>("topic").map(|arn| arn.text),
        bus: section.optional::<Arn<Bus>>("bus").map(|arn| arn.text),
    };
    let filter = filter::read(section, Severity::Low);
    let windows = section.tables("quiet_windows", None, window::read);
    let except = section.or("quiet_except", Severity::Critical);
    let allow_private = section.or("allow_private", false);
    let kind = kind?;
    for (key, kinds) in KEYS {
        if section.has(key) && !kinds.contains(&kind) {
            let message = if (key, kind) == ("secrets", NotifyKind::Slack) {
                "`secrets` has no effect for Slack: its URL is the secret".to_owned()
            } else {
                format!("`{key}` has no effect for kind {}", kind.as_str())
            };
            section.fault(key, Fault::bad(message));
        }
    }
    let way = way(section, kind, keys)?;
    let quiet = Quiet { windows, except };
    Some(NotifyConfig { name: name?.0, way, filter, quiet, allow_private })
}

/// The keys that only some kinds have, as far as they were given.
struct Keys {
    url: Option<SecretRef>,
    token: Option<SecretRef>,
    channel: Option<String>,
    api: Option<String>,
    buttons: Option<ButtonsConfig>,
    secrets: Vec<SecretRef>,
    routing_key: Option<SecretRef>,
    mail: Option<MailConfig>,
    topic: Option<String>,
    bus: Option<String>,
}

struct Topic;

impl super::notify_names::Service for Topic {
    const NAME: &'static str = "sns";
    const PREFIX: &'static str = "";
    const EXAMPLE: &'static str = "arn:aws:sns:eu-west-1:111122223333:alerts";
}

struct Bus;

impl super::notify_names::Service for Bus {
    const NAME: &'static str = "events";
    const PREFIX: &'static str = "event-bus/";
    const EXAMPLE: &'static str = "arn:aws:events:eu-west-1:111122223333:event-bus/default";
}

/// What a destination of a kind is reached by; what it lacks is reported.
fn way(section: &mut Section<'_, '_>, kind: NotifyKind, keys: Keys) -> Option<Way> {
    let Keys { url, token, channel, api, buttons, secrets, routing_key, mail, topic, bus } = keys;
    match kind {
        NotifyKind::Slack if section.has("token") || section.has("channel") => {
            if section.has("url") {
                let message = "a Slack destination has either `url` or `token` and `channel`";
                section.fault("url", Fault::bad(message).help("with a token there is one thread for each problem"));
            }
            wanted(section, "token", "secret reference");
            wanted(section, "channel", "channel id");
            let api = api.unwrap_or_else(|| SLACK_API.to_owned());
            Some(Way::SlackBot { token: token?, channel: channel?, api, buttons })
        }
        NotifyKind::Slack => {
            wanted(section, "url", SecretRef::NAME);
            if section.has("interactive") {
                let message = "`interactive` wants `token` and `channel`: an incoming webhook cannot have buttons";
                section.fault("interactive", Fault::bad(message));
            }
            Some(Way::Slack { url: url? })
        }
        NotifyKind::Webhook => {
            wanted(section, "url", SecretRef::NAME);
            if !section.has("secrets") || section.is_empty_list("secrets") {
                let fault = Fault::new(
                    "missing-key",
                    "a webhook needs `secrets`: without a signature anybody can forge alerts",
                )
                .help("secrets = [{ file = \"/etc/cattleguard/webhook.secret\" }], whsec_ and base64");
                section.fault("secrets", fault);
            }
            Some(Way::Webhook { url: url?, secrets })
        }
        NotifyKind::PagerDuty => {
            wanted(section, "routing_key", SecretRef::NAME);
            let api = api.unwrap_or_else(|| PAGERDUTY.to_owned());
            Some(Way::PagerDuty { routing_key: routing_key?, api })
        }
        NotifyKind::Teams => {
            wanted(section, "url", SecretRef::NAME);
            Some(Way::Teams { url: url? })
        }
        NotifyKind::Email => {
            for (key, what) in [("host", "string"), ("from", "e-mail address"), ("to", "array of e-mail addresses")] {
                wanted(section, key, what);
            }
            Some(Way::Email(mail?))
        }
        NotifyKind::Sns => {
            wanted(section, "topic", "ARN");
            Some(Way::Sns { topic: topic? })
        }
        NotifyKind::EventBridge => {
            wanted(section, "bus", "ARN");
            Some(Way::EventBridge { bus: bus? })
        }
        NotifyKind::SecurityHub => Some(Way::SecurityHub),
    }
}

fn wanted(section: &mut Section<'_, '_>, key: &'static str, what: &str) {
    if !section.has(key) {
        section.missing(key, what);
    }
}

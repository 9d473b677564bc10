//! The keys of a Slack destination whose messages have buttons.

use secrecy::SecretString;
use serde_json::Value as Json;

use super::reader::Fault;
use super::secret::SecretRef;
use super::section::Section;
use super::setting::{Setting, choice, quoted, text_of};
use super::tree::Value;
use crate::report::press::{Act, Interactive, Person, PressWay};

/// How presses come back, and who may press.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ButtonsConfig {
    /// The way back.
    pub way: ButtonsWay,
    /// Whoever is not listed may press nothing.
    pub people: Vec<Person>,
}

/// The way on which presses come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ButtonsWay {
    /// Socket Mode.
    Socket {
        /// App-level token.
        app_token: SecretRef,
    },
    /// `/slack/actions` of `serve`.
    Endpoint {
        /// The app's signing secret.
        signing_secret: SecretRef,
    },
}

impl ButtonsConfig {
    /// With the secret read.
    pub(super) fn interactive(&self, read: impl Fn(&str, &SecretRef) -> SecretString) -> Interactive {
        let way = match &self.way {
            ButtonsWay::Socket { app_token } => PressWay::Socket { app_token: read("app_token", app_token) },
            ButtonsWay::Endpoint { signing_secret } => {
                PressWay::Endpoint { signing_secret: read("signing_secret", signing_secret) }
            }
        };
        Interactive { way, people: self.people.clone() }
    }
}

/// Reads what is there; `None` where messages have no buttons, or something that they need is missing.
pub(super) fn read(section: &mut Section<'_, '_>) -> Option<ButtonsConfig> {
    let way = section.optional::<Transport>("interactive");
    let app_token = section.optional_secret("app_token");
    let signing_secret = section.optional_secret("signing_secret");
    let people = section.tables("people", Some("user"), person);
    let (wanted, useless) = match way {
        Some(Transport::Socket) => ("app_token", "signing_secret"),
        Some(Transport::Endpoint) => ("signing_secret", "app_token"),
        None => {
            // A value that is wrong was said.
            let keys = ["app_token", "signing_secret", "people"].into_iter().filter(|_| !section.has("interactive"));
            for key in keys.filter(|key| section.has(key)).collect::<Vec<_>>() {
                let fault = Fault::bad(format!("`{key}` has no effect without `interactive`"));
                section.fault(key, fault.help("interactive = \"socket\" or interactive = \"endpoint\""));
            }
            return None;
        }
    };
    if !section.has(wanted) {
        section.missing(wanted, SecretRef::NAME);
    }
    if section.has(useless) {
        let way = if useless == "app_token" { "endpoint" } else { "socket" };
        section.fault(useless, Fault::bad(format!("`{useless}` has no effect for interactive = \"{way}\"")));
    }
    for (index, Person { user, .. }) in people.iter().enumerate() {
        if people.iter().take(index).any(|other| other.user == *user) {
            section.fault("people", Fault::new("duplicate", format!("user `{user}` is listed twice")));
        }
    }
    let way = match way? {
        Transport::Socket => ButtonsWay::Socket { app_token: app_token? },
        Transport::Endpoint => ButtonsWay::Endpoint { signing_secret: signing_secret? },
    };
    Some(ButtonsConfig { way, people })
}

fn person(section: &mut Section<'_, '_>) -> Option<Person> {
    let user = section.required::<SlackUser>("user");
    let author = section.required::<Author>("author");
    let may = section.list::<Act>("may", None);
    if section.is_empty_list("may") {
        let fault = Fault::bad("`may`: whoever may press nothing need not be listed");
        section.fault("may", fault.help("may = [\"acknowledge\", \"approve\", \"pause\"]"));
    }
    Some(Person { user: user?.0, author: author?.0, may })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Socket,
    Endpoint,
}

impl Setting for Transport {
    const KIND: &'static str = "socket or endpoint";

    fn read(value: &Value) -> Result<Self, Fault> {
        choice("a string", value, &[("socket", Self::Socket), ("endpoint", Self::Endpoint)])
    }

    fn json(&self) -> Json {
        Json::from(match self {
            Self::Socket => "socket",
            Self::Endpoint => "endpoint",
        })
    }
}

impl Setting for Act {
    const KIND: &'static str = "button";
    const PLURAL: &'static str = "array of buttons";

    fn read(value: &Value) -> Result<Self, Fault> {
        choice("a string", value, &Self::ALL.map(|act| (act.as_str(), act)))
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}

/// A person's id in Slack: names can be changed by whoever has them.
struct SlackUser(String);

impl Setting for SlackUser {
    const KIND: &'static str = "Slack user id";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        let fits = (3..=40).contains(&text.len())
            && text.starts_with(['U', 'W'])
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if fits {
            return Ok(Self(text.to_owned()));
        }
        let help = "the id stands under \"Copy member ID\" in the person's profile: U0123456789";
        Err(Fault::bad(format!("{} is not a Slack user id", quoted(text))).help(help))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// The name under which a person acts: that of their account where `cattleguard` runs, `name@host`, or an ARN.
struct Author(String);

impl Setting for Author {
    const KIND: &'static str = "author";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        let fits = !text.is_empty()
            && text.len() <= 128
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@:/+=,".contains(c));
        if fits {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::bad(format!("{} is not an author", quoted(text))).help("erin, erin@bastion or the ARN of a role"))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

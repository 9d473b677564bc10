//! Values with a shape in `[[notify]]`: kinds, channels, URLs, ARNs, addresses.

use std::marker::PhantomData;

use serde_json::Value as Json;

use super::names::is_account;
use super::reader::Fault;
use super::setting::{Setting, choice, quoted, text_of};
use super::tree::Value;

/// The form of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotifyKind {
    /// Slack, by incoming webhook or bot token.
    Slack,
    /// CloudEvents under Standard Webhooks headers.
    Webhook,
    /// PagerDuty Events API v2.
    PagerDuty,
    /// Microsoft Teams through a Workflows webhook.
    Teams,
    /// E-mail.
    Email,
    /// SNS topic.
    Sns,
    /// EventBridge bus.
    EventBridge,
    /// Security Hub of each finding's account and region.
    SecurityHub,
}

impl NotifyKind {
    const ALL: [Self; 8] = [
        Self::Slack,
        Self::Webhook,
        Self::PagerDuty,
        Self::Teams,
        Self::Email,
        Self::Sns,
        Self::EventBridge,
        Self::SecurityHub,
    ];

    /// The word for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Webhook => "webhook",
            Self::PagerDuty => "pagerduty",
            Self::Teams => "teams",
            Self::Email => "email",
            Self::Sns => "sns",
            Self::EventBridge => "eventbridge",
            Self::SecurityHub => "security-hub",
        }
    }
}

impl Setting for NotifyKind {
    const KIND: &'static str = "slack, webhook, pagerduty, teams, email, sns, eventbridge or security-hub";

    fn read(value: &Value) -> Result<Self, Fault> {
        choice("a string", value, &Self::ALL.map(|kind| (kind.as_str(), kind)))
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}

/// A Slack channel's id: names change, and what may have arrived is looked for by id.
pub(super) struct Channel(pub(super) String);

impl Setting for Channel {
    const KIND: &'static str = "channel id";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        let fits = text.len() >= 3
            && text.len() <= 40
            && text.starts_with(['C', 'G', 'D'])
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if fits {
            return Ok(Self(text.to_owned()));
        }
        let help = "the id stands at the end of the channel's details: C0123456789";
        Err(Fault::bad(format!("{} is not a channel id", quoted(text))).help(help))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// An address of an API that holds no secret.
pub(super) struct HttpUrl(pub(super) String);

impl Setting for HttpUrl {
    const KIND: &'static str = "URL";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        let url = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
        let bare = url.filter(|url| url.username().is_empty() && url.password().is_none() && url.query().is_none());
        match bare {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err(Fault::bad("not a plain https URL without user, password and query")),
        }
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// Of which service an ARN is to be.
pub(super) trait Service {
    const NAME: &'static str;
    const PREFIX: &'static str;
    const EXAMPLE: &'static str;
}

/// An ARN of a service.
pub(super) struct Arn<S> {
    pub(super) text: String,
    service: PhantomData<S>,
}

impl<S: Service> Setting for Arn<S> {
    const KIND: &'static str = "ARN";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let fits = matches!(parts.as_slice(), ["arn", partition, service, region, account, name]
            if partition.starts_with("aws") && *service == S::NAME && !region.is_empty() && is_account(account)
                && name.strip_prefix(S::PREFIX).is_some_and(|name| !name.is_empty())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/')));
        if fits {
            return Ok(Self { text: text.to_owned(), service: PhantomData });
        }
        Err(Fault::bad(format!("{} is not an ARN of {}", quoted(text), S::NAME)).help(S::EXAMPLE))
    }

    fn json(&self) -> Json {
        Json::from(self.text.as_str())
    }
}

/// An e-mail address, with or without a name.
#[derive(Clone)]
pub(super) struct Address(pub(super) String);

impl Setting for Address {
    const KIND: &'static str = "e-mail address";
    const PLURAL: &'static str = "array of e-mail addresses";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        if text.parse::<lettre::message::Mailbox>().is_ok() && !text.chars().any(char::is_control) {
            return Ok(Self(text.to_owned()));
        }
        let help = "ops@example.com or Ops <ops@example.com>";
        Err(Fault::bad(format!("{} is not an e-mail address", quoted(text))).help(help))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

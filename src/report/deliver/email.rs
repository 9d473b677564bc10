//! Delivery by e-mail. The relay's name is resolved and judged here, and the connection goes to the judged address.

use std::net::SocketAddr;

use jiff::Timestamp;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, Error as SmtpError};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;

use super::guard::allowed;
use super::{Attempt, Sending, tls};
use crate::report::destination::{EmailSettings, MailTls, TIMEOUT};
use crate::report::render::email::{Email, email};
use crate::report::text::clean;

/// Says that no person wrote it (RFC 3834): other robots must not answer.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

pub(super) async fn send(sending: &Sending<'_>, settings: &EmailSettings) -> Attempt {
    let message = match message(sending, settings) {
        Ok(message) => message,
        Err(problem) => return Attempt::Dead(problem),
    };
    let address = match resolve(settings, sending.destination.allow_private).await {
        Ok(address) => address,
        Err(problem) => return Attempt::Retry(problem),
    };
    let mut relay = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
        .port(address.port())
        .timeout(Some(TIMEOUT));
    relay = match encrypted(relay, settings) {
        Ok(relay) => relay,
        Err(problem) => return Attempt::Retry(problem),
    };
    if let Some((user, password)) = &settings.login {
        relay = relay.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
    }
    let sent = tokio::time::timeout(TIMEOUT * 2, relay.build::<Tokio1Executor>().send(message)).await;
    match sent {
        Ok(Ok(_)) => Attempt::Delivered,
        Ok(Err(error)) => failure(&error),
        Err(_) => Attempt::Retry("the relay took longer than 40 seconds".to_owned()),
    }
}

/// All of a name's addresses must be allowed; the first one is used.
async fn resolve(settings: &EmailSettings, allow_private: bool) -> Result<SocketAddr, String> {
    let found = tokio::net::lookup_host((settings.host.as_str(), settings.port)).await;
    let found: Vec<SocketAddr> = found.map_err(|_| "the relay's name cannot be resolved".to_owned())?.collect();
    let found = allowed(found, allow_private).map_err(|refused| refused.to_string())?;
    found.first().copied().ok_or_else(|| "the relay's name has no address".to_owned())
}

#[cfg(feature = "tls")]
fn encrypted(relay: AsyncSmtpTransportBuilder, settings: &EmailSettings) -> Result<AsyncSmtpTransportBuilder, String> {
    use lettre::transport::smtp::client::{Tls, TlsParameters};
    let parameters =
        || TlsParameters::new(settings.host.clone()).map_err(|_| "TLS to the relay cannot be set up".to_owned());
    Ok(match settings.tls {
        MailTls::StartTls => relay.tls(Tls::Required(parameters()?)),
        MailTls::Tls => relay.tls(Tls::Wrapper(parameters()?)),
        MailTls::None => relay.tls(Tls::None),
    })
}

#[cfg(not(feature = "tls"))]
fn encrypted(relay: AsyncSmtpTransportBuilder, settings: &EmailSettings) -> Result<AsyncSmtpTransportBuilder, String> {
    match settings.tls {
        // Without TLS in the build there is nothing to choose.
        MailTls::None => Ok(relay),
        MailTls::StartTls | MailTls::Tls => Err("this build has no TLS: set `tls = \"none\"`".to_owned()),
    }
}

/// The mail. Its id is the outbox key, so that mail systems that know it drop a repetition; the group's id in
/// `References` keeps the mails of one problem together.
fn message(sending: &Sending<'_>, settings: &EmailSettings) -> Result<Message, String> {
    let Email { subject, text, html } = email(sending.notice);
    let mailbox = |address: &str| {
        address.parse::<Mailbox>().map_err(|_| format!("`{}` is not an e-mail address", clean(address, 80)))
    };
    let from = mailbox(&settings.from)?;
    let domain = from.email.domain().to_owned();
    let group = blake3::hash(sending.row.draft.group.as_bytes()).to_hex();
    let group = format!("<grp_{}@{domain}>", group.get(..32).unwrap_or_default());
    let mut builder = Message::builder()
        .message_id(Some(format!("<{}@{domain}>", sending.row.draft.key)))
        .references(group.clone())
        .in_reply_to(group)
        .date(date(sending.notice.time))
        .header(AutoSubmitted)
        .from(from)
        .subject(subject);
    for address in &settings.to {
        builder = builder.to(mailbox(address)?);
    }
    let body = MultiPart::alternative_plain_html(text, html);
    builder.multipart(body).map_err(|_| "the mail cannot be built".to_owned())
}

fn date(time: Timestamp) -> std::time::SystemTime {
    // A mail's date has seconds; before 1970 there are none.
    let seconds = u64::try_from(time.as_second()).unwrap_or_default();
    std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds)
}

fn failure(error: &SmtpError) -> Attempt {
    let code = error.status().map(|code| code.to_string());
    match code.as_deref() {
        Some(code @ ("530" | "534" | "535")) => {
            Attempt::Retry(format!("the relay refuses the login ({code}): check `user` and `password`"))
        }
        Some(code) if error.is_permanent() => Attempt::Dead(format!("{code}: the relay refuses this message")),
        Some(code) => Attempt::Retry(format!("the relay answered {code}")),
        None if error.is_timeout() => Attempt::Retry("no answer from the relay within 20 seconds".to_owned()),
        None => Attempt::Retry(tls_problem(error).map_or_else(
            || "the connection to the relay failed or broke".to_owned(),
            |problem| format!("TLS to the relay fails: {problem}"),
        )),
    }
}

fn tls_problem(error: &SmtpError) -> Option<&'static str> {
    std::iter::successors(std::error::Error::source(error), |cause| cause.source())
        .find_map(|cause| tls::problem(&cause.to_string()))
}

#[cfg(test)]
#[path = "email_tests.rs"]
mod tests;

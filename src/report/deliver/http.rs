//! One HTTP request to a destination, and what its answer means.

use std::error::Error as _;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::header;
use url::{Host, Url};

use super::guard::{GuardedResolver, Refused, judge};
use super::websocket::{self, Socket};
use super::{Attempt, tls};
use crate::report::destination::TIMEOUT;
use crate::report::text::clean;

/// More than this is not waited for, whatever the receiver asks.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);
/// Bytes of an answer looked at.
const ANSWER_BYTES: usize = 512;
/// Characters of a list of scopes.
const SCOPES_CHARS: usize = 1000;

/// One request.
pub(crate) struct Request {
    /// Where to; may hold a token.
    pub(crate) url: String,
    /// Whether loopback and private addresses may be reached.
    pub(crate) allow_private: bool,
    /// Headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Body.
    pub(crate) body: Vec<u8>,
    /// Bytes of the answer that are read; of one that is no success, some are read in any case.
    pub(crate) answer_bytes: usize,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// Status.
    pub(crate) status: u16,
    /// The pause that the receiver asks for.
    pub(crate) retry_after: Option<Duration>,
    /// What Slack says of the scopes of a token.
    pub(crate) scopes: Option<String>,
    /// As much of the body as was wanted.
    pub(crate) body: Vec<u8>,
}

/// The way requests go out.
#[async_trait]
pub(crate) trait Transport: Send + Sync {
    /// Posts. Whatever goes wrong is an [`Attempt`], whose texts never hold the URL: it may hold a token.
    async fn post(&self, request: Request, now: Timestamp) -> Result<Reply, Attempt>;

    /// Opens a WebSocket. Its URL holds a ticket, and is never repeated either.
    async fn websocket(&self, _url: &str, _allow_private: bool) -> Result<Socket, Attempt> {
        Err(Attempt::Retry("it opens no WebSocket".to_owned()))
    }
}

/// Two HTTP clients behind the SSRF guard: one for public destinations only, one for those that may be private.
#[derive(Clone, Debug)]
pub(super) struct HttpTransport {
    guarded: reqwest::Client,
    open: reqwest::Client,
}

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client for alerts")]
pub struct ClientError(#[source] reqwest::Error);

impl HttpTransport {
    /// Sets up both clients: no redirects, no proxy from the environment (it would resolve names for us), no
    /// connection reuse across a change of address.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(super) fn new() -> Result<Self, ClientError> {
        let builder = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .timeout(TIMEOUT)
                .pool_max_idle_per_host(0)
                .user_agent(concat!("cattleguard/", env!("CARGO_PKG_VERSION")))
        };
        let client =
            |allow_private| builder().dns_resolver(GuardedResolver { allow_private }).build().map_err(ClientError);
        let (guarded, open) = (client(false)?, client(true)?);
        Ok(Self { guarded, open })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn post(&self, request: Request, now: Timestamp) -> Result<Reply, Attempt> {
        let Request { url, allow_private, headers, body, answer_bytes } = request;
        // Somebody may mend the configuration within the day.
        let url = parsed(&url).map_err(Attempt::Retry)?;
        scheme_allowed(&url, allow_private).and_then(|()| host_allowed(&url, allow_private)).map_err(Attempt::Retry)?;
        let client = if allow_private { &self.open } else { &self.guarded };
        let mut request = client.post(url).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|error| failure(&error))?;
        reply(response, answer_bytes, now).await
    }

    async fn websocket(&self, url: &str, allow_private: bool) -> Result<Socket, Attempt> {
        let url = websocket::http_url(url).ok_or_else(|| Attempt::Retry("its WebSocket has no URL".to_owned()))?;
        scheme_allowed(&url, allow_private).and_then(|()| host_allowed(&url, allow_private)).map_err(Attempt::Retry)?;
        websocket::open(if allow_private { &self.open } else { &self.guarded }, url).await
    }
}

/// A success whose body does not matter is one whatever happens to its body.
async fn reply(mut response: reqwest::Response, answer_bytes: usize, now: Timestamp) -> Result<Reply, Attempt> {
    let status = response.status();
    let retry_after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry_after(value, now));
    let scopes = response
        .headers()
        .get("x-oauth-scopes")
        .and_then(|value| value.to_str().ok())
        .map(|text| clean(text, SCOPES_CHARS));
    let wanted = if status.is_success() { answer_bytes } else { answer_bytes.max(ANSWER_BYTES) };
    let mut body = Vec::new();
    while body.len() < wanted {
        match response.chunk().await {
            Ok(Some(bytes)) => body.extend_from_slice(&bytes),
            Ok(None) => break,
            Err(error) if answer_bytes > 0 => return Err(failure(&error)),
            Err(_) => break,
        }
    }
    body.truncate(wanted);
    Ok(Reply { status: status.as_u16(), retry_after, scopes, body })
}

fn scheme_allowed(url: &Url, allow_private: bool) -> Result<(), String> {
    match url.scheme() {
        "https" if cfg!(feature = "tls") => Ok(()),
        "https" => Err("this build has no TLS: https cannot be reached".to_owned()),
        "http" if allow_private => Ok(()),
        _ => Err("its URL must be https".to_owned()),
    }
}

/// Judges addresses written into the URL, which no resolver sees.
fn host_allowed(url: &Url, allow_private: bool) -> Result<(), String> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(_)) => return Ok(()),
        None => return Err("its URL has no host".to_owned()),
    };
    judge(address, allow_private).map_err(|refused| refused.to_string())
}

fn parsed(url: &str) -> Result<Url, String> {
    Url::parse(url.trim()).map_err(|_| "its URL cannot be parsed: it is https://, a host and a path".to_owned())
}

/// What can be said of a URL without asking for anything. Whether this build has TLS is another matter.
///
/// # Errors
/// What is wrong, without the URL.
pub(crate) fn judge_url(url: &str, allow_private: bool) -> Result<(), String> {
    let url = parsed(url)?;
    if url.scheme() != "https" {
        scheme_allowed(&url, allow_private)?;
    }
    host_allowed(&url, allow_private)
}

/// `Retry-After`: seconds or an HTTP date (RFC 9110, section 10.2.3).
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let pause = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
            // A date in the past means now.
            at.duration_since(now).try_into().unwrap_or(Duration::ZERO)
        }
    };
    Some(pause.min(LONGEST_PAUSE))
}

pub(super) fn failure(error: &reqwest::Error) -> Attempt {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return Attempt::Retry(refused.to_string());
        }
        if let Some(problem) = tls::problem(&inner.to_string()) {
            return Attempt::Retry(format!("TLS fails: {problem}"));
        }
        if let Some(io) = inner.downcast_ref::<std::io::Error>()
            && io.kind() != std::io::ErrorKind::Other
            && !error.is_dns()
        {
            return Attempt::Retry(format!("no connection: {}", clean(&io.kind().to_string(), 80)));
        }
        cause = inner.source();
    }
    let what = match () {
        () if error.is_timeout() => "no answer within 20 seconds",
        () if error.is_dns() => "its name cannot be resolved",
        () if error.is_connect() => "no connection",
        () if error.is_builder() => "the request cannot be built from its URL",
        () => "the connection broke",
    };
    Attempt::Retry(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        let now: Timestamp = "1994-11-06T08:49:07Z".parse().unwrap();
        let seconds = |value| retry_after(value, now).map(|pause| pause.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" 0 "), Some(0));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(30));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        assert_eq!(seconds("99999999999"), Some(86_400));
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("-5"), None);
    }

    #[test]
    fn addresses_written_into_the_url_are_judged_too() {
        let host = |text: &str, private| host_allowed(&Url::parse(text).unwrap(), private);
        assert_eq!(host("http://127.0.0.1:9/", true), Ok(()));
        assert_eq!(host("https://8.8.8.8/", false), Ok(()));
        for text in
            ["http://169.254.169.254/", "http://[fd00:ec2::254]/", "http://[::ffff:a9fe:a9fe]/", "http://0xa9fea9fe/"]
        {
            assert!(host(text, true).is_err(), "{text} with `allow_private`");
        }
        for text in ["https://169.254.169.254/", "https://[fd00:ec2::254]/", "https://2130706433/", "https://0x7f.1/"] {
            assert!(host(text, false).is_err(), "{text}");
        }
    }

    #[test]
    fn plain_http_only_where_private_is_allowed() {
        let scheme = |text: &str, private| scheme_allowed(&Url::parse(text).unwrap(), private);
        assert_eq!(scheme("http://hooks.example/", true), Ok(()));
        assert_eq!(scheme("http://hooks.example/", false), Err("its URL must be https".to_owned()));
        assert!(scheme("file:///etc/passwd", true).is_err());
        assert_eq!(scheme("https://hooks.example/", false).is_ok(), cfg!(feature = "tls"));
    }

    #[tokio::test]
    async fn names_are_judged_after_they_are_resolved() {
        use reqwest::dns::Resolve as _;
        let refused =
            GuardedResolver { allow_private: false }.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(refused.downcast_ref::<Refused>().is_some(), "{refused}");
    }
}

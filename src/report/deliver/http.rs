//! One HTTP request to a destination, and what its answer means.

use std::error::Error as _;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{StatusCode, header};
use url::{Host, Url};

use super::Attempt;
use super::guard::{GuardedResolver, Refused, judge};
use crate::report::text::clean;

/// Standard Webhooks asks senders to wait 15 to 30 seconds for an answer.
const TIMEOUT: Duration = Duration::from_secs(20);
/// More than this is not waited for, whatever the receiver asks.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);
/// Bytes of an answer looked at.
const ANSWER_BYTES: usize = 512;

/// The clients, made once: one behind the SSRF guard, one for destinations that may be private.
#[derive(Clone, Debug)]
pub struct Client {
    guarded: reqwest::Client,
    open: reqwest::Client,
}

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client for alerts")]
pub struct ClientError(#[source] reqwest::Error);

impl Client {
    /// Sets up both clients: no redirects, no proxy from the environment (it would resolve names for us), no
    /// connection reuse across a change of address.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, ClientError> {
        let builder = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .timeout(TIMEOUT)
                .pool_max_idle_per_host(0)
                .user_agent(concat!("cattleguard/", env!("CARGO_PKG_VERSION")))
        };
        let guarded = builder().dns_resolver(GuardedResolver).build().map_err(ClientError)?;
        let open = builder().build().map_err(ClientError)?;
        Ok(Self { guarded, open })
    }

    /// Posts a body. Whatever happens is an [`Attempt`], whose texts never hold the URL: it may hold a token.
    pub(super) async fn post(
        &self,
        url: &str,
        allow_private: bool,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
        now: Timestamp,
    ) -> Attempt {
        let Ok(url) = Url::parse(url) else { return Attempt::Dead("its URL cannot be parsed".to_owned()) };
        if let Err(problem) = scheme_allowed(&url, allow_private).and_then(|()| host_allowed(&url, allow_private)) {
            return Attempt::Dead(problem);
        }
        let client = if allow_private { &self.open } else { &self.guarded };
        let mut request = client.post(url).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        match request.send().await {
            Ok(response) => answer(response, now).await,
            Err(error) => failure(&error),
        }
    }
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
    if allow_private {
        return Ok(());
    }
    judge(address).map_err(|refused| refused.to_string())
}

async fn answer(response: reqwest::Response, now: Timestamp) -> Attempt {
    let status = response.status();
    let pause = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry_after(value, now));
    match status {
        status if status.is_success() => Attempt::Delivered,
        StatusCode::GONE => Attempt::Dead(format!("410: it takes no more{}", known_word(response).await)),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE if pause.is_some() => {
            Attempt::RetryAfter(pause.unwrap_or_default())
        }
        // The same bytes will be refused again.
        StatusCode::BAD_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => {
            Attempt::Dead(format!("{}: it refuses this message{}", status.as_u16(), known_word(response).await))
        }
        status if status.is_redirection() => {
            Attempt::Retry(format!("{}: it redirects, which is not followed", status.as_u16()))
        }
        // Missing, forbidden, overloaded, broken: somebody may mend it within the day.
        status => Attempt::Retry(format!("it answered {}{}", status.as_u16(), known_word(response).await)),
    }
}

/// Slack answers with one word. Only words it documents are repeated: anything else could be made to hold our
/// secrets or hostile text.
async fn known_word(mut response: reqwest::Response) -> String {
    const WORDS: [&str; 11] = [
        "invalid_payload",
        "invalid_blocks",
        "msg_blocks_too_long",
        "no_text",
        "no_service",
        "channel_not_found",
        "channel_is_archived",
        "action_prohibited",
        "invalid_token",
        "no_active_hooks",
        "rollup_error",
    ];
    let Ok(Some(bytes)) = response.chunk().await else { return String::new() };
    let text = String::from_utf8_lossy(bytes.get(..ANSWER_BYTES.min(bytes.len())).unwrap_or_default()).into_owned();
    WORDS.iter().find(|word| text.contains(**word)).map_or(String::new(), |word| format!(": {word}"))
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

fn failure(error: &reqwest::Error) -> Attempt {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return Attempt::Retry(refused.to_string());
        }
        if let Some(io) = inner.downcast_ref::<std::io::Error>()
            && io.kind() != std::io::ErrorKind::Other
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
        let refused = GuardedResolver.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(refused.downcast_ref::<Refused>().is_some(), "{refused}");
    }
}

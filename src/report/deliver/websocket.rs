//! A WebSocket (RFC 6455) over the client that everything else goes out with: the same guard, the same TLS, no redirects.
//!
//! The client makes the request and upgrades its connection; frames are the library's.

use reqwest::{StatusCode, header};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use url::Url;

use super::Attempt;
use super::http::failure;

/// An open WebSocket.
pub(crate) type Socket = WebSocketStream<reqwest::Upgraded>;

/// Bytes of a message: an envelope of Slack holds a message of ours and little else.
const MESSAGE_BYTES: usize = 512 * 1024;

/// `wss` is `https`, and `ws` is `http`, up to the upgrade.
pub(super) fn http_url(url: &str) -> Option<Url> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = match scheme {
        "wss" => "https",
        "ws" => "http",
        _ => return None,
    };
    Url::parse(&format!("{scheme}://{rest}")).ok()
}

/// Asks for the upgrade.
pub(super) async fn open(client: &reqwest::Client, url: Url) -> Result<Socket, Attempt> {
    let key = generate_key();
    let request = client
        .get(url)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, &key);
    let response = request.send().await.map_err(|error| failure(&error))?;
    let status = response.status();
    if status != StatusCode::SWITCHING_PROTOCOLS {
        return Err(Attempt::Retry(format!("it opens no WebSocket: it answered {}", status.as_u16())));
    }
    let accepted = response.headers().get(header::SEC_WEBSOCKET_ACCEPT).and_then(|value| value.to_str().ok());
    if accepted != Some(derive_accept_key(key.as_bytes()).as_str()) {
        return Err(Attempt::Retry("what it opens is no WebSocket".to_owned()));
    }
    let stream = response.upgrade().await.map_err(|error| failure(&error))?;
    let config = WebSocketConfig::default().max_message_size(Some(MESSAGE_BYTES)).max_frame_size(Some(MESSAGE_BYTES));
    Ok(WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_websockets_are_opened() {
        let url = |text| http_url(text).map(|url| url.to_string());
        assert_eq!(
            url("wss://wss.slack.test/link/?ticket=1").as_deref(),
            Some("https://wss.slack.test/link/?ticket=1")
        );
        assert_eq!(url("ws://127.0.0.1:9/").as_deref(), Some("http://127.0.0.1:9/"));
        for text in ["https://slack.test/", "file:///etc/passwd", "wss:", "", "wss://"] {
            assert_eq!(url(text), None, "{text}");
        }
    }
}

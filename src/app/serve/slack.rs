//! `POST /slack/actions`: where Slack tells of buttons that were pressed.
//!
//! Nobody logs in here. What counts is the signature of the app's secret over the time and the body, so the address may be
//! reached through a proxy from outside, and nothing else can be done at it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use url::form_urlencoded;

use super::act::plain;
use crate::app::buttons::Buttons;
use crate::report::press::Unreadable;

/// Bytes of a body: a message of at most 12,000 characters, each of up to twelve when it is escaped twice.
const BODY: usize = 256 * 1024;
/// Slack wants an answer within three seconds; what takes longer goes on after it.
const ANSWER: Duration = Duration::from_secs(2);
/// Refused requests are logged at most once in this many seconds: anybody can send them.
const QUIET_S: i64 = 60;

struct Door {
    buttons: Arc<Buttons>,
    /// When a refused request was logged last.
    logged: AtomicI64,
}

/// The one address.
pub(super) fn router(buttons: Arc<Buttons>) -> Router {
    let door = Door { buttons, logged: AtomicI64::new(i64::MIN) };
    Router::new().route("/slack/actions", post(actions)).layer(DefaultBodyLimit::max(BODY)).with_state(Arc::new(door))
}

async fn actions(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (timestamp, signature) = (text("x-slack-request-timestamp"), text("x-slack-signature"));
    if let Err(why) = door.buttons.posted(timestamp, signature, &body) {
        door.refused(&why.to_string());
        return plain(StatusCode::UNAUTHORIZED, "This was not signed by Slack for this app, or long ago.");
    }
    let Some(payload) = payload(&body) else {
        door.refused("a signed body without one payload");
        return plain(StatusCode::BAD_REQUEST, "There is no payload.");
    };
    let (timestamp, signature) = (timestamp.map(str::to_owned), signature.map(str::to_owned));
    let working = tokio::spawn({
        let door = door.clone();
        async move {
            let origin = door.buttons.posted(timestamp.as_deref(), signature.as_deref(), &body).ok()?;
            match door.buttons.work(payload.as_bytes(), &origin).await {
                Ok(Some(done)) => door.buttons.follow(done).await,
                Ok(None) => {}
                Err(why) => return Some(why),
            }
            None
        }
    });
    match tokio::time::timeout(ANSWER, working).await {
        Ok(Ok(Some(Unreadable::Garbage(why)))) => {
            door.refused(why);
            plain(StatusCode::BAD_REQUEST, "This is no payload of Slack.")
        }
        Ok(Err(error)) => {
            tracing::error!(error = %error, "a press failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        // Whoever pressed is answered by a message.
        Ok(Ok(_)) | Err(_) => StatusCode::OK.into_response(),
    }
}

/// The field `payload` of a form that has it once.
fn payload(body: &[u8]) -> Option<String> {
    let mut found = form_urlencoded::parse(body).filter(|(name, _)| name == "payload").map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(payload), None) => Some(payload.into_owned()),
        _ => None,
    }
}

impl Door {
    fn refused(&self, why: &str) {
        let now = self.buttons.now().as_second();
        let last = self.logged.load(Ordering::Relaxed);
        if now.saturating_sub(last) >= QUIET_S {
            self.logged.store(now, Ordering::Relaxed);
            tracing::warn!(error = why, "a request to /slack/actions was refused");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_one_payload() {
        assert_eq!(payload(b"payload=%7B%22a%22%3A1%7D").as_deref(), Some("{\"a\":1}"));
        for body in ["", "payload", "token=x", "payload=1&payload=2"] {
            assert_eq!(payload(body.as_bytes()).filter(|text| !text.is_empty()), None, "{body}");
        }
    }
}

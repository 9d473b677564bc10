//! Who may log in, and who is logged in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Form;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{Site, pages};
use crate::app::operator;

const COOKIE: &str = "cattleguard";
/// A session without a request for this long is over, unless whoever starts the server says otherwise. PCI DSS 8.2.8.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// However busy it is, a session is over after this.
const LONGEST: Duration = Duration::from_secs(8 * 3600);
/// Sessions at once; the one that was idle for the longest goes.
const MOST: usize = 64;
/// Wrong tokens within [`WINDOW`] before no more of them are looked at one by one. A right one is always taken: anybody on
/// this host can send wrong ones, and nobody is to be kept from pausing by that.
const TRIES: usize = 10;
const WINDOW: Duration = Duration::from_secs(60);
type Hash = [u8; 32];

/// People with the digests of their tokens, and how long their sessions may be idle.
pub(in crate::app) struct Users {
    list: Vec<(String, Hash)>,
    idle: Duration,
}

impl Default for Users {
    fn default() -> Self {
        Self { list: Vec::new(), idle: IDLE }
    }
}

impl Users {
    /// Nobody yet; sessions end when they were idle for so long.
    pub(in crate::app) fn idle_for(idle: Duration) -> Self {
        Self { idle, ..Self::default() }
    }

    /// Adds somebody, unless somebody else has the same token: whoever logged in with it would be taken for the other.
    ///
    /// # Errors
    /// The name of whoever has it.
    pub(in crate::app) fn add(&mut self, name: &str, token: &SecretString) -> Result<(), String> {
        let given = hash(token.expose_secret());
        if let Some((other, _)) = self.list.iter().find(|(other, known)| *known == given && other != name) {
            return Err(other.clone());
        }
        self.list.push((name.to_owned(), given));
        Ok(())
    }

    /// Whose token this is. Digests are compared, so the time that takes tells nothing of a token.
    fn of(&self, token: &str) -> Option<&str> {
        let given = hash(token);
        self.list.iter().find(|(_, known)| *known == given).map(|(name, _)| name.as_str())
    }
}

fn hash(text: &str) -> Hash {
    Sha256::digest(text).into()
}

/// 64 random hex digits, or nothing when the system has no randomness.
pub(in crate::app) fn random() -> Option<String> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Everybody who is logged in.
#[derive(Default)]
pub(super) struct Sessions {
    open: Mutex<HashMap<Hash, Open>>,
    wrong: Mutex<Vec<Instant>>,
}

struct Open {
    user: String,
    csrf: String,
    begun: Instant,
    used: Instant,
}

impl Open {
    fn holds(&self, now: Instant, idle: Duration) -> bool {
        now.duration_since(self.used) < idle && now.duration_since(self.begun) < LONGEST
    }
}

/// Somebody who is logged in, and what their forms must carry.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) user: String,
    pub(super) csrf: String,
}

impl Session {
    /// Whether a form comes from a page of this session.
    pub(super) fn sent(&self, csrf: &str) -> bool {
        hash(csrf) == hash(&self.csrf)
    }
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<Hash, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, user: &str, idle: Duration) -> Option<String> {
        let (id, csrf, now) = (random()?, random()?, Instant::now());
        let mut open = self.lock();
        open.retain(|_, session| session.holds(now, idle));
        if open.len() >= MOST
            && let Some(oldest) = open.iter().min_by_key(|(_, session)| session.used).map(|(key, _)| *key)
        {
            open.remove(&oldest);
        }
        open.insert(hash(&id), Open { user: user.to_owned(), csrf, begun: now, used: now });
        Some(id)
    }

    fn of(&self, headers: &HeaderMap, idle: Duration) -> Option<Session> {
        let (id, now) = (cookie(headers)?, Instant::now());
        let mut open = self.lock();
        let session = open.get_mut(&hash(&id)).filter(|session| session.holds(now, idle))?;
        session.used = now;
        Some(Session { user: session.user.clone(), csrf: session.csrf.clone() })
    }

    fn end(&self, headers: &HeaderMap) {
        if let Some(id) = cookie(headers) {
            self.lock().remove(&hash(&id));
        }
    }

    /// Notes a wrong token; says whether there were too many.
    fn too_many(&self, wrong: bool) -> bool {
        let now = Instant::now();
        let mut list = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|at| now.duration_since(*at) < WINDOW);
        if wrong {
            list.push(now);
        }
        list.len() > TRIES
    }
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.find_map(|line| {
        line.split(';').find_map(|one| one.trim().strip_prefix(COOKIE)?.strip_prefix('=').map(str::to_owned))
    })
}

impl FromRequestParts<Arc<Site>> for Session {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Response> {
        site.sessions.of(&parts.headers, site.users.idle).ok_or_else(|| {
            if parts.method == axum::http::Method::GET {
                Redirect::to("/login").into_response()
            } else {
                let said = "Nobody is logged in here any more, and nothing was done: log in and do it again.";
                (StatusCode::UNAUTHORIZED, pages::login_page(said)).into_response()
            }
        })
    }
}

/// The form of `/login`.
#[derive(Deserialize)]
pub(super) struct LoginForm {
    token: String,
}

/// Logs somebody in who has a token.
pub(super) async fn login(State(site): State<Arc<Site>>, Form(form): Form<LoginForm>) -> Response {
    let Some(user) = site.users.of(form.token.trim()) else {
        if site.sessions.too_many(false) {
            let wait = [(header::RETRY_AFTER, HeaderValue::from_static("60"))];
            let page = pages::login_page("Too many wrong tokens. Wait a minute.");
            return (StatusCode::TOO_MANY_REQUESTS, wait, page).into_response();
        }
        site.sessions.too_many(true);
        tracing::warn!("a wrong token was given to log in");
        return (StatusCode::FORBIDDEN, pages::login_page("That is not a token of this server.")).into_response();
    };
    let Some(id) = site.sessions.begin(user, site.users.idle) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "The system has no randomness.\n").into_response();
    };
    tracing::info!(user, "logged in");
    noted(&site, user);
    // No `Secure`: loopback is plain HTTP. A proxy with TLS can add it.
    with_cookie(&format!("{COOKIE}={id}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}", LONGEST.as_secs()))
}

/// Who logged in is an entry of the audit log, where that can be written: a full disk keeps nobody from pausing.
fn noted(site: &Site, user: &str) {
    if site.read_only {
        return;
    }
    let (by, details) = (operator::at_host(user), serde_json::json!({}));
    let written = tokio::task::block_in_place(|| site.store.append(site.now(), &by, "serve.login", "serve", &details));
    if let Err(error) = written {
        tracing::warn!(user, error = %error, "the audit log does not have that somebody logged in");
    }
}

/// The form of `/logout`.
#[derive(Deserialize)]
pub(super) struct LogoutForm {
    csrf: String,
}

/// Ends a session.
pub(super) async fn logout(
    State(site): State<Arc<Site>>,
    session: Session,
    headers: HeaderMap,
    Form(form): Form<LogoutForm>,
) -> Response {
    if session.sent(&form.csrf) {
        site.sessions.end(&headers);
    }
    with_cookie(&format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"))
}

fn with_cookie(cookie: &str) -> Response {
    let mut response = Redirect::to("/").into_response();
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_it_was_idle_and_when_it_is_old() {
        let begun = Instant::now();
        let after = |minutes: u64| begun + Duration::from_secs(60 * minutes);
        let open = |used: u64| Open { user: String::new(), csrf: String::new(), begun, used: after(used) };
        for (used, now, holds) in [(0, 14, true), (0, 15, false), (100, 114, true), (470, 479, true), (470, 480, false)]
        {
            assert_eq!(open(used).holds(after(now), IDLE), holds, "used after {used}, asked after {now} minutes");
        }
    }

    #[test]
    fn two_people_do_not_share_a_token() {
        let token = SecretString::from("0123456789abcdef".to_owned());
        let mut users = Users::default();
        assert_eq!(users.add("erin", &token), Ok(()));
        assert_eq!(users.add("frank", &token), Err("erin".to_owned()));
        assert_eq!(users.of("0123456789abcdef"), Some("erin"));
    }
}

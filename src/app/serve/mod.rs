//! `serve`: the report live on loopback, with what people do about it.
//!
//! Every page is made on the server; nothing is fetched by a page. Loopback is reachable by every user and every web page
//! of the machine, so: a token to log in, a session cookie that other sites cannot send, a token in every form, and the
//! `Host` header must name this address (or a name that resolves here could read everything).

mod act;
mod guard;
mod guests;
mod metrics;
mod pages;
mod pulse;
mod session;
mod site;
mod slack;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use tokio::net::TcpListener;

pub(in crate::app) use session::{Users, random};
pub(in crate::app) use site::{People, Site};

use guests::Patience;

use super::error::AppError;
use super::exit::Exit;
use super::shutdown::Shutdown;

/// A form with a reason is far below this.
const BODY: usize = 16 * 1024;

/// Answers until the end is asked for; what is being answered then is finished, if it is so in a few seconds.
///
/// # Errors
/// The address cannot be listened on.
pub(in crate::app) async fn serve(
    site: Arc<Site>,
    listen: SocketAddr,
    shutdown: &Shutdown,
    ready: impl FnOnce(SocketAddr),
) -> Result<Exit, AppError> {
    let listener = TcpListener::bind(listen).await.map_err(|error| refused(listen, &error))?;
    let address = listener.local_addr().map_err(|error| refused(listen, &error))?;
    site.listens_on(address);
    ready(address);
    tokio::select! {
        () = guests::answer(listener, router(site), shutdown, Patience::of_process()) => {}
        () = pulse::pulse(address) => return Ok(Exit::Bug),
    }
    Ok(shutdown.requested().unwrap_or(Exit::Ok))
}

fn refused(listen: SocketAddr, error: &std::io::Error) -> AppError {
    let message = format!("{listen} cannot be listened on: {error}");
    let hint = match error.kind() {
        ErrorKind::AddrInUse => "another program uses the port; choose another with --listen 127.0.0.1:PORT",
        ErrorKind::PermissionDenied => "ports below 1024 are not for everybody; choose another with --listen",
        ErrorKind::AddrNotAvailable => "this machine has no such address",
        _ => "choose another with --listen 127.0.0.1:PORT",
    };
    AppError::new(Exit::Unavailable, message).with_hint(hint)
}

/// What a mistyped address gets: without a word a browser would show its own page, or nothing.
async fn nothing_there() -> Response {
    act::plain(StatusCode::NOT_FOUND, "There is no such page. All there is can be reached from /")
}

async fn not_so() -> Response {
    act::plain(StatusCode::METHOD_NOT_ALLOWED, "This page is not asked for in that way.")
}

/// Every page there is.
pub(in crate::app) fn router(site: Arc<Site>) -> Router {
    let posted =
        site.buttons.as_ref().filter(|buttons| buttons.has_endpoint()).map(|buttons| slack::router(buttons.clone()));
    let pages = Router::new()
        .route("/", get(pages::report))
        .route("/findings/{id}", get(pages::finding).post(act::finding))
        .route("/servers/{id}", get(pages::server))
        .route("/plan", get(pages::plan).post(act::approve))
        .route("/pause", get(pages::pause).post(act::pause))
        .route("/resume", post(act::resume))
        .route("/login", get(pages::login).post(session::login))
        .route("/logout", get(pages::logout).post(session::logout))
        .route("/metrics", get(metrics::metrics))
        .route("/healthz", get(metrics::healthz))
        .fallback(nothing_there)
        .method_not_allowed_fallback(not_so)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(site.clone(), guard::guard))
        .with_state(site);
    // Beside the pages and not behind their guard: a signature is all that counts there.
    posted.into_iter().fold(pages, Router::merge)
}

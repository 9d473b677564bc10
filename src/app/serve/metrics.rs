//! `/metrics` and `/healthz`. Both answer without a session, as a scraper has none.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::Site;
use super::act::plain;
use super::pages::{blocking_task, failed};
use crate::app::error::AppError;
use crate::app::metrics::of_state;

/// Numbers of the state.
pub(super) async fn metrics(State(site): State<Arc<Site>>) -> Response {
    match blocking_task(move || all(&site)).await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(error) => failed(&error),
    }
}

/// Whether the state can be read. A scan that is long ago is no fault of this process: alert on its age.
pub(super) async fn healthz(State(site): State<Arc<Site>>) -> Response {
    match blocking_task(move || Ok(site.store.head()?)).await {
        Ok(_) => plain(StatusCode::OK, "ok"),
        Err(error) => failed(&error),
    }
}

fn all(site: &Site) -> Result<String, AppError> {
    let mut text = of_state(site.store.as_ref(), site.now())?;
    // Before the first scan there is no more to say.
    if site.store.last_scan()?.is_some() {
        text.push_str(&site.made()?.1);
    }
    Ok(text)
}

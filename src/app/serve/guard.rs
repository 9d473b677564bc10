//! Before and after every request: which host was meant, and what a browser may do with the answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Site;
use crate::report::page;

/// Refuses what was not meant for this site, and adds the headers that every answer has.
pub(super) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&site, &request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    let policy = format!("{}; frame-ancestors 'none'", page::policy("'self'"));
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn refusal(site: &Site, request: &Request) -> Option<Response> {
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    if !site.is_host(host) {
        let told =
            "This address was asked for under another name. Use the one that cattleguard printed, or --allow-host.\n";
        return Some((StatusCode::MISDIRECTED_REQUEST, told).into_response());
    }
    // A form of another site: browsers say where it comes from.
    let foreign = text(header::ORIGIN)
        .is_some_and(|origin| origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) != Some(host));
    let elsewhere = text(HeaderName::from_static("sec-fetch-site")).is_some_and(|from| from == "cross-site");
    if request.method() == Method::POST && (foreign || elsewhere) {
        return Some((StatusCode::FORBIDDEN, "This form was sent by another site.\n").into_response());
    }
    None
}

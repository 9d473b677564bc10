//! The pages that are not the report: small, without scripts of their own but for the one of the log-in page.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header;
use axum::response::{Html, IntoResponse as _, Response};

use super::Site;
use super::act::{Done, plain};
use super::session::Session;
use crate::app::error::AppError;
use crate::report::needs_approval;
use crate::report::page::{SCRIPT, STYLE};
use crate::report::render::parts::{blocking, gate_line, operation_phrase, sides, who};
use crate::report::render::{Timeline, timeline_lines};
use crate::report::text::clean;
use crate::types::{FindingId, FindingStatus, InstanceId};

/// Lines of a list on a small page.
const LINES: usize = 500;

/// The whole report.
pub(super) async fn report(State(site): State<Arc<Site>>, _session: Session) -> Response {
    match blocking_task(move || site.made()).await {
        Ok((page, _)) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response(),
        Err(error) => failed(&error),
    }
}

/// Runs what may take long away from the threads that answer.
pub(super) async fn blocking_task<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    tokio::task::spawn_blocking(run)
        .await
        .unwrap_or_else(|error| Err(AppError::failed(format!("a page failed: {error}"))))
}

pub(super) fn failed(error: &AppError) -> Response {
    tracing::error!(error = error.message(), "a page could not be made");
    let hint = error.hint().map_or(String::new(), |hint| format!(" ({hint})"));
    plain(StatusCode::SERVICE_UNAVAILABLE, &format!("{}{hint}", error.message()))
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    style: &'a str,
    script: &'a str,
    said: &'a str,
}

/// The form to log in.
pub(super) fn login_page(said: &str) -> Html<String> {
    shown(&LoginPage { style: STYLE, script: SCRIPT, said })
}

pub(super) async fn login() -> Html<String> {
    login_page("")
}

fn shown(page: &impl Template) -> Html<String> {
    // Rendering into memory does not fail.
    Html(page.render().unwrap_or_default())
}

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    style: &'a str,
    csrf: &'a str,
    user: &'a str,
}

pub(super) async fn logout(session: Session) -> Html<String> {
    shown(&LogoutPage { style: STYLE, csrf: &session.csrf, user: &session.user })
}

#[derive(Template)]
#[template(path = "finding.html")]
struct FindingPage<'a> {
    style: &'a str,
    csrf: &'a str,
    user: &'a str,
    done: Option<(bool, String)>,
    read_only: bool,
    id: String,
    code: String,
    severity: &'static str,
    status: &'static str,
    summary: String,
    expected: String,
    actual: String,
    instance: String,
    place: String,
    seen: String,
    who: Vec<String>,
    can_ack: bool,
    can_reopen: bool,
}

pub(super) async fn finding(State(site): State<Arc<Site>>, session: Session, Path(id): Path<String>) -> Response {
    finding_page(&site, &session, &id, None).await
}

/// One finding with what one can do about it.
pub(super) async fn finding_page(site: &Arc<Site>, session: &Session, id: &str, done: Option<Done>) -> Response {
    let (store, wanted) = (site.store.clone(), FindingId::new(id));
    let finding = match blocking_task(move || Ok(store.finding(&wanted)?)).await {
        Ok(Some(finding)) => finding,
        Ok(None) => return plain(StatusCode::NOT_FOUND, &format!("There is no finding {}.", clean(id, 60))),
        Err(error) => return failed(&error),
    };
    let (expected, actual) = sides(&finding, 300);
    let (status, done) = split(done);
    let page = FindingPage {
        style: STYLE,
        csrf: &session.csrf,
        user: &session.user,
        done,
        read_only: site.read_only,
        id: clean(finding.id.as_str(), 60),
        code: clean(finding.code.as_str(), 80),
        severity: finding.severity.as_str(),
        status: finding.status.as_str(),
        summary: clean(&finding.summary, 400),
        expected,
        actual,
        instance: clean(finding.instance.as_str(), 40),
        place: clean(&format!("{}/{}", finding.account, finding.region), 80),
        seen: format!("{} to {}, in {} scans", finding.first_seen, finding.last_seen, finding.times_seen),
        who: finding.attribution.iter().take(10).map(who).collect(),
        can_ack: finding.status == FindingStatus::Open,
        can_reopen: matches!(finding.status, FindingStatus::Acknowledged | FindingStatus::Resolved),
    };
    (status, shown(&page)).into_response()
}

fn split(done: Option<Done>) -> (StatusCode, Option<(bool, String)>) {
    match done {
        None => (StatusCode::OK, None),
        Some(Done { status, text }) => (status, Some((status == StatusCode::OK, text))),
    }
}

#[derive(Template)]
#[template(path = "server.html")]
struct ServerPage<'a> {
    style: &'a str,
    user: &'a str,
    id: String,
    lines: Vec<(String, &'static str, String)>,
}

/// Everything that is kept of one server.
pub(super) async fn server(State(site): State<Arc<Site>>, session: Session, Path(id): Path<String>) -> Response {
    let wanted = InstanceId::new(&id);
    match blocking_task(move || history(&site, &wanted)).await {
        Ok(lines) if lines.is_empty() => {
            plain(StatusCode::NOT_FOUND, &format!("Nothing is known of {}.", clean(&id, 60)))
        }
        Ok(lines) => {
            let page = ServerPage { style: STYLE, user: &session.user, id: clean(&id, 40), lines };
            shown(&page).into_response()
        }
        Err(error) => failed(&error),
    }
}

fn history(site: &Site, id: &InstanceId) -> Result<Vec<(String, &'static str, String)>, AppError> {
    let store = site.store.as_ref();
    let (result, events, verdicts) = (store.instance_result(id)?, store.events_of(id)?, store.verdicts_of(id)?);
    let mut findings = store.findings(true)?;
    findings.retain(|finding| finding.instance == *id);
    let mut operations = Vec::new();
    for record in store.operations_of(id)? {
        let journal = store.journal_of(&record.id)?;
        operations.push((record, journal));
    }
    let timeline = Timeline {
        instance: id,
        born_at: result.as_ref().map(|result| result.instance.born_at()),
        launched_at: result.as_ref().map(|result| result.instance.launched_at),
        ended_at: None,
        events: &events,
        verdicts: &verdicts,
        findings: &findings,
        operations: &operations,
    };
    let mut lines = timeline_lines(&timeline);
    lines.reverse();
    lines.truncate(LINES);
    Ok(lines)
}

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage<'a> {
    style: &'a str,
    csrf: &'a str,
    user: &'a str,
    done: Option<(bool, String)>,
    read_only: bool,
    hash: String,
    made: String,
    waits: bool,
    operations: Vec<(String, String, String)>,
    held: Vec<(String, String, Vec<String>)>,
    counts: (usize, usize),
}

pub(super) async fn plan(State(site): State<Arc<Site>>, session: Session) -> Response {
    plan_page(&site, &session, None).await
}

/// The last plan, to be approved.
pub(super) async fn plan_page(site: &Arc<Site>, session: &Session, done: Option<Done>) -> Response {
    let store = site.store.clone();
    let plan = match blocking_task(move || Ok(store.last_plan()?)).await {
        Ok(Some(plan)) => plan,
        Ok(None) => return plain(StatusCode::NOT_FOUND, "No plan was made yet: cattleguard scan"),
        Err(error) => return failed(&error),
    };
    let (status, done) = split(done);
    let page = PlanPage {
        style: STYLE,
        csrf: &session.csrf,
        user: &session.user,
        done,
        read_only: site.read_only,
        hash: clean(plan.to_approve().as_str(), 80),
        made: plan.created_at.to_string(),
        waits: needs_approval(&plan, &site.config.fleets),
        counts: (plan.operations.len(), plan.held.len()),
        operations: plan
            .operations
            .iter()
            .take(LINES)
            .map(|one| (clean(one.instance.as_str(), 40), clean(one.fleet.as_str(), 60), operation_phrase(one)))
            .collect(),
        held: plan
            .held
            .iter()
            .take(LINES)
            .map(|one| {
                let gates = blocking(&one.gates).into_iter().map(gate_line).collect();
                (clean(one.instance.as_str(), 40), one.kind.to_string(), gates)
            })
            .collect(),
    };
    (status, shown(&page)).into_response()
}

#[derive(Template)]
#[template(path = "pause.html")]
struct PausePage<'a> {
    style: &'a str,
    csrf: &'a str,
    user: &'a str,
    done: Option<(bool, String)>,
    read_only: bool,
    fleets: Vec<String>,
    /// Name (empty for everything), how it is called, why.
    paused: Vec<(String, String, String)>,
}

pub(super) async fn pause(State(site): State<Arc<Site>>, session: Session) -> Response {
    pause_page(&site, &session, None).await
}

/// The kill switch.
pub(super) async fn pause_page(site: &Arc<Site>, session: &Session, done: Option<Done>) -> Response {
    let store = site.store.clone();
    let pauses = match blocking_task(move || Ok(store.pauses()?)).await {
        Ok(pauses) => pauses,
        Err(error) => return failed(&error),
    };
    let (status, done) = split(done);
    let page = PausePage {
        style: STYLE,
        csrf: &session.csrf,
        user: &session.user,
        done,
        read_only: site.read_only,
        fleets: site.config.fleets.iter().map(|fleet| fleet.name.to_string()).collect(),
        paused: pauses
            .iter()
            .map(|(fleet, reason)| {
                let name = fleet.as_ref().map_or(String::new(), ToString::to_string);
                let called = fleet.as_ref().map_or_else(|| "everything".to_owned(), |fleet| format!("fleet {fleet}"));
                (name, called, clean(reason, 600))
            })
            .collect(),
    };
    (status, shown(&page)).into_response()
}

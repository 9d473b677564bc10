//! What people do: the same code as the commands, with the name of whoever is logged in.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::session::Session;
use super::{Site, pages};
use crate::app::commands::{approve_plan, pause_fleet, tell};
use crate::app::error::AppError;
use crate::app::operator;
use crate::report::text::clean;
use crate::types::{FindingId, FindingStatus, FleetName};

/// Reasons longer than this are no reasons.
const REASON: usize = 500;

#[derive(Deserialize)]
pub(super) struct FindingForm {
    csrf: String,
    status: String,
}

/// Acknowledges or reopens a finding.
pub(super) async fn finding(
    State(site): State<Arc<Site>>,
    session: Session,
    Path(id): Path<String>,
    Form(form): Form<FindingForm>,
) -> Response {
    let FindingForm { csrf, status } = form;
    let done = act(&site, &session, &csrf, |site, by| {
        let status = match status.as_str() {
            "acknowledged" => FindingStatus::Acknowledged,
            "open" => FindingStatus::Open,
            _ => return Err(AppError::usage("a finding is acknowledged or reopened")),
        };
        let finding = site.store.set_finding_status(&FindingId::new(&id), status, by, site.now())?;
        let text = format!("{} is {}.", finding.id, finding.status);
        tell(site.store.as_ref(), &site.destinations, &[finding], by, site.now())?;
        Ok(text)
    });
    pages::finding_page(&site, &session, &id, Some(done)).await
}

#[derive(Deserialize)]
pub(super) struct ApproveForm {
    csrf: String,
    plan: String,
}

/// Approves the plan that was looked at.
pub(super) async fn approve(
    State(site): State<Arc<Site>>,
    session: Session,
    Form(form): Form<ApproveForm>,
) -> Response {
    let done = act(&site, &session, &form.csrf, |site, _| {
        // The name that the command would give: who approves here and there is one person, not two.
        let by = operator::at_host(&session.user);
        let (store, told) = (site.store.as_ref(), &site.destinations);
        let approved = approve_plan(store, &site.config, told, &by, site.now(), &form.plan)?;
        Ok(approved.to_string())
    });
    pages::plan_page(&site, &session, Some(done)).await
}

#[derive(Deserialize)]
pub(super) struct PauseForm {
    csrf: String,
    fleet: String,
    #[serde(default)]
    reason: String,
}

/// Pulls the kill switch.
pub(super) async fn pause(State(site): State<Arc<Site>>, session: Session, Form(form): Form<PauseForm>) -> Response {
    let done = act(&site, &session, &form.csrf, |site, by| {
        let (fleet, reason) =
            (Some(form.fleet.as_str()).filter(|name| !name.is_empty()), clean(form.reason.trim(), REASON));
        if reason.is_empty() {
            return Err(AppError::usage("say why"));
        }
        pause_fleet(site.store.as_ref(), &site.config, fleet, &reason, by, site.now())?;
        Ok("Paused: nothing is enforced until somebody resumes.".to_owned())
    });
    pages::pause_page(&site, &session, Some(done)).await
}

/// Lets go of it.
pub(super) async fn resume(State(site): State<Arc<Site>>, session: Session, Form(form): Form<PauseForm>) -> Response {
    let done = act(&site, &session, &form.csrf, |site, by| {
        site.store.resume(fleet(site, &form.fleet)?.as_ref(), by, site.now())?;
        Ok("Resumed.".to_owned())
    });
    pages::pause_page(&site, &session, Some(done)).await
}

fn fleet(site: &Site, name: &str) -> Result<Option<FleetName>, AppError> {
    crate::app::commands::known_fleet(&site.config, (!name.is_empty()).then_some(name))
}

/// How an act ended, for the page that follows.
pub(super) struct Done {
    pub(super) status: StatusCode,
    pub(super) text: String,
}

/// Checks that one may, then acts. A transaction of the store takes milliseconds, or waits for another process's commit.
fn act(
    site: &Arc<Site>,
    session: &Session,
    csrf: &str,
    run: impl FnOnce(&Site, &str) -> Result<String, AppError>,
) -> Done {
    if !session.sent(csrf) {
        return Done { status: StatusCode::FORBIDDEN, text: "This form is old: load the page again.".to_owned() };
    }
    if site.read_only {
        let text = "The state is open for reading only here.".to_owned();
        return Done { status: StatusCode::FORBIDDEN, text };
    }
    let by = format!("{} by serve", operator::at_host(&session.user));
    match tokio::task::block_in_place(|| run(site, &by)) {
        Ok(text) => {
            tracing::info!(user = session.user, outcome = text, "acted");
            Done { status: StatusCode::OK, text }
        }
        Err(error) => {
            let hint = error.hint().map_or(String::new(), |hint| format!(" ({hint})"));
            Done { status: StatusCode::CONFLICT, text: format!("{}{hint}", error.message()) }
        }
    }
}

/// A page that says only what is wrong.
pub(super) fn plain(status: StatusCode, text: &str) -> Response {
    (status, format!("{text}\n")).into_response()
}

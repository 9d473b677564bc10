//! `plan`: what enforcement would do, what it holds and why, as of the last scan.

use super::stored::Stored;
use crate::app::cli::findings::PlanArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::view::look;
use crate::report::render::parts::time;
use crate::report::render::{plan_json, plan_text};
use crate::report::text::clean;
use crate::store::Store;
use crate::types::Plan;

/// Runs the command. The exit code is 4 when something is held.
///
/// # Errors
/// State.
pub(super) fn run(context: &Context<'_>, args: &PlanArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let stored = Stored::load(context, false)?;
    let mut plan =
        stored.plan.ok_or_else(|| AppError::failed("the last scan made no plan").with_hint("cattleguard scan"))?;
    if !args.fleet.is_empty() {
        let wanted = |name: &str| args.fleet.iter().any(|fleet| fleet == name);
        plan.operations.retain(|operation| wanted(operation.fleet.as_str()));
        plan.held.retain(|held| held.fleet.as_ref().is_some_and(|fleet| wanted(fleet.as_str())));
        plan.frozen.retain(|(fleet, _)| wanted(fleet.as_str()));
    }
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => plan_json(&plan),
            Format::Table => plan_text(&plan, &look(canvas, context.global.verbose > 0)),
        })
    })?;
    standing(context, stored.store.as_ref(), &plan)?;
    Ok(if plan.held.is_empty() { Exit::Ok } else { Exit::Held })
}

/// What people said since the scan that made the plan, which the plan cannot know.
fn standing(context: &Context<'_>, store: &dyn Store, plan: &Plan) -> Result<(), AppError> {
    for (fleet, reason) in store.pauses()? {
        let (what, lifts) = match fleet {
            None => ("everything".to_owned(), String::new()),
            Some(fleet) => (format!("fleet {fleet}"), format!(" --fleet {fleet}")),
        };
        context.note(&format!("{what} is paused: {}; `cattleguard resume{lifts}` lifts it", clean(&reason, 600)));
    }
    for approval in store.approvals(context.now())?.iter().filter(|approval| approval.plan == plan.hash) {
        let approver = clean(&approval.approver, 120);
        context.note(&format!("approved by {approver} until {}", time(approval.expires_at)));
    }
    Ok(())
}

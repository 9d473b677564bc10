//! `pause` and `resume`: the kill switch.

use jiff::Timestamp;

use crate::app::cli::exceptions::{PauseArgs, ResumeArgs};
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::report::text::clean;
use crate::store::Store;
use crate::types::FleetName;

pub(super) fn pause(context: &Context<'_>, args: &PauseArgs) -> Result<Exit, AppError> {
    let config = context.load(Vec::new())?.config;
    let fleet = args.fleet.as_deref();
    // A typing error needs no state to be found.
    super::known_fleet(&config, fleet)?;
    let store = context.store(&config)?;
    let fleet = pause_fleet(store.as_ref(), &config, fleet, &args.reason, &context.operator(), context.now())?;
    let lifts = fleet.as_ref().map_or(String::new(), |fleet| format!(" --fleet {fleet}"));
    context.note(&format!("paused {}: nothing is enforced until `cattleguard resume{lifts}`", what(fleet.as_ref())));
    Ok(Exit::Ok)
}

/// Pulls the kill switch for a fleet, or for everything; returns for which.
///
/// # Errors
/// A fleet that is not configured; state.
pub(in crate::app) fn pause_fleet(
    store: &dyn Store,
    config: &Config,
    fleet: Option<&str>,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<Option<FleetName>, AppError> {
    let fleet = super::known_fleet(config, fleet)?;
    store.pause(fleet.as_ref(), reason, by, now)?;
    Ok(fleet)
}

pub(super) fn resume(context: &Context<'_>, args: &ResumeArgs) -> Result<Exit, AppError> {
    let config = context.load(Vec::new())?.config;
    let fleet = super::known_fleet(&config, args.fleet.as_deref())?;
    let store = context.store(&config)?;
    let lifted = store.pauses()?.into_iter().find(|(paused, _)| *paused == fleet);
    store.resume(fleet.as_ref(), &context.operator(), context.now())?;
    let was = lifted.map_or(String::new(), |(_, reason)| format!("; it was paused because: {}", clean(&reason, 600)));
    context.note(&format!("resumed {}{was}", what(fleet.as_ref())));
    // A fleet stays held while everything is paused, and the other way round: say so here, not by surprise later.
    for (paused, reason) in store.pauses()? {
        context.note(&format!("still paused: {} ({reason})", what(paused.as_ref())));
    }
    Ok(Exit::Ok)
}

fn what(fleet: Option<&FleetName>) -> String {
    fleet.map_or_else(|| "everything".to_owned(), |fleet| format!("fleet {fleet}"))
}

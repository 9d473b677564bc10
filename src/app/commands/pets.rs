//! `pets`: the servers that people treat as one of a kind, the worst first.

use super::stored::Stored;
use crate::app::cli::findings::PetsArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::view::look;
use crate::report::View;
use crate::report::pets::find_pets;
use crate::report::render::{pets_json, pets_text};

/// Runs the command.
///
/// # Errors
/// State.
pub(super) fn run(context: &Context<'_>, args: &PetsArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let stored = Stored::load(context, false)?;
    let goldens = stored.store.goldens()?;
    let view = View::new(&stored.results, &stored.findings, stored.plan.as_ref());
    let mut pets = find_pets(&stored.results, &goldens, &view, context.now());
    if !args.fleet.is_empty() {
        pets.retain(|pet| pet.fleet.as_ref().is_some_and(|fleet| args.fleet.iter().any(|name| name == fleet.as_str())));
    }
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => pets_json(&pets),
            Format::Table => pets_text(&pets, &look(canvas, context.global.verbose > 0)),
        })
    })?;
    Ok(Exit::Ok)
}

//! `trail`: what is known of the way that change events take.

mod dead_letters;
mod keys;
mod places;
mod show;
mod verify;

use crate::app::cli::trail::TrailCommand;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;

/// Runs the command.
///
/// # Errors
/// As the command has them.
pub(super) fn run(context: &Context<'_>, command: &TrailCommand) -> Result<Exit, AppError> {
    match command {
        TrailCommand::Verify(args) => verify::run(context, args),
        TrailCommand::DeadLetters(command) => dead_letters::run(context, command),
    }
}

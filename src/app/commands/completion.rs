//! `completion`: a script that teaches a shell our commands and flags.

use crate::app::cli::{self, misc::CompletionArgs};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output;

pub(super) fn run(context: &Context<'_>, args: &CompletionArgs) -> Result<Exit, AppError> {
    let name = context.backend.name();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(name), name, &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}

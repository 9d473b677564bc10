//! `config check` and `config show`.

use crate::app::cli::config::{CheckArgs, ShowArgs};
use crate::app::config::{self, Loaded};
use crate::app::context::Context;
use crate::app::diag::{self, Diag};
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;

pub(super) fn check(context: &Context<'_>, args: &CheckArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let diags = match context.try_load(Vec::new()) {
        Ok(loaded) if args.secrets => unreadable_secrets(context, &loaded),
        Ok(_) => Vec::new(),
        Err(diags) => diags,
    };
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => super::json_text(&diag::to_json(&diags)),
            Format::Table if diags.is_empty() => "ok".to_owned(),
            Format::Table => diag::render(&diags, canvas.color),
        })
    })?;
    Ok(if diags.is_empty() { Exit::Ok } else { Exit::Config })
}

/// A diagnostic for each destination with a secret that cannot be read or used.
fn unreadable_secrets(context: &Context<'_>, loaded: &Loaded) -> Vec<Diag> {
    let file = crate::app::terminal::clean(&loaded.path.display().to_string());
    let problems = loaded.config.notify.iter().filter_map(|notify| notify.judged(&context.env).err());
    problems.map(|why| Diag::whole_file("unreadable-secret", file.clone(), why)).collect()
}

pub(super) fn show(context: &Context<'_>, args: &ShowArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let loaded = context.load(Vec::new())?;
    outputs.emit(|format, _| {
        Ok(match format {
            Format::Json | Format::Ndjson => super::json_text(&config::to_json(&loaded.settings)),
            Format::Table => config::to_text(&loaded.settings, args.origin),
        })
    })?;
    Ok(Exit::Ok)
}

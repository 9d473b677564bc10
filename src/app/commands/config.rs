//! `config check` and `config show`.

use std::path::PathBuf;

use crate::app::cli::config::{CheckArgs, ShowArgs};
use crate::app::config::{self, Loaded};
use crate::app::context::Context;
use crate::app::diag::{self, Diag};
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::pipeline::configured_parameter_faults;
use crate::app::terminal::clean;

pub(super) fn check(context: &Context<'_>, args: &CheckArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let diags = match context.try_load(Vec::new()) {
        Ok(loaded) => {
            let mut diags = parameter_faults(&loaded);
            if args.secrets {
                diags.extend(secret_faults(context, &loaded));
            }
            diags
        }
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

/// A diagnostic for each parameter of a pack that the pack does not take.
fn parameter_faults(loaded: &Loaded) -> Vec<Diag> {
    let faults = configured_parameter_faults(&loaded.config).into_iter();
    let shown = |file: Option<PathBuf>| clean(&file.as_ref().unwrap_or(&loaded.path).display().to_string());
    let at = |fault: String| format!("[policy]: {}", clean(&fault));
    faults.map(|(file, fault)| Diag::whole_file("parameter", shown(file), at(fault))).collect()
}

/// A diagnostic for each destination with a secret that cannot be read or used, and each secret that others can get at.
fn secret_faults(context: &Context<'_>, loaded: &Loaded) -> Vec<Diag> {
    let file = clean(&loaded.path.display().to_string());
    let problems = loaded.config.notify.iter().filter_map(|notify| notify.judged(&context.env).err());
    let unreadable = problems.map(|why| Diag::whole_file("unreadable-secret", file.clone(), why));
    let exposed = loaded.config.exposed_secrets().into_iter();
    let exposed = exposed.map(|why| Diag::whole_file("exposed-secret", file.clone(), format!("{why}: chmod 600")));
    unreadable.chain(exposed).collect()
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

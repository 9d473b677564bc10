//! `golden`: record images, compare them, and choose the one to run.

mod record;
mod transfer;

use crate::app::cli::golden::{DiffArgs, GoldenCommand, NoteArgs};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::view::look;
use crate::detect::registry::{StatusRefusal, deprecate, promote, revoke};
use crate::report::render::{
    golden_diff_json, golden_diff_text, golden_json, golden_text, goldens_json, goldens_table,
};
use crate::store::Store;
use crate::types::{Golden, GoldenRef};
use jiff::Timestamp;

/// Runs the command.
///
/// # Errors
/// Configuration, state, or a refusal that says what to do instead.
pub(super) fn run(context: &Context<'_>, command: &GoldenCommand) -> Result<Exit, AppError> {
    match command {
        GoldenCommand::Record(args) => record::run(context, args),
        GoldenCommand::List => list(context),
        GoldenCommand::Show(args) => show(context, &args.reference),
        GoldenCommand::Diff(args) => diff(context, args),
        GoldenCommand::Promote(args) => change(context, &args.reference, None, promote),
        GoldenCommand::Deprecate(args) => {
            let reason = args.reason.as_deref();
            change(context, &args.reference, reason, |golden, _| deprecate(golden, reason))
        }
        GoldenCommand::Revoke(args) => revoke_one(context, args),
        GoldenCommand::Export(args) => transfer::export(context, &args.references),
        GoldenCommand::Import(args) => transfer::import(context, &args.file),
    }
}

fn list(context: &Context<'_>) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let store = context.any_store(&context.load(Vec::new())?.config)?;
    let goldens = store.map_or_else(|| Ok(Vec::new()), |store| store.goldens())?;
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => goldens_json(&goldens),
            Format::Table => goldens_table(&goldens, &look(canvas, context.global.verbose > 0)),
        })
    })?;
    Ok(Exit::Ok)
}

fn show(context: &Context<'_>, reference: &GoldenRef) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let store = open_read_only(context)?;
    let golden = find(store.as_ref(), reference)?;
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => golden_json(&golden),
            Format::Table => golden_text(&golden, &look(canvas, context.global.verbose > 0)),
        })
    })?;
    Ok(Exit::Ok)
}

fn diff(context: &Context<'_>, args: &DiffArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let store = open_read_only(context)?;
    let (before, after) = (find(store.as_ref(), &args.from)?, find(store.as_ref(), &args.to)?);
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => golden_diff_json(&before, &after),
            Format::Table => golden_diff_text(&before, &after, &look(canvas, context.global.verbose > 0)),
        })
    })?;
    Ok(Exit::Ok)
}

fn revoke_one(context: &Context<'_>, args: &NoteArgs) -> Result<Exit, AppError> {
    let Some(reason) = args.reason.as_deref() else {
        return Err(AppError::usage("revoking a golden needs --reason: it is for good, and alerts quote it"));
    };
    change(context, &args.reference, Some(reason), |golden, _| revoke(golden, reason))
}

fn change(
    context: &Context<'_>,
    reference: &GoldenRef,
    reason: Option<&str>,
    apply: impl FnOnce(&Golden, Timestamp) -> Result<Golden, StatusRefusal>,
) -> Result<Exit, AppError> {
    let store = open(context)?;
    let now = context.now();
    let golden = find(store.as_ref(), reference)?;
    let wanted = apply(&golden, now).map_err(|refusal| AppError::failed(refusal.to_string()))?;
    let changed = store.set_golden_status(reference, wanted.status, reason, &context.operator(), now)?;
    context.note(&format!("{reference} is {}", changed.status));
    Ok(Exit::Ok)
}

pub(super) fn open(context: &Context<'_>) -> Result<std::sync::Arc<dyn Store>, AppError> {
    let loaded = context.load(Vec::new())?;
    context.store(&loaded.config)
}

/// The state for reading only: works while a scan runs.
pub(super) fn open_read_only(context: &Context<'_>) -> Result<std::sync::Arc<dyn Store>, AppError> {
    let loaded = context.load(Vec::new())?;
    context.read_store(&loaded.config)
}

fn find(store: &dyn Store, reference: &GoldenRef) -> Result<Golden, AppError> {
    let found = store.golden(reference)?;
    found.ok_or_else(|| unknown(store, reference))
}

/// Names what there is, so that a typing error is seen at once.
fn unknown(store: &dyn Store, reference: &GoldenRef) -> AppError {
    let known: Vec<String> =
        store.goldens().unwrap_or_default().iter().map(|golden| golden.reference().to_string()).collect();
    let hint = if known.is_empty() {
        "no golden is recorded yet: cattleguard golden record LINE --ami ID".to_owned()
    } else {
        format!("recorded: {}", known.join(", "))
    };
    AppError::failed(format!("no golden {reference} is recorded")).with_hint(hint)
}

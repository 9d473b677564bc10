//! `silences`: for a while, nobody is told of what matches.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::exceptions::expiry;
use crate::app::cli::silences::{AddArgs, ListArgs, RevokeArgs, SilencesCommand};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Canvas, Format};
use crate::app::{output, table};
use crate::report::render::parts::time;
use crate::types::{InstanceId, Silence, SilenceId};

/// Longer than this nobody is kept from knowing: what is to be silent for good has its own routes.
const LONGEST: Duration = Duration::from_secs(90 * 86_400);

/// Runs the command.
///
/// # Errors
/// State, or what cannot be silenced.
pub(super) fn run(context: &Context<'_>, command: &SilencesCommand) -> Result<Exit, AppError> {
    match command {
        SilencesCommand::Add(args) => add(context, args),
        SilencesCommand::List(args) => list(context, args),
        SilencesCommand::Revoke(args) => revoke(context, args),
    }
}

fn add(context: &Context<'_>, args: &AddArgs) -> Result<Exit, AppError> {
    let config = context.load(Vec::new())?.config;
    let now = context.now();
    if let Some(code) = args.code.as_deref().filter(|code| !crate::app::config::is_known_code(code)) {
        let message = format!("no finding code is or begins with `{}`", crate::app::terminal::clean_short(code, 60));
        return Err(
            AppError::usage(message).with_hint("`event-*` means a family; `cattleguard explain CODE` explains one")
        );
    }
    let mut silence = Silence {
        id: SilenceId::new(""),
        fleet: super::known_fleet(&config, args.fleet.as_deref())?,
        code: args.code.clone(),
        account: args.account.clone(),
        instance: args.instance.as_deref().map(InstanceId::new),
        actor: args.actor.clone(),
        reason: args.reason.clone(),
        by: context.operator(),
        created_at: now,
        until: expiry(&args.until, LONGEST, now).map_err(|why| AppError::usage(format!("--until: {why}")))?,
    };
    let body = serde_json::to_vec(&silence).unwrap_or_default();
    silence.id = SilenceId::new(format!("s-{}", blake3::hash(&body).to_hex().get(..12).unwrap_or_default()));
    context.store(&config)?.add_silence(&silence)?;
    output::print(&format!("{}\n", silence.id))?;
    Ok(Exit::Ok)
}

fn list(context: &Context<'_>, args: &ListArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let config = context.load(Vec::new())?.config;
    let now = context.now();
    let store = context.any_store(&config)?;
    let mut silences = store.map_or_else(|| Ok(Vec::new()), |store| store.silences())?;
    silences.extend(config.silences);
    silences.retain(|silence| args.all || silence.is_active(now));
    silences.sort_by(|a, b| (a.until, &a.id).cmp(&(b.until, &b.id)));
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Table if silences.is_empty() => "no silences".to_owned(),
            Format::Table => as_table(&silences, now, canvas),
            Format::Json | Format::Ndjson => super::json_text(&json!({
                "schema": "cattleguard.dev/silences/v1",
                "silences": silences,
            })),
        })
    })?;
    Ok(Exit::Ok)
}

fn as_table(silences: &[Silence], now: Timestamp, canvas: Canvas) -> String {
    let rows: Vec<Vec<String>> = silences
        .iter()
        .map(|silence| {
            let state = if silence.is_active(now) { "active" } else { "ended" };
            vec![
                silence.id.to_string(),
                state.to_owned(),
                time(silence.until),
                silence.scope(),
                silence.by.clone(),
                silence.reason.clone(),
            ]
        })
        .collect();
    table::render(&["id", "state", "until", "scope", "by", "reason"], &rows, canvas)
}

fn revoke(context: &Context<'_>, args: &RevokeArgs) -> Result<Exit, AppError> {
    let config = context.load(Vec::new())?.config;
    if config.silences.iter().any(|silence| silence.id.as_str() == args.id) {
        return Err(AppError::failed(format!("{} stands in the configuration", args.id))
            .with_hint("take its [[silence]] out of the file"));
    }
    let store = context.store(&config)?;
    store.revoke_silence(&SilenceId::new(&args.id), &context.operator(), context.now())?;
    context.note(&format!("ended silence {}", args.id));
    Ok(Exit::Ok)
}

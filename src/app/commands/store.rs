//! `store`: looking after the state file.

use jiff::SignedDuration;
use serde_json::json;

use super::json_text;
use crate::app::cli::store::{BackupArgs, PruneArgs, StoreCommand};
use crate::app::config::format_duration;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Canvas, Format};
use crate::app::table;
use crate::app::terminal::clean;
use crate::report::render::parts::time;
use crate::store::{AuditLog, Pruned, SqliteStore, StateStats, Upkeep as _};

/// Runs the command.
///
/// # Errors
/// State that cannot be read or written.
pub(super) fn run(context: &Context<'_>, command: &StoreCommand) -> Result<Exit, AppError> {
    match command {
        StoreCommand::Stats => stats(context),
        StoreCommand::Verify => verify(context),
        StoreCommand::Backup(args) => backup(context, args),
        StoreCommand::Prune(args) => prune(context, args),
    }
}

fn stats(context: &Context<'_>) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let config = context.load(Vec::new())?.config;
    let stats = context.read_store(&config)?.stats()?;
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => json_text(&json!({
                "schema": "cattleguard.dev/store-stats/v1",
                "path": config.state.path, "schema_version": stats.schema, "bytes": stats.bytes,
                "free_bytes": stats.free_bytes, "oldest_scan": stats.oldest_scan,
                "tables": stats.tables.iter().map(|table| json!({
                    "name": table.name, "rows": table.rows, "bytes": table.bytes,
                })).collect::<Vec<_>>(),
            })),
            Format::Table => shown(&stats, &config.state.path.display().to_string(), canvas),
        })
    })?;
    Ok(Exit::Ok)
}

fn shown(stats: &StateStats, path: &str, canvas: Canvas) -> String {
    let rows: Vec<Vec<String>> =
        stats.tables.iter().map(|table| vec![table.name.clone(), table.rows.to_string(), size(table.bytes)]).collect();
    let oldest = stats.oldest_scan.map_or_else(|| "no scan yet".to_owned(), |at| format!("oldest scan {}", time(at)));
    format!(
        "{}: {}, of which {} free; schema {}, SQLite {}; {oldest}\n\n{}",
        clean(path),
        size(stats.bytes),
        size(stats.free_bytes),
        stats.schema,
        SqliteStore::library_version(),
        table::render(&["what", "rows", "size"], &rows, canvas)
    )
}

fn size(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} B"),
        10_000..=9_999_999 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

/// Exit 2 when anything is wrong: nothing that is read from such a file can be trusted.
fn verify(context: &Context<'_>) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let config = context.load(Vec::new())?.config;
    let store = context.read_store(&config)?;
    let mut problems = store.unsound()?;
    let AuditLog { entries, broken } = AuditLog::read(store.as_ref())?;
    problems.extend(broken.map(|broken| broken.to_string()));
    let exit = if problems.is_empty() { Exit::Ok } else { Exit::Failed };
    outputs.emit(|format, _| {
        Ok(match format {
            Format::Json | Format::Ndjson => json_text(&json!({
                "schema": "cattleguard.dev/store-verify/v1", "ok": problems.is_empty(), "problems": problems,
                "audit_entries": entries.len(), "exit_code": exit.code(),
            })),
            Format::Table if problems.is_empty() => {
                format!("ok: every page and document is sound, and so is the chain of {} audit entries", entries.len())
            }
            Format::Table => problems.iter().map(|problem| format!("{}\n", clean(problem))).collect(),
        })
    })?;
    Ok(exit)
}

fn backup(context: &Context<'_>, args: &BackupArgs) -> Result<Exit, AppError> {
    let config = context.load(Vec::new())?.config;
    let shown = clean(&args.file.display().to_string());
    if args.file.symlink_metadata().is_ok() {
        return Err(AppError::failed(format!("{shown} is there already: name a new file")));
    }
    context.read_store(&config)?.backup(&args.file)?;
    // A copy that nobody opened is a hope. What is wrong with it is wrong with the state, too, or with the disk.
    let problems = SqliteStore::open_read_only(&args.file)?.unsound()?;
    if let Some(problem) = problems.first() {
        let text = format!("{shown} was written and is not sound: {}", clean(problem));
        let hint =
            "do not replace an older backup by it; `cattleguard store verify` says whether the state itself is damaged";
        return Err(AppError::failed(text).with_hint(hint));
    }
    let bytes = std::fs::metadata(&args.file).map_or(0, |found| found.len());
    context.note(&format!("{shown}: {}, whole and on disk", size(bytes)));
    Ok(Exit::Ok)
}

fn prune(context: &Context<'_>, args: &PruneArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let config = context.load(Vec::new())?.config;
    let store = if args.dry_run { context.read_store(&config)? } else { context.store(&config)? };
    let keep = SignedDuration::try_from(config.state.retention).unwrap_or(SignedDuration::MAX);
    let before = context.now().checked_sub(keep).unwrap_or(jiff::Timestamp::MIN);
    let pruned = store.prunable(before)?;
    let rows: u64 = pruned.iter().map(|kind| kind.rows).sum();
    if !args.dry_run && rows > 0 {
        let deleted = store.prune(before)?;
        let details = json!({ "rows": deleted, "before": before });
        store.append(context.now(), &context.operator(), "state.prune", "state", &details)?;
    }
    outputs.emit(|format, _| {
        Ok(match format {
            Format::Json | Format::Ndjson => json_text(&json!({
                "schema": "cattleguard.dev/store-prune/v1", "dry_run": args.dry_run, "before": before, "rows": rows,
                "kinds": pruned.iter().map(|kind| json!({ "what": kind.what, "rows": kind.rows })).collect::<Vec<_>>(),
            })),
            Format::Table => listed(&pruned, args.dry_run, &format_duration(config.state.retention)),
        })
    })?;
    Ok(Exit::Ok)
}

fn listed(pruned: &[Pruned], dry_run: bool, keep: &str) -> String {
    let some: Vec<String> =
        pruned.iter().filter(|kind| kind.rows > 0).map(|kind| format!("{} {}", kind.rows, kind.what)).collect();
    match (some.is_empty(), dry_run) {
        (true, _) => format!("nothing is older than {keep} (state.retention) and no longer needed"),
        (false, true) => format!("would delete {}", some.join(", ")),
        (false, false) => format!("deleted {}", some.join(", ")),
    }
}

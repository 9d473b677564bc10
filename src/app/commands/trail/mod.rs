//! `trail verify`: proves log files by CloudTrail's digest files.

mod keys;
mod show;

use std::path::PathBuf;

use jiff::SignedDuration;

use crate::app::cli::trail::{TrailCommand, TrailVerifyArgs};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::collect::TrailSource;
use crate::collect::digest::{Folder, VerifyReport, VerifyRequest, verify};

/// Runs the command.
///
/// # Errors
/// No folder, or none with digest files in it: there is nothing to trust.
pub(super) fn run(context: &Context<'_>, command: &TrailCommand) -> Result<Exit, AppError> {
    let TrailCommand::Verify(args) = command;
    let outputs = context.outputs(&[Format::Table, Format::Json, Format::Ndjson])?;
    let now = context.now();
    let since = args.since.and_then(|since| SignedDuration::try_from(since).ok());
    let since = since.and_then(|since| now.checked_sub(since).ok());
    let folders = folders(context, args)?;
    let keys = keys::read(context, args, &folders)?;
    let progress = context.progress();
    let note = |report: &VerifyReport| {
        progress.update(report.logs_read, report.logs, &format!("log files, {} MB", report.bytes / 1_000_000));
    };
    let mut report = VerifyReport::default();
    for folder in &folders {
        report.add(verify(&VerifyRequest { objects: folder, keys: &keys, since, places: None, progress: &note }));
    }
    progress.finish();
    if report.chains.is_empty() && report.unproven.total == 0 {
        let hint =
            "give the folder that holds AWSLogs, with CloudTrail-Digest in it; the trail needs log file validation";
        return Err(AppError::failed("no digest files were found").with_hint(hint));
    }
    let exit = exit_of(&report);
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Table => show::text(&report, canvas),
            Format::Json => show::document(&report, exit),
            Format::Ndjson => show::lines(&report, exit),
        })
    })?;
    Ok(exit)
}

fn exit_of(report: &VerifyReport) -> Exit {
    if !report.is_judged() {
        Exit::Partial
    } else if report.breaks.total > 0 {
        Exit::Findings
    } else {
        Exit::Ok
    }
}

fn folders(context: &Context<'_>, args: &TrailVerifyArgs) -> Result<Vec<Folder>, AppError> {
    let paths = if args.paths.is_empty() { configured(context)? } else { args.paths.clone() };
    let open = |path: &PathBuf| {
        Folder::open(path).map_err(|error| AppError::failed(format!("{} cannot be read: {error}", path.display())))
    };
    paths.iter().map(open).collect()
}

fn configured(context: &Context<'_>) -> Result<Vec<PathBuf>, AppError> {
    let sources = context.load(Vec::new())?.config.collect.trail;
    let paths: Vec<PathBuf> = sources
        .into_iter()
        .filter_map(|source| {
            let TrailSource::Dir(path) = source else { return None };
            Some(path)
        })
        .collect();
    if paths.is_empty() {
        let hint =
            "the event history has no digest files; copy the trail's bucket with `aws s3 sync` and give the folder";
        return Err(AppError::usage("no folder of log files is given or configured").with_hint(hint));
    }
    Ok(paths)
}

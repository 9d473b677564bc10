//! `trail verify`: proves log files by CloudTrail's digest files.

use std::thread;

use jiff::{SignedDuration, Timestamp};

use super::keys::Keys;
use super::places::{self, Places};
use super::show;
use crate::app::cli::trail::TrailVerifyArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::collect::digest::{Bucket, PublicKeys, TrailObjects, VerifyReport, VerifyRequest, verify};

/// Runs the command.
///
/// # Errors
/// Nothing to look at, or no digest files in it: there is nothing to trust.
pub(super) fn run(context: &Context<'_>, args: &TrailVerifyArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json, Format::Ndjson])?;
    let since = args.since.and_then(|since| SignedDuration::try_from(since).ok());
    let since = since.and_then(|since| context.now().checked_sub(since).ok());
    let places = places::find(context, &args.paths)?;
    let mut keys = Keys::read(context, args)?;
    let report = if places.buckets.is_empty() {
        let folders: Vec<&dyn TrailObjects> = places.folders.iter().map(|folder| folder as &dyn TrailObjects).collect();
        verify_all(context, &folders, &keys.of(&folders)?, since)
    } else {
        with_buckets(context, &places, &mut keys, since)?
    };
    if report.chains.is_empty() && report.unproven.total == 0 {
        let hint = "give the folder that holds AWSLogs, or s3://BUCKET/PREFIX with the prefix of the trail, and \
                    CloudTrail-Digest in it; the trail needs log file validation";
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

/// Verifies while threads beside answer for the buckets.
fn with_buckets(
    context: &Context<'_>,
    places: &Places,
    keys: &mut Keys<'_, '_>,
    since: Option<Timestamp>,
) -> Result<VerifyReport, AppError> {
    let (runtime, cloud) = keys.connect()?;
    let logs = cloud.logs().ok_or_else(|| AppError::failed("buckets cannot be read here"))?;
    thread::scope(|scope| {
        // Dropped at the end, which ends the threads.
        let mut buckets = Vec::new();
        for (access, part) in &places.buckets {
            let (bucket, mut reader) = Bucket::open(access, part.clone(), since);
            let runtime = runtime.clone();
            scope.spawn(move || runtime.block_on(reader.serve(logs)));
            buckets.push(bucket);
        }
        let folders = places.folders.iter().map(|folder| folder as &dyn TrailObjects);
        let all: Vec<&dyn TrailObjects> =
            folders.chain(buckets.iter().map(|bucket| bucket as &dyn TrailObjects)).collect();
        Ok(verify_all(context, &all, &keys.of(&all)?, since))
    })
}

fn verify_all(
    context: &Context<'_>,
    places: &[&dyn TrailObjects],
    keys: &PublicKeys,
    since: Option<Timestamp>,
) -> VerifyReport {
    let progress = context.progress();
    let note = |report: &VerifyReport| {
        progress.update(report.logs_read, report.logs, &format!("log files, {} MB", report.bytes / 1_000_000));
    };
    let mut report = VerifyReport::default();
    for &objects in places {
        // Whoever asks for the last days asks for all of them; a copy as a whole ends where it ends.
        let until = since.map(|_| context.now());
        let request = VerifyRequest { objects, keys, since, until, hashed: None, places: None, progress: &note };
        report.add(verify(&request));
    }
    progress.finish();
    report
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

//! `ingest`: reads CloudTrail log files, prints the change events in them, and keeps them if asked to.

mod line;
mod outputs;

use std::io;
use std::num::NonZeroUsize;
use std::thread;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use self::outputs::Outputs;
use crate::app::cli::ingest::IngestArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::pipeline::own_calls;
use crate::app::progress::Progress;
use crate::app::view::look;
use crate::collect::trail::{ClassifyContext, DirStats, Form, IngestRequest, IngestSummary, LinkMap, ingest_knowing};
use crate::report::render::events_table;
use crate::store::retention::OPERATIONS_KEPT;

/// Problems shown on stderr; the data has all that are kept.
const SHOWN: usize = 5;

/// Runs the command. Needs no AWS, and without `--store` no configuration and no state.
///
/// # Errors
/// No logs, output that cannot be written, a state that cannot be opened or written.
pub(super) fn run(context: &Context<'_>, args: &IngestArgs) -> Result<Exit, AppError> {
    let wanted = context.outputs(&[Format::Table, Format::Ndjson])?;
    let store = if args.store { Some(context.store(&context.load(Vec::new())?.config)?) } else { None };
    let links = match &store {
        Some(store) => LinkMap::build([], &store.links()?),
        None => LinkMap::default(),
    };
    let own = match &store {
        Some(store) => own_calls::context(store.as_ref(), journalled_since(context.now()), context.now())?,
        None => ClassifyContext::default(),
    };
    let (table, lines) = (wanted.wants(Format::Table), wanted.streams(Format::Ndjson)?);
    let mut outputs = Outputs { lines, table, store: store.clone(), ..Outputs::default() };
    let started = Instant::now();
    let summary = read(context, args, (&links, &own), &mut outputs).map_err(failed)?;
    let seconds = started.elapsed().as_secs_f64();
    if summary.files == 0 && summary.set_aside_total == 0 {
        return Err(
            AppError::failed("no log files were found").with_hint("give .json or .json.gz files, or a folder of them")
        );
    }
    let stored = match &store {
        Some(store) => {
            outputs.commit().map_err(failed)?;
            store.keep_ingested(&[], &summary.links.links(context.now()))?;
            Some(outputs.stored)
        }
        None => None,
    };
    let exit = if summary.set_aside_total > 0 { Exit::Partial } else { Exit::Ok };
    for line in last_lines(&summary, stored, exit) {
        outputs.line(line.to_string().as_bytes()).map_err(failed)?;
    }
    outputs.lines.drain(..).try_for_each(crate::app::output::DataStream::finish).map_err(failed)?;
    let rows = outputs.rows.make_contiguous();
    wanted
        .without(Format::Ndjson)
        .emit(|_, canvas| Ok(events_table(rows, &look(canvas, context.global.verbose > 0))))?;
    if outputs.older > 0 {
        context.note(&format!("{} older change events are not in the table; -o ndjson has all", outputs.older));
    }
    say(context, &summary, stored, seconds);
    Ok(exit)
}

/// Logs of any age may be read; operations older than this are in no journal.
fn journalled_since(now: Timestamp) -> Timestamp {
    now.checked_sub(OPERATIONS_KEPT).unwrap_or(now)
}

fn read(
    context: &Context<'_>,
    args: &IngestArgs,
    (links, own): (&LinkMap, &ClassifyContext),
    outputs: &mut Outputs,
) -> io::Result<IngestSummary> {
    let store = outputs.store.is_some();
    let (progress, started) = (context.progress(), Instant::now());
    let only_lines = outputs.only_lines();
    let threads = args.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let request = IngestRequest {
        paths: &args.paths,
        links,
        threads,
        learn_all: store,
        form: if only_lines { line::FORM } else { Form::STATE },
        progress: &|stats| tell(&progress, stats, started),
    };
    let summary = ingest_knowing(request, own, &mut |change| {
        if only_lines { outputs.line(change) } else { outputs.event(serde_json::from_slice(change)?) }
    });
    progress.finish();
    summary
}

fn tell(progress: &Progress, stats: DirStats, started: Instant) {
    progress.tell(&so_far(stats.files, stats.bytes, stats.events, started.elapsed().as_secs_f64()));
}

fn so_far(files: u64, bytes: u64, events: u64, seconds: f64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "rates for people")]
    let (megabytes, events_s) = (bytes as f64 / 1e6, events as f64 / seconds.max(1e-6));
    format!("{files} files, {megabytes:.1} MB of JSON, {events} events, {events_s:.0} events/s")
}

fn failed(error: io::Error) -> AppError {
    AppError::failed(error.to_string())
}

/// What follows the change events.
fn last_lines(summary: &IngestSummary, stored: Option<u64>, exit: Exit) -> Vec<Value> {
    let problems = summary.set_aside.iter().map(|problem| {
        json!({
            "type": "set_aside", "schema": "cattleguard.dev/set-aside/v1",
            "origin": problem.origin, "problem": problem.problem, "excerpt": problem.excerpt,
        })
    });
    let ignored: Map<String, Value> =
        summary.ignored.iter().map(|(reason, count)| (reason.as_str().to_owned(), json!(count))).collect();
    let mut last = json!({
        "type": "summary", "schema": "cattleguard.dev/ingest-summary/v1",
        "files": summary.files, "bytes": summary.bytes, "events_read": summary.events_read,
        "events_kept": summary.events_kept, "ignored": ignored, "set_aside": summary.set_aside_total,
        "exit_code": exit.code(),
    });
    if let (Some(stored), Some(last)) = (stored, last.as_object_mut()) {
        last.insert("events_stored".to_owned(), json!(stored));
    }
    problems.chain([last]).collect()
}

fn say(context: &Context<'_>, summary: &IngestSummary, stored: Option<u64>, seconds: f64) {
    let read = so_far(summary.files, summary.bytes, summary.events_read, seconds);
    let stored = stored.map(|count| format!(", {count} of them new to the state")).unwrap_or_default();
    let (kept, aside) = (summary.events_kept, summary.set_aside_total);
    context.note(&format!("{read}; {kept} change events{stored}, {aside} set aside"));
    for problem in summary.set_aside.iter().take(SHOWN) {
        let text = format!("set aside: {}: {}", problem.origin, problem.problem);
        context.note(&crate::report::text::clean(&text, 300));
    }
}

//! `ingest`: reads CloudTrail log files and prints the change events in them.

use std::time::Instant;

use serde_json::json;

use crate::app::cli::ingest::IngestArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::view::look;
use crate::collect::trail::{IngestSummary, LinkMap, ingest};
use crate::report::render::events_table;
use crate::types::ChangeEvent;

/// Version of a change event line.
const SCHEMA: &str = "cattleguard.dev/change-event/v1";

/// Runs the command. Needs no configuration, no state and no AWS.
///
/// # Errors
/// Output that cannot be written.
pub(super) fn run(context: &Context<'_>, args: &IngestArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Ndjson])?;
    let started = Instant::now();
    let mut events = Vec::new();
    let summary = ingest(&args.paths, &LinkMap::default(), &mut |event| events.push(event));
    let seconds = started.elapsed().as_secs_f64();
    let exit = if summary.set_aside_total > 0 {
        Exit::Partial
    } else if summary.files == 0 {
        Exit::Failed
    } else {
        Exit::Ok
    };
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Ndjson | Format::Json => lines(&events, &summary, exit),
            Format::Table => events_table(&events, &look(canvas, context.global.verbose > 0)),
        })
    })?;
    if summary.files == 0 && summary.set_aside_total == 0 {
        return Err(
            AppError::failed("no log files were found").with_hint("give .json or .json.gz files, or a folder of them")
        );
    }
    say(context, &summary, seconds);
    Ok(exit)
}

fn lines(events: &[ChangeEvent], summary: &IngestSummary, exit: Exit) -> String {
    let mut out = String::new();
    for event in events {
        out.push_str(&line(event).to_string());
        out.push('\n');
    }
    for problem in &summary.set_aside {
        let record = json!({
            "type": "set_aside", "schema": "cattleguard.dev/set-aside/v1",
            "origin": problem.origin, "problem": problem.problem, "excerpt": problem.excerpt,
        });
        out.push_str(&record.to_string());
        out.push('\n');
    }
    let ignored: serde_json::Map<String, serde_json::Value> =
        summary.ignored.iter().map(|(reason, count)| (reason.as_str().to_owned(), json!(count))).collect();
    let record = json!({
        "type": "summary", "schema": "cattleguard.dev/ingest-summary/v1",
        "files": summary.files, "bytes": summary.bytes, "events_read": summary.events_read,
        "events_kept": summary.events_kept, "ignored": ignored, "set_aside": summary.set_aside_total,
        "exit_code": exit.code(),
    });
    out.push_str(&record.to_string());
    out.push('\n');
    out
}

/// One change event as a line of data.
fn line(event: &ChangeEvent) -> serde_json::Value {
    json!({
        "type": "change_event",
        "schema": SCHEMA,
        "event_id": event.id,
        "event_time": event.time,
        "event_source": event.event_source,
        "event_name": event.event_name,
        "category": event.category,
        "code": event.code,
        "severity": event.severity,
        "instances": event.instances,
        "unresolved": event.unresolved,
        "principal": event.actor.principal,
        "display": event.actor.display,
        "source_ip": event.actor.source_ip,
        "vpc_endpoint": event.actor.vpc_endpoint,
        "actor_kind": event.actor.kind,
        "invoked_by": event.actor.invoked_by,
        "mfa": event.actor.mfa,
        "account": event.account,
        "region": event.region,
        "outcome": event.outcome,
        "execution": event.execution,
        "summary": event.summary,
    })
}

fn say(context: &Context<'_>, summary: &IngestSummary, seconds: f64) {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let (rate, megabytes) = (summary.events_read as f64 / seconds.max(1e-6), summary.bytes as f64 / 1_000_000.0);
    context.note(&format!(
        "{} events in {} files ({megabytes:.1} MB of JSON), {} change events, {} set aside, {rate:.0} events/s",
        summary.events_read, summary.files, summary.events_kept, summary.set_aside_total
    ));
    for problem in summary.set_aside.iter().take(5) {
        let text = format!("set aside: {}: {}", problem.origin, problem.problem);
        context.note(&crate::report::text::clean(&text, 300));
    }
}

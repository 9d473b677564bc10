//! `timeline`: everything that happened to one instance.

use crate::app::cli::findings::TimelineArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::view::look;
use crate::collect::trail::links::{ENDED, LAUNCHED};
use crate::report::render::{Timeline, timeline_json, timeline_text};
use crate::report::text::clean;
use crate::types::InstanceId;

/// Runs the command.
///
/// # Errors
/// State, or an instance that nothing is known of.
pub(super) fn run(context: &Context<'_>, args: &TimelineArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let loaded = context.load(Vec::new())?;
    let store = context.read_store(&loaded.config)?;
    let id = InstanceId::new(&args.instance);
    let result = store.instance_result(&id)?;
    let events = store.events_of(&id)?;
    let verdicts = store.verdicts_of(&id)?;
    let mut findings = store.findings(true)?;
    findings.retain(|finding| finding.instance == id);
    let mut operations = Vec::new();
    for record in store.operations_of(&id)? {
        let journal = store.journal_of(&record.id)?;
        operations.push((record, journal));
    }
    let links = store.links()?;
    let told =
        |key: &str| links.iter().filter(|link| link.instance == id && link.key == key).map(|link| link.seen_at).min();
    if result.is_none() && events.is_empty() && findings.is_empty() && operations.is_empty() {
        return Err(AppError::failed(format!("nothing is known of {}", clean(&args.instance, 60)))
            .with_hint("cattleguard scan -v lists every instance"));
    }
    let timeline = Timeline {
        instance: &id,
        born_at: told(LAUNCHED).or_else(|| result.as_ref().map(|result| result.instance.born_at())),
        launched_at: result.as_ref().map(|result| result.instance.launched_at),
        ended_at: told(ENDED),
        events: &events,
        verdicts: &verdicts,
        findings: &findings,
        operations: &operations,
    };
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => timeline_json(&timeline),
            Format::Table => timeline_text(&timeline, &look(canvas, context.global.verbose > 0)),
        })
    })?;
    Ok(Exit::Ok)
}

//! `findings list | show | ack | reopen`.

use jiff::Timestamp;

use super::stored::Stored;
use crate::app::cli::findings::{FindingsCommand, ListArgs};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::view::look;
use crate::report::render::{explain_finding, findings_json, findings_table};
use crate::report::text::clean;
use crate::report::{Destination, OutboxHistory, View, person_notices};
use crate::store::{Store, StoreError};
use crate::types::{Finding, FindingId, FindingStatus};

/// Runs the command.
///
/// # Errors
/// State, or an id that is not there.
pub(super) fn run(context: &Context<'_>, command: &FindingsCommand) -> Result<Exit, AppError> {
    match command {
        FindingsCommand::List(args) => list(context, args),
        FindingsCommand::Show(args) => show(context, &args.id),
        FindingsCommand::Ack(args) => set(context, &args.id, FindingStatus::Acknowledged),
        FindingsCommand::Reopen(args) => set(context, &args.id, FindingStatus::Open),
    }
}

fn list(context: &Context<'_>, args: &ListArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let mut findings = Stored::load(context, args.all)?.findings;
    findings.retain(|finding| wanted(args, finding));
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => findings_json(&findings),
            Format::Table => findings_table(&findings, &look(canvas, context.global.verbose > 0)),
        })
    })?;
    Ok(Exit::Ok)
}

fn wanted(args: &ListArgs, finding: &Finding) -> bool {
    let one_of = |list: &[String], text: &str| {
        list.is_empty()
            || list.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(prefix) => text.starts_with(prefix),
                None => pattern == text,
            })
    };
    one_of(&args.fleet, finding.fleet.as_ref().map_or("", |fleet| fleet.as_str()))
        && one_of(&args.instance, finding.instance.as_str())
        && one_of(&args.code, finding.code.as_str())
        && args.severity.is_none_or(|least| finding.severity >= least)
}

fn show(context: &Context<'_>, id: &str) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let stored = Stored::load(context, true)?;
    let finding = stored.findings.iter().find(|finding| finding.id.as_str() == id).ok_or_else(|| unknown(id))?;
    let view = View::new(&stored.results, &stored.findings, stored.plan.as_ref());
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => findings_json(std::slice::from_ref(finding)),
            Format::Table => explain_finding(finding, &view, &look(canvas, true)),
        })
    })?;
    Ok(Exit::Ok)
}

fn set(context: &Context<'_>, id: &str, status: FindingStatus) -> Result<Exit, AppError> {
    let loaded = context.load(Vec::new())?;
    let store = context.store(&loaded.config)?;
    let (by, now) = (context.operator(), context.now());
    let finding = store.set_finding_status(&FindingId::new(id), status, &by, now)?;
    context.note(&format!("{} is {}", finding.id, finding.status));
    let destinations = loaded.config.all_destinations(&context.env);
    let told = tell(store.as_ref(), &destinations, &[finding], &by, now);
    // What a person said is kept whether or not it can be told.
    if let Err(why) = told {
        context.note(&format!("nobody is told: {why}"));
    }
    Ok(Exit::Ok)
}

/// Puts a person's word on findings into the outbox, for the daemon or the next scan to deliver.
///
/// # Errors
/// State.
pub(in crate::app) fn tell(
    store: &dyn Store,
    destinations: &[Destination],
    changed: &[Finding],
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let findings = store.findings(false)?;
    let drafts = person_notices(changed, &findings, by, destinations, &OutboxHistory::new(store), now);
    store.enqueue(&drafts, now)
}

fn unknown(id: &str) -> AppError {
    AppError::failed(format!("no finding {}", clean(id, 60))).with_hint("cattleguard findings list --all")
}

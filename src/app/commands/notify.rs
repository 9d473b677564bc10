//! `notify test`, `notify status` and `notify routes`: whether alerts arrive, and where.

mod routes;
mod status;

use std::sync::Arc;

use serde_json::json;

use crate::app::buttons::{Examined, examine};
use crate::app::cli::misc::{NotifyCommand, NotifyTestArgs};
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::terminal::clean_short;
use crate::report::deliver::Client;
use crate::report::pump::jitter;
use crate::report::{Destination, DestinationKind, Notice, NoticeKind, Pump, draft_single};
use crate::store::{OutboxRow, OutboxState, Store};

/// A receiver that asks for more patience than this is told of as not answering.
const PATIENCE: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);

/// Runs the command.
///
/// # Errors
/// Configuration, secrets or state.
pub(super) fn run(context: &Context<'_>, command: &NotifyCommand) -> Result<Exit, AppError> {
    match command {
        NotifyCommand::Test(args) => test(context, args),
        NotifyCommand::Status => status::run(context),
        NotifyCommand::Routes(args) => routes::run(context, args),
    }
}

/// What became of one test message.
struct Answer {
    destination: String,
    /// `None` where nothing could be tried.
    delivered: Option<bool>,
    text: String,
    /// Whether its buttons can work, where it has any.
    buttons: Option<Examined>,
}

fn test(context: &Context<'_>, args: &NotifyTestArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let config = context.load(Vec::new())?.config;
    let destinations = crate::app::pipeline::destinations(context, &config)?;
    let chosen = chosen(&destinations, &args.names)?;
    let store = context.store(&config)?;
    let answers = context.runtime()?.block_on(send(context, &config, &store, &destinations, &chosen))?;
    let works = |answer: &Answer| answer.buttons.as_ref().is_none_or(|buttons| buttons.works);
    let all_delivered = answers.iter().all(|answer| answer.delivered != Some(false) && works(answer));
    let exit = if all_delivered { Exit::Ok } else { Exit::Unavailable };
    outputs.emit(|format, _| {
        Ok(match format {
            Format::Json | Format::Ndjson => super::json_text(&json!({
                "schema": "cattleguard.dev/notify-test/v1",
                "ok": all_delivered,
                "destinations": answers.iter().map(|answer| json!({
                    "name": answer.destination, "delivered": answer.delivered, "answer": answer.text,
                    "buttons": answer.buttons.as_ref().map(|buttons| json!({
                        "works": buttons.works, "answer": buttons.text, "advice": buttons.advice,
                    })),
                })).collect::<Vec<_>>(),
                "exit_code": exit.code(),
            })),
            Format::Table => answers
                .iter()
                .map(|answer| {
                    let word = match answer.delivered {
                        Some(true) => "ok    ",
                        Some(false) => "failed",
                        None => "-     ",
                    };
                    let buttons = answer.buttons.as_ref().map_or(String::new(), |buttons| {
                        let word = if buttons.works { "ok    " } else { "failed" };
                        let advice = buttons.advice.map_or(String::new(), |advice| format!(" ({advice})"));
                        format!("{word} {}: {}{advice}\n", answer.destination, buttons.text)
                    });
                    format!("{word} {}: {}\n{buttons}", answer.destination, answer.text)
                })
                .collect(),
        })
    })?;
    Ok(exit)
}

fn chosen<'d>(destinations: &'d [Destination], names: &[String]) -> Result<Vec<&'d Destination>, AppError> {
    if destinations.is_empty() {
        return Err(AppError::failed("no destination is configured").with_hint("add a [[notify]] section"));
    }
    let known = || destinations.iter().map(|destination| destination.name.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(unknown) = names.iter().find(|name| !destinations.iter().any(|known| known.name == **name)) {
        return Err(AppError::usage(format!("no destination `{}` is configured", clean_short(unknown, 60)))
            .with_hint(format!("configured: {}", known())));
    }
    Ok(destinations.iter().filter(|known| names.is_empty() || names.contains(&known.name)).collect())
}

/// Sends through the outbox, as every alert goes: what works here works at night.
async fn send(
    context: &Context<'_>,
    config: &Config,
    store: &Arc<dyn Store>,
    destinations: &[Destination],
    chosen: &[&Destination],
) -> Result<Vec<Answer>, AppError> {
    let now = context.now();
    for row in store.rows(Some(OutboxState::Dead))?.iter().filter(|row| is_test(row)) {
        // Of a test that was killed, or of a version that kept them as alerts that were given up.
        store.withdraw(row.seq)?;
    }
    let unique = uuid::Uuid::now_v7().to_string();
    let (hubs, chosen): (Vec<&Destination>, Vec<&Destination>) =
        chosen.iter().partition(|to| matches!(to.kind, DestinationKind::SecurityHub));
    let drafts: Vec<_> = chosen.iter().map(|to| draft_single(&Notice::test(&to.name, now), to, &unique)).collect();
    store.enqueue(&drafts, now)?;
    let client = Client::new().map_err(|error| AppError::failed(error.to_string()))?;
    let until = now.checked_add(PATIENCE).unwrap_or(now);
    let sleep = |duration| context.backend.sleep(duration);
    let mut pump = Pump::new(client.clone());
    if pump.wants_cloud(destinations) {
        pump.use_cloud(context.backend.connect_publishing(config).await?);
    }
    pump.drain(store.as_ref(), destinations, || context.now(), jitter(), until, sleep).await?;
    let rows = store.rows(None)?;
    let untested = "not tried: Security Hub takes findings only, the first of them is its test";
    let untried = |to: &&Destination| Answer {
        destination: to.name.clone(),
        delivered: None,
        text: untested.to_owned(),
        buttons: None,
    };
    let mut answers: Vec<Answer> = hubs.iter().map(untried).collect();
    for draft in &drafts {
        let row = rows.iter().find(|row| row.draft.key == draft.key);
        let row = row.ok_or_else(|| AppError::failed("the outbox lost the test message"))?;
        let mut answer = settle(store.as_ref(), row, &rows)?;
        if let Some(to) = chosen.iter().find(|to| to.name == answer.destination) {
            answer.buttons = examine(to, &client, context.now()).await;
        }
        answers.push(answer);
    }
    Ok(answers)
}

fn is_test(row: &OutboxRow) -> bool {
    row.draft.payload.get("kind").and_then(|kind| kind.as_str()) == Some(NoticeKind::Test.as_str())
}

/// Reads off what happened. A test that did not arrive is not tried again: nobody would know at night what it is.
fn settle(store: &dyn Store, row: &OutboxRow, rows: &[OutboxRow]) -> Result<Answer, AppError> {
    let destination = row.draft.destination.clone();
    if row.state == OutboxState::Delivered {
        let text = "the receiver accepted the message".to_owned();
        return Ok(Answer { destination, delivered: Some(true), text, buttons: None });
    }
    let text = match &row.last_error {
        Some(error) => clean_short(error, 300),
        None => {
            let waiting = |other: &&OutboxRow| {
                other.draft.destination == destination && other.state == OutboxState::Pending && other.seq < row.seq
            };
            let earlier = rows.iter().filter(waiting).count();
            format!("not sent: {earlier} earlier messages wait for this receiver (see `notify status`)")
        }
    };
    store.withdraw(row.seq)?;
    Ok(Answer { destination, delivered: Some(false), text, buttons: None })
}

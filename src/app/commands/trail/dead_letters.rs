//! `trail dead-letters list | retry | drop`: messages and log files that were given up.

use serde_json::json;

use crate::app::cli::trail::{DeadLettersArgs, DeadLettersCommand, DeadLettersListArgs};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Canvas, Format};
use crate::app::table;
use crate::report::render::parts::time;
use crate::report::text::clean;
use crate::store::DeadLetter;

/// Runs the command.
///
/// # Errors
/// State, or a name that is not there.
pub(super) fn run(context: &Context<'_>, command: &DeadLettersCommand) -> Result<Exit, AppError> {
    match command {
        DeadLettersCommand::List(args) => list(context, args),
        DeadLettersCommand::Retry(args) => rule(context, args, false),
        DeadLettersCommand::Drop(args) => rule(context, args, true),
    }
}

fn list(context: &Context<'_>, args: &DeadLettersListArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let config = context.load(Vec::new())?.config;
    let mut letters = context.read_store(&config)?.dead_letters()?;
    letters.retain(|letter| is_of(letter, args.source.as_deref()));
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Table if letters.is_empty() => "nothing was given up".to_owned(),
            Format::Table => as_table(&letters, canvas),
            Format::Json | Format::Ndjson => super::super::json_text(&json!({
                "schema": "cattleguard.dev/dead-letters/v1",
                "dead_letters": letters,
            })),
        })
    })?;
    Ok(Exit::Ok)
}

fn as_table(letters: &[DeadLetter], canvas: Canvas) -> String {
    let row = |letter: &DeadLetter| {
        let DeadLetter { source, name, reason, body: _, at, again } = letter;
        let state = if *again { "to be tried" } else { "given up" };
        vec![time(*at), state.to_owned(), source.clone(), name.clone(), reason.clone()]
    };
    let rows: Vec<Vec<String>> = letters.iter().map(row).collect();
    table::render(&["at", "state", "source", "name", "reason"], &rows, canvas)
}

/// Has letters tried once more, or forgets them.
fn rule(context: &Context<'_>, args: &DeadLettersArgs, drop: bool) -> Result<Exit, AppError> {
    let DeadLettersArgs { names, all, source, reason } = args;
    let config = context.load(Vec::new())?.config;
    let store = context.store(&config)?;
    let letters = store.dead_letters()?;
    let known = |name: &String| letters.iter().any(|letter| letter.name == *name && is_of(letter, source.as_deref()));
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        return Err(AppError::failed(format!("no dead letter {}", clean(unknown, 200)))
            .with_hint("cattleguard trail dead-letters list"));
    }
    let chosen = letters.iter().filter(|letter| is_of(letter, source.as_deref()));
    let chosen = chosen.filter(|letter| *all || names.contains(&letter.name));
    let which: Vec<(String, String)> = chosen.map(|letter| (letter.source.clone(), letter.name.clone())).collect();
    let (by, now) = (context.operator(), context.now());
    let said = if drop {
        store.drop_dead_letters(&which, reason, &by, now)?;
        "dropped: what they held stays unread"
    } else {
        store.retry_dead_letters(&which, reason, &by, now)?;
        "to be tried once more by the next scan"
    };
    context.note(&format!("{} {said}", which.len()));
    Ok(Exit::Ok)
}

fn is_of(letter: &DeadLetter, source: Option<&str>) -> bool {
    source.is_none_or(|source| letter.source == source)
}

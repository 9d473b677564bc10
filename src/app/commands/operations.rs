//! `operations list | show`, and finding an operation by the beginning of its id.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::by_hand::{self, Way};
use crate::app::cli::enforce::{ListArgs, OperationArgs, OperationsCommand};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::view::look;
use crate::remediate::{OperationRecord, OperationStatus, in_quarantine};
use crate::report::render::{operation_json, operation_text, operations_json, operations_table};
use crate::report::text::clean;
use crate::store::{Store, StoreError};
use crate::types::{InstanceId, OperationId, OperationKind};

/// Ids listed when a beginning is not unique.
const LISTED: usize = 5;

/// Runs the command.
///
/// # Errors
/// State, or an id that is not there.
pub(super) fn run(context: &Context<'_>, command: &OperationsCommand) -> Result<Exit, AppError> {
    match command {
        OperationsCommand::List(args) => list(context, args),
        OperationsCommand::Show(args) => show(context, args),
        OperationsCommand::Resume(args) => by_hand::decide(context, &args.id, Way::Resume),
        OperationsCommand::Rollback(args) => by_hand::decide(context, &args.id, Way::RollBack),
    }
}

/// The exit code is 4 when one of those listed waits for a person.
fn list(context: &Context<'_>, args: &ListArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let store = context.read_store(&context.load(Vec::new())?.config)?;
    let operations = if args.all { store.operations_since(Timestamp::MIN)? } else { store.unfinished_operations()? };
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => operations_json(&operations),
            Format::Table => operations_table(&operations, &look(canvas, context.global.verbose > 0)),
        })
    })?;
    if !args.all {
        contained(context, store.as_ref())?;
    }
    let waits = operations.iter().any(|one| one.status == OperationStatus::NeedsHuman);
    Ok(if waits { Exit::Held } else { Exit::Ok })
}

/// A quarantine is over when its server is cut off, but the server stays so until somebody releases or replaces it.
fn contained(context: &Context<'_>, store: &dyn Store) -> Result<(), AppError> {
    let all = store.operations_since(Timestamp::MIN)?;
    let replaced = |instance: &InstanceId| {
        let goes =
            |one: &&OperationRecord| one.kind == OperationKind::Replace && one.status != OperationStatus::RolledBack;
        all.iter().filter(goes).any(|one| one.instance == *instance)
    };
    let quarantines = all.iter().filter(|one| one.kind == OperationKind::Quarantine);
    let still: BTreeSet<&InstanceId> = quarantines
        .map(|one| &one.instance)
        .filter(|instance| in_quarantine(&all, instance).is_some() && !replaced(instance))
        .collect();
    for instance in still {
        let instance = clean(instance.as_str(), 40);
        context.note(&format!("{instance} is in quarantine; `cattleguard release {instance}` undoes that"));
    }
    Ok(())
}

fn show(context: &Context<'_>, args: &OperationArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let store = context.read_store(&context.load(Vec::new())?.config)?;
    let record = find(store.as_ref(), &args.id)?;
    let journal = store.journal_of(&record.id)?;
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => operation_json(&record, &journal),
            Format::Table => operation_text(&record, &look(canvas, context.global.verbose > 0)),
        })
    })?;
    Ok(Exit::Ok)
}

/// The operation whose id this is, or the only one whose id begins so; `op-` may be left out.
///
/// # Errors
/// State; none begins so, or several do.
pub(super) fn find(store: &dyn Store, id: &str) -> Result<OperationRecord, AppError> {
    if let Some(record) = store.operation(&OperationId::new(id))? {
        return Ok(record);
    }
    let begins = |record: &OperationRecord| {
        let full = record.id.as_str();
        full.starts_with(id) || full.strip_prefix("op-").is_some_and(|short| short.starts_with(id))
    };
    let mut found = store.operations_since(Timestamp::MIN)?;
    found.retain(begins);
    let shown = clean(id, 60);
    if found.len() > 1 {
        let ids: Vec<String> = found.iter().take(LISTED).map(|record| clean(record.id.as_str(), 60)).collect();
        let more = if found.len() > LISTED { ", …" } else { "" };
        let message = format!("{} operations begin with {shown}", found.len());
        return Err(AppError::usage(message).with_hint(format!("{}{more}", ids.join(", "))));
    }
    let hint = "cattleguard operations list --all";
    found.pop().ok_or_else(|| AppError::failed(format!("no operation {shown}")).with_hint(hint))
}

/// Operations on an instance, and on those that it replaced or that replaced it, oldest first.
///
/// # Errors
/// State.
pub(super) fn past_of(store: &dyn Store, instance: &InstanceId) -> Result<Vec<OperationRecord>, StoreError> {
    let mut found: Vec<OperationRecord> = Vec::new();
    let mut asked: Vec<InstanceId> = Vec::new();
    let mut open = vec![instance.clone()];
    while let Some(id) = open.pop() {
        if asked.contains(&id) {
            continue;
        }
        for record in store.operations_of(&id)? {
            open.push(record.instance.clone());
            open.extend(record.facts.replacement.clone());
            if !found.iter().any(|known| known.id == record.id) {
                found.push(record);
            }
        }
        asked.push(id);
    }
    found.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(found)
}

//! `decisions`: what policy decided, from what, and whether it still would.

mod export;
mod list;
mod replay;
mod show;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::app::cli::decisions::{DecisionsCommand, SelectArgs};
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::terminal::clean_short;
use crate::store::Store;
use crate::types::{DecisionId, DecisionRecord, DecisionStatus};

/// Runs the command.
///
/// # Errors
/// State, or an id that is not there.
pub(super) fn run(context: &Context<'_>, command: &DecisionsCommand) -> Result<Exit, AppError> {
    match command {
        DecisionsCommand::List(args) => list::run(context, args),
        DecisionsCommand::Show(args) => show::run(context, args),
        DecisionsCommand::Export(args) => export::run(context, args),
        DecisionsCommand::Replay(args) => replay::run(context, args),
    }
}

/// Configuration and state.
struct Kept {
    config: Config,
    store: Arc<dyn Store>,
}

impl Kept {
    fn open(context: &Context<'_>) -> Result<Self, AppError> {
        let config = context.load(Vec::new())?.config;
        let store = context.read_store(&config)?;
        Ok(Self { config, store })
    }

    fn one(&self, id: &str) -> Result<DecisionRecord, AppError> {
        self.store.decision(&DecisionId::new(id))?.ok_or_else(|| {
            AppError::failed(format!("no decision {}", clean_short(id, 60))).with_hint("cattleguard decisions list")
        })
    }

    /// Visits those that the arguments choose, the oldest first.
    fn each(&self, now: Timestamp, args: &SelectArgs, visit: &mut dyn FnMut(DecisionRecord)) -> Result<(), AppError> {
        let span = SignedDuration::try_from(args.since).unwrap_or(SignedDuration::MAX);
        let since = now.checked_sub(span).unwrap_or(Timestamp::MIN);
        self.store.each_decision_since(since, &mut |record| {
            let instance = record.decision.instance.as_str();
            let chosen = args.instance.is_empty() || args.instance.iter().any(|wanted| wanted == instance);
            if chosen && (!args.errors || record.decision.status == DecisionStatus::Error) {
                visit(record);
            }
        })?;
        Ok(())
    }

    /// The input that a record was made from, when it is kept.
    fn input(&self, record: &DecisionRecord) -> Result<Option<serde_json::Value>, AppError> {
        Ok(self.store.input_of(&record.decision.instance, &record.decision.input_digest)?)
    }
}

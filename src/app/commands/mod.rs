//! One module for each command. A command takes its [`Context`] and arguments, writes data to its outputs
//! and returns how to exit; it prints no errors.

mod approve;
mod audit;
mod by_hand;
mod completion;
mod config;
mod daemon;
mod decisions;
mod doctor;
mod enforce;
mod exceptions;
mod explain;
mod findings;
mod golden;
mod iam_policy;
mod ingest;
mod init;
mod man;
mod notify;
mod operations;
mod pause;
mod pets;
mod plan;
mod policy;
mod report;
mod scan;
mod serve;
mod silences;
mod store;
mod stored;
#[cfg(test)]
mod tests;
mod timeline;
mod trail;

pub(super) use approve::approve_plan;
pub(super) use findings::tell;
pub(super) use pause::pause_fleet;
pub(super) use report::gather;

use super::cli::Command;
use super::cli::config::ConfigCommand;
use super::cli::exceptions::ExceptionsCommand;
use super::cli::golden::GoldenCommand;
use super::context::Context;
use super::error::AppError;
use super::exit::Exit;
use crate::types::OperationKind;

/// Runs a command.
pub fn dispatch(context: &Context<'_>, command: Command) -> Result<Exit, AppError> {
    match command {
        Command::Init(args) => init::run(context, &args),
        Command::Doctor(args) => doctor::run(context, &args),
        Command::Config(ConfigCommand::Check(args)) => config::check(context, &args),
        Command::Config(ConfigCommand::Show(args)) => config::show(context, &args),
        Command::IamPolicy(args) => iam_policy::run(context, &args),
        Command::Exceptions(ExceptionsCommand::Add(args)) => exceptions::add(context, &args),
        Command::Exceptions(ExceptionsCommand::List(args)) => exceptions::list(context, &args),
        Command::Exceptions(ExceptionsCommand::Revoke(args)) => exceptions::revoke(context, &args),
        Command::Pause(args) => pause::pause(context, &args),
        Command::Resume(args) => pause::resume(context, &args),
        Command::Completion(args) => completion::run(context, &args),
        Command::Man(args) => man::run(context, &args),
        Command::Golden(command) => golden::run(context, &command),
        Command::Scan(args) => scan::run(context, &args),
        Command::Daemon(_) => daemon::run(context),
        Command::Ingest(args) => ingest::run(context, &args),
        Command::Trail(command) => trail::run(context, &command),
        Command::Findings(command) => findings::run(context, &command),
        Command::Explain(args) => explain::run(context, &args),
        Command::Timeline(args) => timeline::run(context, &args),
        Command::Pets(args) => pets::run(context, &args),
        Command::Plan(args) => plan::run(context, &args),
        Command::Enforce(args) => enforce::run(context, &args),
        Command::Approve(args) => approve::run(context, &args),
        Command::Quarantine(args) => by_hand::run(context, OperationKind::Quarantine, &args),
        Command::Replace(args) => by_hand::run(context, OperationKind::Replace, &args),
        Command::Release(args) => by_hand::release(context, &args),
        Command::Operations(command) => operations::run(context, &command),
        Command::Decisions(command) => decisions::run(context, &command),
        Command::Policy(command) => policy::run(context, &command),
        Command::Silences(command) => silences::run(context, &command),
        Command::Report(command) => report::run(context, &command),
        Command::Serve(args) => serve::run(context, &args),
        Command::Notify(command) => notify::run(context, &command),
        Command::Store(command) => store::run(context, &command),
        Command::Audit(command) => audit::run(context, &command),
    }
}

/// Whether a person decides something with this command that stands in the audit log and is anchored at once.
pub fn decides(command: &Command) -> bool {
    match command {
        Command::Approve(_) | Command::Pause(_) | Command::Resume(_) => true,
        Command::Exceptions(ExceptionsCommand::Add(_) | ExceptionsCommand::Revoke(_)) => true,
        Command::Golden(command) => !matches!(
            command,
            GoldenCommand::List | GoldenCommand::Show(_) | GoldenCommand::Diff(_) | GoldenCommand::Export(_)
        ),
        _ => false,
    }
}

/// A JSON document for people and programs alike.
fn json_text(document: &serde_json::Value) -> String {
    // Values made of maps with string keys always serialise.
    serde_json::to_string_pretty(document).unwrap_or_default()
}

/// The configured fleet of this name, or a usage error that names the nearest one.
pub(super) fn known_fleet(
    config: &super::config::Config,
    name: Option<&str>,
) -> Result<Option<crate::types::FleetName>, AppError> {
    let Some(name) = name else { return Ok(None) };
    if let Some(fleet) = config.fleets.iter().find(|fleet| fleet.name.as_str() == name) {
        return Ok(Some(fleet.name.clone()));
    }
    let names: Vec<&str> = config.fleets.iter().map(|fleet| fleet.name.as_str()).collect();
    Err(AppError::usage(format!("there is no fleet `{name}`")).with_hint(format!("fleets: {}", names.join(", "))))
}

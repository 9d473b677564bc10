//! Arguments of the commands that change something in AWS, and of those that look at what was changed.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values;

/// Arguments of `enforce`.
#[derive(Clone, Debug, Args)]
pub struct EnforceArgs {
    /// Execute exactly this plan, as `plan -o json=FILE` wrote it; refuse what has changed since
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
}

/// Arguments of `quarantine` and `replace`.
#[derive(Clone, Debug, Args)]
pub struct ManualArgs {
    /// Instance id
    #[arg(value_name = "INSTANCE")]
    pub instance: String,
    /// Go on where a gate holds or refuses, also against `mode = "observe"`; the reason is recorded. A kill switch, an
    /// unusable golden and missing permissions stand
    #[arg(long = "override", value_name = "REASON", value_parser = values::not_empty)]
    pub override_reason: Option<String>,
    /// Cut it off first, and take it out of traffic afterwards: for an instance that may be compromised. Where policy says
    /// that it may be, this is done anyway
    #[arg(long)]
    pub contain_first: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `release`.
#[derive(Clone, Debug, Args)]
pub struct ReleaseArgs {
    /// Instance id
    #[arg(value_name = "INSTANCE")]
    pub instance: String,
    /// Why; it is recorded. Only a kill switch and missing permissions hold a release, and nobody's word lifts those
    #[arg(long = "override", value_name = "REASON", value_parser = values::not_empty)]
    pub override_reason: Option<String>,
}

/// `operations` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum OperationsCommand {
    /// List operations that are not over
    List(ListArgs),
    /// Show one with all its steps
    Show(OperationArgs),
    /// Go on with one that waits for a person
    Resume(OperationArgs),
    /// Undo one that is not over
    Rollback(OperationArgs),
}

/// Arguments of `operations list`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// Also those that are over
    #[arg(long)]
    pub all: bool,
}

/// Arguments of commands on one operation.
#[derive(Clone, Debug, Args)]
pub struct OperationArgs {
    /// Operation id, or as much of its beginning as is unique
    #[arg(value_name = "ID", value_parser = values::not_empty)]
    pub id: String,
}

/// Arguments of `approve`.
#[derive(Clone, Debug, Args)]
pub struct ApproveArgs {
    /// Hash of the plan, or at least eight digits of its beginning
    #[arg(value_name = "PLAN", value_parser = values::not_empty)]
    pub plan: String,
}

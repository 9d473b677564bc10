//! Arguments of `silences`.

use clap::{ArgGroup, Args, Subcommand};

use super::values;
use crate::types::AccountId;

/// `silences` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum SilencesCommand {
    /// For a while, tell nobody of what matches; it is still found, judged and acted on
    Add(AddArgs),
    /// List silences, those of the configuration as well
    List(ListArgs),
    /// End a silence now
    Revoke(RevokeArgs),
}

/// Arguments of `silences add`.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("scope").args(["fleet", "code", "account", "instance", "actor"]).multiple(true).required(true))]
pub struct AddArgs {
    /// Only this fleet
    #[arg(long, value_name = "NAME")]
    pub fleet: Option<String>,
    /// Only this finding code, or `coverage`, `policy-error`, `mass-drift`; may end in `*`
    #[arg(long, value_name = "CODE", value_parser = values::not_empty)]
    pub code: Option<String>,
    /// Only this account
    #[arg(long, value_name = "ID", value_parser = values::account)]
    pub account: Option<AccountId>,
    /// Only this instance
    #[arg(long, value_name = "ID", value_parser = values::not_empty)]
    pub instance: Option<String>,
    /// Only what this person did, by the name that alerts show
    #[arg(long, value_name = "NAME", value_parser = values::not_empty)]
    pub actor: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = values::not_empty)]
    pub reason: String,
    /// When it ends: a duration from now, a date, or a time; at most 90 days ahead
    #[arg(long, value_name = "WHEN")]
    pub until: String,
}

/// Arguments of `silences list`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// Also those that have ended
    #[arg(long)]
    pub all: bool,
}

/// Arguments of `silences revoke`.
#[derive(Clone, Debug, Args)]
pub struct RevokeArgs {
    /// Silence id
    #[arg(value_name = "ID")]
    pub id: String,
}

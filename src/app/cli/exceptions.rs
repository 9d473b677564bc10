//! Arguments of `exceptions`, `pause` and `resume`.

use clap::{ArgGroup, Args, Subcommand};

use super::values;

/// `exceptions` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum ExceptionsCommand {
    /// Waive findings for a while; they stay visible and are never acted on
    Add(AddArgs),
    /// List exceptions
    List(ListArgs),
    /// End an exception now
    Revoke(RevokeArgs),
}

/// Arguments of `exceptions add`.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("scope").args(["fleet", "account", "instance", "code", "fingerprint", "subject", "path"]).multiple(true).required(true))]
pub struct AddArgs {
    /// Only this fleet
    #[arg(long, value_name = "NAME")]
    pub fleet: Option<String>,
    /// Only this account
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// Only this instance
    #[arg(long, value_name = "ID")]
    pub instance: Option<String>,
    /// Only this finding code, or a family of them: `software-*`
    #[arg(long, value_name = "CODE", value_parser = values::not_empty)]
    pub code: Option<String>,
    /// Only this fingerprint: the same drift on any host
    #[arg(long, value_name = "HEX")]
    pub fingerprint: Option<String>,
    /// Only this subject, e.g. a package name; may end in `*`
    #[arg(long, value_name = "TEXT")]
    pub subject: Option<String>,
    /// Only findings about files with such a path; `*` stands for any part of one name, `**` for any names
    #[arg(long, value_name = "GLOB")]
    pub path: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = values::not_empty)]
    pub reason: String,
    /// Ticket that records the decision
    #[arg(long, value_name = "ID", value_parser = values::not_empty)]
    pub ticket: String,
    /// Who approved it
    #[arg(long, value_name = "NAME", value_parser = values::not_empty)]
    pub approver: String,
    /// When it ends: a duration from now, a date, or a time; at most `exceptions.max_duration` (90 days) ahead
    #[arg(long, value_name = "WHEN")]
    pub expires: String,
}

/// Arguments of `exceptions list`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// Also those that have ended
    #[arg(long)]
    pub all: bool,
    /// Only those that waive nothing
    #[arg(long, conflicts_with = "all")]
    pub unused: bool,
}

/// Arguments of `exceptions revoke`.
#[derive(Clone, Debug, Args)]
pub struct RevokeArgs {
    /// Exception id
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Arguments of `pause`.
#[derive(Clone, Debug, Args)]
pub struct PauseArgs {
    /// Only this fleet [default: everything]
    #[arg(long, value_name = "NAME")]
    pub fleet: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = values::not_empty)]
    pub reason: String,
}

/// Arguments of `resume`.
#[derive(Clone, Debug, Args)]
pub struct ResumeArgs {
    /// Only this fleet [default: everything]
    #[arg(long, value_name = "NAME")]
    pub fleet: Option<String>,
}

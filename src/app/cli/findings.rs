//! Arguments of the commands that read what scans stored.

use clap::{Args, Subcommand};

use super::values;
use crate::types::Severity;

/// `findings` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum FindingsCommand {
    /// List findings
    List(ListArgs),
    /// Show one with all its evidence
    Show(FindingArgs),
    /// Say that a person has seen it: it is not notified again
    Ack(FindingArgs),
    /// Take an acknowledgement back
    Reopen(FindingArgs),
}

/// Arguments of `findings list`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// Also resolved ones
    #[arg(long)]
    pub all: bool,
    /// Only this fleet; may be repeated
    #[arg(long, value_name = "NAME")]
    pub fleet: Vec<String>,
    /// Only this instance; may be repeated
    #[arg(long, value_name = "ID")]
    pub instance: Vec<String>,
    /// Only this code; may end in `*`; may be repeated
    #[arg(long, value_name = "CODE")]
    pub code: Vec<String>,
    /// Only at or above this severity
    #[arg(long, value_name = "SEVERITY", value_parser = values::severity)]
    pub severity: Option<Severity>,
}

/// Arguments of commands on one finding.
#[derive(Clone, Debug, Args)]
pub struct FindingArgs {
    /// Finding id, e.g. f-0123456789abcdef
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Arguments of `explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// Instance id, finding id or finding code; `codes` lists the codes
    #[arg(value_name = "INSTANCE|FINDING|CODE")]
    pub subject: String,
}

/// Arguments of `timeline`.
#[derive(Clone, Debug, Args)]
pub struct TimelineArgs {
    /// Instance id
    #[arg(value_name = "INSTANCE")]
    pub instance: String,
}

/// Arguments of `pets`.
#[derive(Clone, Debug, Args)]
pub struct PetsArgs {
    /// Only this fleet; may be repeated
    #[arg(long, value_name = "NAME")]
    pub fleet: Vec<String>,
}

/// Arguments of `plan`.
#[derive(Clone, Debug, Args)]
pub struct PlanArgs {
    /// Only this fleet; may be repeated
    #[arg(long, value_name = "NAME")]
    pub fleet: Vec<String>,
}

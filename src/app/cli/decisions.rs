//! Arguments of `decisions`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::values;

/// `decisions` commands: every decision that was more than an uneventful pass, and the pass that ended it.
#[derive(Clone, Debug, Subcommand)]
pub enum DecisionsCommand {
    /// List decisions, the oldest first
    List(SelectArgs),
    /// Show one as it is exported, `policy.mask` applied
    Show(ShowArgs),
    /// Print decisions as NDJSON, `policy.mask` applied, with a summary at the end
    Export(ExportArgs),
    /// Evaluate the present policies on the input that a decision was made from
    Replay(DecisionArgs),
}

/// Which decisions.
#[derive(Clone, Debug, Args)]
pub struct SelectArgs {
    /// Those that held at some time since then
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = values::duration)]
    pub since: Duration,
    /// Only of this instance; may be repeated
    #[arg(long, value_name = "ID")]
    pub instance: Vec<String>,
    /// Only those that failed
    #[arg(long)]
    pub errors: bool,
}

/// One decision.
#[derive(Clone, Debug, Args)]
pub struct DecisionArgs {
    /// Decision id, e.g. d-0123456789abcdef
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Arguments of `decisions show`.
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
    /// Which.
    #[command(flatten)]
    pub decision: DecisionArgs,
    /// Also the input document
    #[arg(long)]
    pub with_input: bool,
}

/// Arguments of `decisions export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// Which.
    #[command(flatten)]
    pub select: SelectArgs,
    /// Also the input documents
    #[arg(long)]
    pub with_input: bool,
}

//! Arguments of `config`.

use clap::{Args, Subcommand};

/// `config` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check file, environment and flags; report everything that is wrong
    Check(CheckArgs),
    /// Print every setting in force; secrets are shown as references
    Show(ShowArgs),
}

/// Arguments of `config check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Also read every secret that the configuration refers to
    #[arg(long)]
    pub secrets: bool,
}

/// Arguments of `config show`.
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
    /// Also say where each value comes from
    #[arg(long)]
    pub origin: bool,
}

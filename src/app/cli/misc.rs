//! Arguments of the small commands.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

/// `notify` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum NotifyCommand {
    /// Send a test message and say what the receiver answered
    Test(NotifyTestArgs),
}

/// Arguments of `notify test`.
#[derive(Clone, Debug, Args)]
pub struct NotifyTestArgs {
    /// Destination; may be repeated [default: all]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// `audit` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum AuditCommand {
    /// Check the chain of hashes: find any entry that was edited, removed or reordered
    Verify,
}

/// Arguments of `completion`.
#[derive(Clone, Debug, Args)]
pub struct CompletionArgs {
    /// Shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

/// Arguments of `man`.
#[derive(Clone, Debug, Args)]
pub struct ManArgs {
    /// Write one page for each command into this folder instead
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}

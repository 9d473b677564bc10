//! Arguments of the small commands.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

use super::values;

/// `notify` commands. Exit 0 when every receiver answers, 69 when one does not.
#[derive(Clone, Debug, Subcommand)]
pub enum NotifyCommand {
    /// Send a test message and say what the receiver answered
    Test(NotifyTestArgs),
    /// What waits, is tried again, or was given up
    Status,
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
    Verify(AuditVerifyArgs),
    /// Print every entry, one JSON object a line
    Export,
}

/// Arguments of `audit verify`.
#[derive(Clone, Debug, Args)]
pub struct AuditVerifyArgs {
    /// An evidence file instead of the log in the state; needs neither configuration nor network
    #[arg(value_name = "FILE.zip")]
    pub file: Option<PathBuf>,
    /// The ed25519 key that must have signed the file, in PEM
    #[arg(long, value_name = "FILE", requires = "file")]
    pub public_key: Option<PathBuf>,
    /// Also check that the log still holds this entry, kept elsewhere since it was the last
    #[arg(long, value_name = "SEQ:HASH", value_parser = values::audit_head)]
    pub head: Option<(i64, String)>,
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

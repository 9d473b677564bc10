//! Arguments of the small commands.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

use super::values;
use crate::types::{AccountId, Severity};

/// Arguments of `doctor`. Exit 0 when nothing failed; 78, 77 or 69 by what has to be mended first.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// Only what is not as it should be
    #[arg(long)]
    pub problems: bool,
}

/// `notify` commands. Exit 0 when every receiver answers, 69 when one does not.
#[derive(Clone, Debug, Subcommand)]
pub enum NotifyCommand {
    /// Send a test message and say what the receiver answered
    Test(NotifyTestArgs),
    /// What waits, is tried again, or was given up
    Status,
    /// Where a finding would be told, and why not elsewhere
    Routes(NotifyRoutesArgs),
}

/// Arguments of `notify routes`.
#[derive(Clone, Debug, Args)]
pub struct NotifyRoutesArgs {
    /// A finding that is there [default: one as the flags describe it]
    #[arg(value_name = "FINDING", conflicts_with_all = ["fleet", "code", "severity", "account", "instance", "actor"])]
    pub finding: Option<String>,
    /// Fleet
    #[arg(long, value_name = "NAME")]
    pub fleet: Option<String>,
    /// Finding code
    #[arg(long, value_name = "CODE", default_value = "event-interactive-session")]
    pub code: String,
    /// Severity
    #[arg(long, value_name = "LEVEL", value_parser = values::severity, default_value = "high")]
    pub severity: Severity,
    /// Account
    #[arg(long, value_name = "ID", value_parser = values::account)]
    pub account: Option<AccountId>,
    /// Instance
    #[arg(long, value_name = "ID")]
    pub instance: Option<String>,
    /// Who did it
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
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
    /// Also read the anchors of audit.anchor.bucket, and compare the log with every one of them
    #[arg(long, conflicts_with = "file")]
    pub anchors: bool,
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
    /// The pages of cattleguard-agent
    #[arg(long)]
    pub agent: bool,
    /// Write one page for each command into this folder instead
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}

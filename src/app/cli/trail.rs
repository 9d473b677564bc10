//! Arguments of `trail`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::values;

/// `trail` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum TrailCommand {
    /// Prove log files by CloudTrail's digest files: what was altered, deleted, added, or never delivered
    Verify(TrailVerifyArgs),
}

/// Arguments of `trail verify`. Exit 1 when something is broken, 3 when something could not be proven.
#[derive(Clone, Debug, Args)]
pub struct TrailVerifyArgs {
    /// Folders with an `AWSLogs` tree, or within one [default: the configured folders]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only what was digested in this time until now, e.g. `7d`
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub since: Option<Duration>,
    /// What `aws cloudtrail list-public-keys` printed, instead of asking CloudTrail; may be repeated
    #[arg(long, value_name = "FILE")]
    pub public_keys: Vec<PathBuf>,
}

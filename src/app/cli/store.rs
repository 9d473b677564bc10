//! Arguments of `store`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `store` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum StoreCommand {
    /// How large the state is, and of what
    Stats,
    /// Read the whole file and the audit log, and say what is wrong with them
    Verify,
    /// Write a whole copy into a new file, while others go on
    Backup(BackupArgs),
    /// Delete what is older than the retention time, as a scan does once a day
    Prune(PruneArgs),
}

/// Arguments of `store backup`.
#[derive(Clone, Debug, Args)]
pub struct BackupArgs {
    /// New file; it must not exist
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Arguments of `store prune`.
#[derive(Clone, Debug, Args)]
pub struct PruneArgs {
    /// Only say what would be deleted
    #[arg(long)]
    pub dry_run: bool,
}

//! Arguments of `ingest`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

/// Arguments of `ingest`.
#[derive(Clone, Debug, Args)]
pub struct IngestArgs {
    /// Log files (`.json`, `.json.gz`) or folders of them; `-` is standard input
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// Keep the change events in the state: `timeline` shows them. Files that are read again change nothing
    #[arg(long)]
    pub store: bool,
    /// Logs that are read at the same time; by default one for each core
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

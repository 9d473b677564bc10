//! Arguments of `ingest`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `ingest`.
#[derive(Clone, Debug, Args)]
pub struct IngestArgs {
    /// Log files (`.json`, `.json.gz`) or folders of them
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
}

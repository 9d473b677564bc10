//! Arguments of `scan` and `daemon`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values;
use crate::app::config::Override;
use crate::types::{AccountId, Severity};

/// Arguments of `scan`.
#[derive(Clone, Debug, Args)]
pub struct ScanArgs {
    /// Only this fleet; may be repeated
    #[arg(long, value_name = "NAME")]
    pub fleet: Vec<String>,
    /// Only this account; may be repeated
    #[arg(long, value_name = "ID", value_parser = values::account)]
    pub account: Vec<AccountId>,
    /// Only this region; may be repeated
    #[arg(long, value_name = "REGION")]
    pub region: Vec<String>,
    /// Read the trail from this long ago, whatever was read before
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub since: Option<Duration>,
    /// Exit 1 for findings at or above this severity [default: low, or scan.fail_on of the configuration]
    #[arg(long, value_name = "SEVERITY", value_parser = values::severity)]
    pub fail_on: Option<Severity>,
    /// Write the numbers of /metrics into this file, for node_exporter's textfile collector
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// Execute what the plan says and every gate allows
    #[arg(long)]
    pub enforce: bool,
}

impl ScanArgs {
    /// The settings that these flags override.
    pub fn overrides(&self) -> Vec<Override> {
        self.fail_on
            .map(|severity| Override {
                path: vec!["scan", "fail_on"],
                value: severity.as_str().to_owned(),
                flag: "--fail-on",
            })
            .into_iter()
            .collect()
    }
}

/// Arguments of `daemon`.
#[derive(Clone, Debug, Args)]
pub struct DaemonArgs {}

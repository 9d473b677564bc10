//! Flags that every command takes.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use crate::app::config::{LogFormat, Override};
use crate::app::output::OutputSpec;
use crate::app::terminal::ColorWhen;

/// Flags that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Configuration file [default: /etc/cattleguard/cattleguard.toml]
    #[arg(short = 'C', long, global = true, value_name = "FILE", env = "CATTLEGUARD_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,

    /// Output format: table, json, with some commands ndjson; to stdout or to a file; may be repeated:
    /// `-o table -o json=scan.json`
    #[arg(short, long, global = true, value_name = "FORMAT[=PATH]", value_parser = OutputSpec::parse)]
    pub output: Vec<OutputSpec>,

    /// Only errors on stderr: no progress, no notes
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Log more: -v what happens, -vv what happens inside
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t, hide_possible_values = false)]
    pub color: ColorWhen,

    /// Form of the log on stderr [default: text, or log.format of the configuration]
    #[arg(long, global = true, value_name = "FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,

    /// How to show progress on stderr
    #[arg(long, global = true, value_name = "HOW", value_enum, default_value_t)]
    pub progress: ProgressWhen,
}

impl GlobalArgs {
    /// The settings that these flags override.
    pub fn overrides(&self) -> Vec<Override> {
        self.log_format
            .map(|format| Override {
                path: vec!["log", "format"],
                value: format.as_str().to_owned(),
                flag: "--log-format",
            })
            .into_iter()
            .collect()
    }
}

/// How to show progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressWhen {
    /// A live line on a terminal, one plain line each 10 seconds elsewhere.
    #[default]
    Auto,
    /// Not at all.
    Never,
    /// Plain lines, also on a terminal.
    Plain,
}

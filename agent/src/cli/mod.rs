//! The command line: parse, run, print, exit code.

mod bake;
mod check;
mod coverage;
mod diff;
mod golden;
mod judge;
mod output;
mod pass;
mod report;
mod show;

use std::ffi::OsString;
use std::io::Write;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::digest::Digest;
use crate::manifest::ManifestError;
use crate::walk::WalkError;

/// Exit codes; also in docs/AGENT.md. Failed wins over partial, partial over drifted.
pub mod exit {
    /// Complete and identical, or done.
    pub const IDENTICAL: u8 = 0;
    /// Complete, and something differs.
    pub const DRIFTED: u8 = 1;
    /// No trustworthy result.
    pub const FAILED: u8 = 2;
    /// Something could not be judged.
    pub const PARTIAL: u8 = 3;
    /// The command line is wrong (sysexits `EX_USAGE`).
    pub const USAGE: u8 = 64;
    /// The configuration is wrong (sysexits `EX_CONFIG`).
    pub const CONFIG: u8 = 78;
}

/// Proves that a server is still its golden image.
#[derive(Debug, Parser)]
#[command(name = "cattleguard-agent", version, about, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fingerprint a file tree into a golden manifest, at image build
    Bake(bake::Options),
    /// Compare this server with its golden: exit 0 identical, 1 drifted, 3 partial
    Check(check::Options),
    /// Compare, and write the result where the SSM agent collects it
    Report(report::Options),
    /// Compare two manifests: exit 0 equal, 1 different, 3 partial
    Diff(diff::Options),
    /// Print what a manifest holds, or one entry of it
    Show(show::Options),
}

/// The model of the command line, for its manual pages.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

#[derive(Debug, Args)]
struct OutputOptions {
    /// Write the result as text or as one JSON document
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

/// A command that came to no result.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error("cannot walk the file system")]
    Walk(#[from] WalkError),
    #[error("manifest `{path}` cannot be used")]
    Manifest {
        path: String,
        #[source]
        source: ManifestError,
    },
    #[error("the walk came out of order: this is a bug")]
    Order(#[from] crate::fingerprint::TreeError),
    #[error("cannot write `{path}`")]
    Write {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{path}` has root digest {found}, not the expected {expected}")]
    OtherGolden { path: String, found: Digest, expected: Digest },
    #[error("`{path}` is signed by {signer}, which is not trusted here")]
    Untrusted { path: String, signer: String },
    #[error("key `{path}` cannot be used")]
    Key {
        path: String,
        #[source]
        source: crate::sign::KeyError,
    },
    #[error("the comparison and the root digests disagree: this is a bug")]
    Inconsistent,
    #[error("cannot deliver the report")]
    Folder(#[from] crate::deliver::FolderError),
    #[error("the configuration cannot be used")]
    Config(#[from] crate::config::ConfigError),
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => exit::USAGE,
            Self::Config(_) => exit::CONFIG,
            _ => exit::FAILED,
        }
    }
}

/// Runs one command and returns the process's exit code. Results go to `stdout`, everything else to `stderr`.
///
/// `bake`, `check` and `report` shut the calling thread in (see [`crate::sandbox`]) and do not let it out again.
pub fn run<I, T>(arguments: I, stdout: &mut dyn Write, stderr: &mut dyn Write) -> u8
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version are results; a closed output changes nothing about that.
            let text = error.render();
            return if error.use_stderr() {
                let _ = write!(stderr, "{text}");
                exit::USAGE
            } else {
                let _ = write!(stdout, "{text}");
                exit::IDENTICAL
            };
        }
    };
    let mut console = output::Console { stdout, stderr };
    let outcome = match &parsed.command {
        Command::Bake(options) => bake::run(options, &mut console),
        Command::Check(options) => check::run(options, &mut console),
        Command::Report(options) => report::run(options, &mut console),
        Command::Diff(options) => diff::run(options, &mut console),
        Command::Show(options) => show::run(options, &mut console),
    };
    outcome.unwrap_or_else(|error| {
        console.error(&error);
        error.code()
    })
}

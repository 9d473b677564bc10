//! Arguments of `policy`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::values;

/// `policy` commands. Without paths they work on the policies of the configuration, or on the shipped pack when there
/// is no configuration.
#[derive(Clone, Debug, Subcommand)]
pub enum PolicyCommand {
    /// Run Rego tests (`test_…` rules)
    Test(TestArgs),
    /// Check that policies parse, use known input fields and known functions
    Check(CheckArgs),
    /// Evaluate policies on one input document
    Eval(EvalArgs),
    /// Show what other policies would have asked for on what past scans saw of servers with findings
    Replay(ReplayArgs),
}

/// Arguments of `policy test`.
#[derive(Clone, Debug, Args)]
pub struct TestArgs {
    /// Rego files or folders [default: the configured policies, else the shipped pack]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only tests whose name matches this regular expression
    #[arg(short, long, value_name = "REGEX")]
    pub run: Option<String>,
    /// Fail when less than this share of lines is covered
    #[arg(long, value_name = "PERCENT", value_parser = values::percent)]
    pub threshold: Option<f64>,
    /// Also write the results as JUnit XML into this file
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

/// Arguments of `policy check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Rego files or folders [default: the configured policies, else the shipped pack]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// Arguments of `policy replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// Rego files or folders to try: they take the place of the configured policies
    #[arg(long = "bundle", value_name = "PATH", required = true)]
    pub bundle: Vec<PathBuf>,
    /// Try them beside the shipped pack
    #[arg(long)]
    pub with_shipped: bool,
    /// How far back
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = values::duration)]
    pub since: Duration,
}

/// Arguments of `policy eval`.
#[derive(Clone, Debug, Args)]
pub struct EvalArgs {
    /// Rego files or folders [default: the configured policies, else the shipped pack]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Input document, `-` for stdin
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
    /// Also say which rules fired and why the others did not
    #[arg(long)]
    pub why: bool,
}

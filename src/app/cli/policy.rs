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
    /// Write a policy with its test, to begin from
    New(NewArgs),
    /// Pack policies into one signed file, verify one, or look into it
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// Show what other policies would have asked for on what past scans saw of servers with findings
    Replay(ReplayArgs),
}

/// Arguments of `policy test`.
#[derive(Clone, Debug, Args)]
pub struct TestArgs {
    /// Rego files or folders [default: the configured policies, else the shipped pack]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// JSON file that the policies see as `data`
    #[arg(long, value_name = "FILE")]
    pub data: Vec<PathBuf>,
    /// Only tests whose name matches this regular expression
    #[arg(short, long, value_name = "REGEX")]
    pub run: Option<String>,
    /// Name every line that no test reaches
    #[arg(long)]
    pub coverage: bool,
    /// Fail when less than this share of lines is covered
    #[arg(long, value_name = "PERCENT", value_parser = values::percent)]
    pub threshold: Option<f64>,
    /// Also write the results as JUnit XML into this file
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Take the configured bundle though no trusted key signed it, and say so
    #[arg(long)]
    pub unverified: bool,
}

/// Arguments of `policy new`.
#[derive(Clone, Debug, Args)]
pub struct NewArgs {
    /// Name in lower case, with a domain in front: `acme.owners` becomes the package cattleguard.acme.owners
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Folder in which a folder for it is made
    #[arg(long, value_name = "DIR", default_value = "policies")]
    pub dir: PathBuf,
}

/// Arguments of `policy check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Rego files or folders [default: the configured policies, else the shipped pack]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// JSON file that the policies see as `data`
    #[arg(long, value_name = "FILE")]
    pub data: Vec<PathBuf>,
    /// Also find imports that nothing uses and rules that no test reaches
    #[arg(long)]
    pub strict: bool,
    /// Take the configured bundle though no trusted key signed it, and say so
    #[arg(long)]
    pub unverified: bool,
}

/// Arguments of `policy replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// Rego files or folders to try: they take the place of the configured policies
    #[arg(long = "bundle", value_name = "PATH", required = true)]
    pub bundle: Vec<PathBuf>,
    /// JSON file that the policies see as `data`
    #[arg(long, value_name = "FILE")]
    pub data: Vec<PathBuf>,
    /// Try them beside the shipped pack
    #[arg(long)]
    pub with_shipped: bool,
    /// How far back
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = values::duration)]
    pub since: Duration,
    /// Take the configured bundle though no trusted key signed it, and say so
    #[arg(long)]
    pub unverified: bool,
}

/// Arguments of `policy eval`.
#[derive(Clone, Debug, Args)]
pub struct EvalArgs {
    /// Rego files or folders [default: the configured policies, else the shipped pack]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// JSON file that the policies see as `data`
    #[arg(long, value_name = "FILE")]
    pub data: Vec<PathBuf>,
    /// Input document (`-` for stdin), or the id of an instance, whose last stored input is taken
    #[arg(long, value_name = "FILE|INSTANCE")]
    pub input: PathBuf,
    /// Also say which rules fired and why the others did not
    #[arg(long)]
    pub why: bool,
    /// Take the configured bundle though no trusted key signed it, and say so
    #[arg(long)]
    pub unverified: bool,
}

/// `policy bundle` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum BundleCommand {
    /// Pack Rego files, tests and data.json files into one file
    Build(BuildArgs),
    /// Say whether a bundle is signed by a trusted key, whole and unaltered
    Verify(VerifyArgs),
    /// Say what is in a bundle
    Inspect(InspectArgs),
}

/// Arguments of `policy bundle build`.
#[derive(Clone, Debug, Args)]
pub struct BuildArgs {
    /// Folders of policies; names in the bundle are those below them
    #[arg(value_name = "DIR", required = true)]
    pub dirs: Vec<PathBuf>,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "bundle.tar.gz")]
    pub out: PathBuf,
    /// A name for this state of the policies: a tag, a commit
    #[arg(long, value_name = "TEXT", value_parser = values::not_empty)]
    pub revision: String,
    /// Number that grows from bundle to bundle [default: the seconds since 1970]
    #[arg(long, value_name = "NUMBER")]
    pub sequence: Option<u64>,
    /// A path below `data` that the bundle owns [default: every package and top-level data key in it]
    #[arg(long = "root", value_name = "PATH")]
    pub roots: Vec<String>,
    /// Sign with this ed25519 key (PKCS#8 PEM)
    #[arg(long, value_name = "FILE")]
    pub sign_key: Option<PathBuf>,
}

/// Arguments of `policy bundle verify`.
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
    /// Bundle
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Trusted public key (PEM) [default: policy.trusted_keys of the configuration]
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
}

/// Arguments of `policy bundle inspect`.
#[derive(Clone, Debug, Args)]
pub struct InspectArgs {
    /// Bundle
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

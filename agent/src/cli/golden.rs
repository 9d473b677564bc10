//! Options of `check` and `report`: which golden, which host, how thoroughly. Flags win over the configuration.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::SignedDuration;

use super::CliError;
use super::output::shown;
use crate::config::{self, Config};
use crate::digest::Digest;
use crate::packages;
use crate::sandbox::{self, Needs, Sandbox};
use crate::sign::PublicKey;

/// Flags.
#[derive(Debug, Args)]
pub(super) struct GoldenOptions {
    /// The golden manifest [default: /var/lib/cattleguard-agent/golden.cgm]
    #[arg(long, value_name = "FILE", env = "CATTLEGUARD_AGENT_GOLDEN")]
    golden: Option<PathBuf>,
    /// Refuse any golden but the one with this root digest
    #[arg(long, value_name = "DIGEST")]
    expect_root: Option<Digest>,
    /// Refuse a golden that none of these keys signed; PEM, may be given several times
    #[arg(long = "trusted-key", value_name = "FILE")]
    trusted_keys: Vec<PathBuf>,
    /// The folder that stands for `/`
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(super) sysroot: PathBuf,
    /// Read only files whose inode changed since the last full pass; `--quick=false` reads all
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    quick: Option<bool>,
    /// Where the last full pass is remembered [default: /var/lib/cattleguard-agent/quick.cache]
    #[arg(long, value_name = "FILE")]
    cache: Option<PathBuf>,
    /// Let everything else on the host go first
    #[arg(long, value_name = "WHICH", default_value = "idle")]
    priority: Priority,
    #[command(flatten)]
    sandbox: SandboxOptions,
    /// The configuration [default: etc/cattleguard/agent.toml of the sysroot, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How much of the host a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Priority {
    /// What nobody else wants.
    Idle,
    /// Its share.
    Normal,
}

/// How a run is shut in.
#[derive(Debug, Args)]
pub(super) struct SandboxOptions {
    /// Do without Landlock and seccomp
    #[arg(long)]
    no_sandbox: bool,
}

impl SandboxOptions {
    /// Gives up what the run does not need, beside writing in these folders.
    pub(super) fn enter(&self, sysroot: &Path, writes: Vec<PathBuf>) -> (Sandbox, Vec<String>) {
        if self.no_sandbox {
            return (Sandbox::default(), Vec::new());
        }
        sandbox::enter(&Needs { writes, runs_programs: packages::needs_a_program(sysroot) })
    }
}

/// What is wanted, with everything decided.
pub(super) struct Wanted {
    pub(super) golden: PathBuf,
    pub(super) expect_root: Option<Digest>,
    pub(super) trusted_keys: Vec<PublicKey>,
    pub(super) sysroot: PathBuf,
    pub(super) quick: Option<Quick>,
}

/// How a quick pass is done.
pub(super) struct Quick {
    pub(super) cache: PathBuf,
    pub(super) full_every: SignedDuration,
    pub(super) settled: SignedDuration,
}

impl GoldenOptions {
    /// Makes room for others, and says if that was refused.
    pub(super) fn step_back(&self) -> Option<String> {
        let refused = sandbox::step_back(self.priority == Priority::Idle).err()?;
        Some(format!("this run could not be made to give way to others: {refused}"))
    }

    /// Gives up what a comparison does not need, beside writing in these folders.
    pub(super) fn enter_sandbox(&self, wanted: &Wanted, mut writes: Vec<PathBuf>) -> (Sandbox, Vec<String>) {
        let folder = wanted.quick.as_ref().and_then(|quick| quick.cache.parent());
        // A bare name is one of the current folder.
        let is_bare = |folder: &Path| folder.as_os_str().is_empty();
        writes.extend(folder.map(|folder| if is_bare(folder) { ".".into() } else { folder.to_owned() }));
        self.sandbox.enter(&self.sysroot, writes)
    }

    /// Brings flags, environment, configuration and defaults together.
    pub(super) fn decide(&self) -> Result<Wanted, CliError> {
        let config = Config::load(self.config.as_deref(), &self.sysroot)?;
        let config::Check { quick, cache, full_every, settled } = config.check;
        let quick = self.quick.unwrap_or(quick).then(|| Quick {
            cache: self.cache.clone().unwrap_or(cache),
            full_every,
            settled,
        });
        let keys = if self.trusted_keys.is_empty() { &config.golden.trusted_keys } else { &self.trusted_keys };
        let read = |path: &PathBuf| PublicKey::read(path).map_err(|source| CliError::Key { path: shown(path), source });
        let trusted_keys = keys.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Wanted {
            trusted_keys,
            golden: self.golden.clone().unwrap_or(config.golden.path),
            expect_root: self.expect_root.or(config.golden.expect_root),
            sysroot: self.sysroot.clone(),
            quick,
        })
    }
}

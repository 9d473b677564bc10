//! Options of `check` and `report`: which golden, which host, how thoroughly. Flags win over the configuration.

use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;

use super::CliError;
use crate::config::{self, Config};
use crate::digest::Digest;

/// Flags.
#[derive(Debug, Args)]
pub(super) struct GoldenOptions {
    /// The golden manifest [default: /var/lib/cattleguard-agent/golden.cgm]
    #[arg(long, value_name = "FILE", env = "CATTLEGUARD_AGENT_GOLDEN")]
    golden: Option<PathBuf>,
    /// Refuse any golden but the one with this root digest
    #[arg(long, value_name = "DIGEST")]
    expect_root: Option<Digest>,
    /// The folder that stands for `/`
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(super) sysroot: PathBuf,
    /// Read only files whose inode changed since the last full pass; `--quick=false` reads all
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    quick: Option<bool>,
    /// Where the last full pass is remembered [default: /var/lib/cattleguard-agent/quick.cache]
    #[arg(long, value_name = "FILE")]
    cache: Option<PathBuf>,
    /// The configuration [default: etc/cattleguard/agent.toml of the sysroot, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What is wanted, with everything decided.
pub(super) struct Wanted {
    pub(super) golden: PathBuf,
    pub(super) expect_root: Option<Digest>,
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
    /// Brings flags, environment, configuration and defaults together.
    pub(super) fn decide(&self) -> Result<Wanted, CliError> {
        let config = Config::load(self.config.as_deref(), &self.sysroot)?;
        let config::Check { quick, cache, full_every, settled } = config.check;
        let quick = self.quick.unwrap_or(quick).then(|| Quick {
            cache: self.cache.clone().unwrap_or(cache),
            full_every,
            settled,
        });
        Ok(Wanted {
            golden: self.golden.clone().unwrap_or(config.golden.path),
            expect_root: self.expect_root.or(config.golden.expect_root),
            sysroot: self.sysroot.clone(),
            quick,
        })
    }
}

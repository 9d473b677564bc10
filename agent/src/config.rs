//! `/etc/cattleguard/agent.toml`: what is set once for a host or an image. Flags win over it.
//!
//! It cannot weaken a check: exclusions are read when a golden is baked and travel in it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use serde::Deserialize;

use crate::digest::Digest;
use crate::escape;
use crate::quick;
use crate::state::volatile::StateExclusion;

/// Where it is in a tree.
pub const PATH: &str = "etc/cattleguard/agent.toml";

/// A longer file is not a configuration.
const MAX_BYTES: usize = 1 << 20;

/// The whole file; every key has a default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which golden.
    pub golden: Golden,
    /// How hosts are checked.
    pub check: Check,
    /// How goldens are baked.
    pub bake: Bake,
}

/// `[golden]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Golden {
    /// The manifest.
    pub path: PathBuf,
    /// Any other golden is refused.
    pub expect_root: Option<Digest>,
    /// Public keys, in PEM files; when there are any, a golden must be signed by one of them.
    pub trusted_keys: Vec<PathBuf>,
}

impl Default for Golden {
    fn default() -> Self {
        // The folder is on the list of volatile paths.
        let path = PathBuf::from("/var/lib/cattleguard-agent/golden.cgm");
        Self { path, expect_root: None, trusted_keys: Vec::new() }
    }
}

/// `[check]`: for `check` and `report`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Check {
    /// Files whose inode looks untouched are not read again.
    pub quick: bool,
    /// Where the last full pass is remembered.
    pub cache: PathBuf,
    /// Everything is read at least this often.
    pub full_every: SignedDuration,
    /// An inode must have been left alone for this long to be remembered.
    pub settled: SignedDuration,
}

impl Default for Check {
    fn default() -> Self {
        let cache = PathBuf::from("/var/lib/cattleguard-agent/quick.cache");
        Self { quick: false, cache, full_every: quick::FULL_EVERY, settled: quick::SETTLED }
    }
}

/// `[bake]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bake {
    /// Further volatile paths.
    pub exclude: Vec<Exclude>,
    /// Further volatile state.
    pub state_exclude: Vec<StateExclusion>,
}

/// One `[[bake.exclude]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclude {
    /// As for `--exclude`.
    pub pattern: String,
    /// Why; it is recorded in the manifest.
    pub reason: String,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("`{path}` cannot be read: {source}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It does not say what it should.
    #[error("`{path}`: {text}")]
    Text {
        /// Which.
        path: String,
        /// Where, and what is wrong.
        text: String,
    },
}

impl Config {
    /// Reads the named file, or the one of the tree if it has one.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, or has a key or value that is not known.
    pub fn load(named: Option<&Path>, sysroot: &Path) -> Result<Self, ConfigError> {
        let path = named.map_or_else(|| sysroot.join(PATH), Path::to_owned);
        let shown = escape::text(path.as_os_str().as_encoded_bytes());
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(|text| ConfigError::Text { path: shown, text }),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => Ok(Self::default()),
            Err(source) => Err(ConfigError::Io { path: shown, source }),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err("is longer than any configuration".to_owned());
        }
        let config: Self = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        let Check { full_every, settled, .. } = &config.check;
        if full_every.is_negative() || settled.is_negative() {
            return Err("`check.full_every` and `check.settled` must not be negative".to_owned());
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_can_be_set_and_none_has_to_be() {
        assert_eq!(Config::parse(""), Ok(Config::default()));
        let config = Config::parse(
            "[golden]\npath = \"/g\"\ntrusted_keys = [\"/k.pem\"]\n[check]\nquick = true\ncache = \"/c\"\n\
             full_every = \"6h\"\nsettled = \"90s\"\n[[bake.exclude]]\npattern = \"/srv/*\"\nreason = \"data\"\n\
             [[bake.state_exclude]]\nsection = \"listener\"\nkey = \"tcp any:*\"\nreason = \"ours\"\n",
        )
        .unwrap();
        assert_eq!(config.check.full_every, SignedDuration::from_hours(6));
        assert_eq!(config.bake.exclude[0].pattern, "/srv/*");
        assert_eq!(config.bake.state_exclude[0].section, crate::state::Section::Listener);
    }

    #[test]
    fn what_is_not_known_is_refused_with_its_line() {
        for (text, word) in [
            ("[check]\nquik = true\n", "line 2"),
            ("[check]\nfull_every = \"soon\"\n", "line 2"),
            ("[check]\nsettled = \"-5s\"\n", "negative"),
            ("[golden]\nexpect_root = \"md5:x\"\n", "blake3"),
            ("exclude = []\n", "exclude"),
        ] {
            let refused = Config::parse(text).unwrap_err();
            assert!(refused.contains(word), "{refused}");
        }
    }
}

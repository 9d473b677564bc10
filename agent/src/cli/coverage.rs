//! What a bake covers: roots and mounts, and what is left out, from the default list, the configuration, the command
//! line, and a canary's first boot.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::CliError;
use super::output::shown;
use crate::config::Config;
use crate::first_boot::{self, Learned};
use crate::pattern::{Matcher, Pattern};
use crate::settings::{Exclusion, Settings};
use crate::state::volatile::{StateExclusion, defaults};
use crate::{path, volatile};

/// Flags.
#[derive(Debug, Args)]
pub(super) struct CoverageOptions {
    /// Folder to fingerprint, as seen from the sysroot; may be given several times
    #[arg(long = "root", value_name = "DIR", default_value = "/")]
    roots: Vec<PathBuf>,
    /// The folder that stands for `/`, e.g. a mounted image
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(super) sysroot: PathBuf,
    /// Walk into other local file systems mounted below a root
    #[arg(long)]
    cross_mounts: bool,
    /// Leave out a path, with `*` for any part of one name; recorded in the manifest
    #[arg(long = "exclude", value_name = "PATTERN")]
    excludes: Vec<Pattern>,
    /// Judge even the paths that every server changes by itself
    #[arg(long)]
    no_default_excludes: bool,
    /// Leave out what first boot made on a canary: the file has what `check -o json` printed there
    #[arg(long, value_name = "FILE")]
    first_boot: Option<PathBuf>,
    /// The configuration [default: etc/cattleguard/agent.toml of the sysroot, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Everything decided.
pub(super) struct Coverage {
    pub(super) settings: Settings,
    pub(super) state_exclusions: Vec<StateExclusion>,
    pub(super) not_learned: Vec<NotLearned>,
}

/// A difference of the canary that a person has to decide about.
#[derive(Debug, Serialize)]
pub(super) struct NotLearned {
    pub(super) path: String,
    pub(super) reason: &'static str,
}

impl CoverageOptions {
    /// Brings the sources together; `out` is the manifest that will be written.
    pub(super) fn decide(&self, out: &Path) -> Result<Coverage, CliError> {
        let usage = |error: &dyn std::error::Error| CliError::Usage(error.to_string());
        let config = Config::load(self.config.as_deref(), &self.sysroot)?;
        let mut exclusions =
            if self.no_default_excludes { Vec::new() } else { volatile::defaults().map_err(|error| usage(&error))? };
        for exclude in config.bake.exclude {
            let pattern = exclude.pattern.parse::<Pattern>().map_err(|error| usage(&error))?;
            exclusions.push(Exclusion { pattern, reason: exclude.reason });
        }
        exclusions.extend(self.excludes.iter().map(|pattern| Exclusion {
            pattern: pattern.clone(),
            reason: "asked for when the image was baked".to_owned(),
        }));
        let Learned { exclusions: learned, refused } = self.learned()?;
        exclusions.extend(learned);
        let mut state_exclusions = defaults();
        state_exclusions.extend(config.bake.state_exclude);
        let not_learned = refused.into_iter().map(|(path, reason)| NotLearned { path, reason }).collect();
        let settings = self.settings(exclusions, out).map_err(|error| usage(&*error))?;
        Ok(Coverage { settings, state_exclusions, not_learned })
    }

    fn learned(&self) -> Result<Learned, CliError> {
        let Some(path) = &self.first_boot else { return Ok(Learned::default()) };
        let failed = |error: &dyn std::fmt::Display| {
            CliError::Failed(format!("nothing learned from `{}`: {error}", shown(path)))
        };
        let json = std::fs::read(path).map_err(|error| failed(&error))?;
        first_boot::learn(&json).map_err(|error| failed(&error))
    }

    fn settings(&self, mut exclusions: Vec<Exclusion>, out: &Path) -> Result<Settings, Box<dyn std::error::Error>> {
        let roots: Vec<Vec<u8>> = self.roots.iter().map(|root| root.as_os_str().as_bytes().to_vec()).collect();
        let settings = Settings::new(&roots, self.cross_mounts, exclusions.clone())?;
        let Some(own) = own_path(&self.sysroot, out, &settings) else { return Ok(settings) };
        exclusions.push(Exclusion {
            pattern: Pattern::exactly(&own)?,
            reason: "the manifest: it cannot contain its own digest".to_owned(),
        });
        Ok(Settings::new(&roots, self.cross_mounts, exclusions)?)
    }
}

/// Where in the tree the manifest will be, if it will be where it is judged.
fn own_path(sysroot: &Path, out: &Path, settings: &Settings) -> Option<Vec<u8>> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().ok()?;
    let inside = folder.strip_prefix(sysroot.canonicalize().ok()?).ok()?;
    let folder = path::join(b"/", inside.as_os_str().as_bytes());
    let own = path::join(&path::clean(&folder)?, out.file_name()?.as_bytes());
    let is_walked = settings.roots().iter().any(|root| path::is_below(&own, root));
    let matcher = Matcher::new(settings.exclusions().iter().map(|exclusion| &exclusion.pattern));
    let is_left_out = std::iter::successors(Some(own.as_slice()), |at| path::parent(at)).any(|at| matcher.matches(at));
    (is_walked && !is_left_out).then_some(own)
}

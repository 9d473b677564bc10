//! The demo's folder: the world, configuration, secrets and state. Removed at the end unless it is to be kept.

use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::configuration::{CONFIGURATION, NOTIFY};
use super::failed;
use super::place::{absolute, cannot, hold, make, sweep, temporary};
use super::print::say;
use crate::app::error::AppError;
use crate::app::sim::WORLD_VARIABLE;
use crate::app::sim_backend::CONFIG;
use crate::testing::SimWorld;

/// The folder of one demo run.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    kept: bool,
    /// Locked as long as the demo lives, also when it is killed.
    _held: fs::File,
}

impl Folder {
    /// Makes the folder, in the system's temporary folder unless it is to be kept, and begins its world.
    pub(super) fn create(keep: Option<&Path>) -> Result<Self, AppError> {
        let folder = match keep {
            Some(path) => {
                make(path).map_err(|error| match error.kind() {
                    ErrorKind::AlreadyExists => AppError::usage(format!("{} exists already", path.display()))
                        .with_hint("--keep wants a new folder"),
                    _ => cannot(path, error),
                })?;
                let path = absolute(path)?;
                Self { _held: hold(&path)?, path, kept: true }
            }
            None => {
                let path = temporary()?;
                let folder = Self { _held: hold(&path)?, path, kept: false };
                sweep(&folder.path);
                folder
            }
        };
        SimWorld::create(&folder.path).map_err(|error| failed("the demo's world cannot be begun", error))?;
        Ok(folder)
    }

    /// Writes the configuration and the secrets it refers to.
    pub(super) fn write(&self, receiver: SocketAddr, signing_secret: &str) -> Result<(), AppError> {
        self.file("slack-url", &format!("http://{receiver}/services/T000/B000/demo"))?;
        self.file("webhook-url", &format!("http://{receiver}/hook"))?;
        self.file("webhook-secret", signing_secret)?;
        self.file(CONFIG, &format!("{CONFIGURATION}{NOTIFY}"))
    }

    /// Leaves the world to whoever goes on in it. Nobody receives its alerts any more.
    pub(super) fn hand_over(&self) -> Result<(), AppError> {
        self.file(CONFIG, CONFIGURATION)?;
        say(&format!(
            "The world is kept. Go on in it:\n\n  export {WORLD_VARIABLE}={}\n  {} plan\n\n",
            self.path.display(),
            program()
        ))
    }

    fn file(&self, name: &str, text: &str) -> Result<(), AppError> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.path.join(name);
        // Secrets are for their owner alone, in a demo too.
        let opened = fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&path);
        opened
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| failed(&format!("{} cannot be written", path.display()), error))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            // What stays behind is in the system's temporary folder under our process id.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// This program as the caller can type it.
fn program() -> String {
    std::env::args_os().next().map_or_else(|| "cattleguard-sim".to_owned(), |name| name.to_string_lossy().into_owned())
}

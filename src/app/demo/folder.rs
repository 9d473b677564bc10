//! The demo's folder: the world, configuration, secrets and state. Removed at the end unless it is to be kept.

use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::failed;
use super::stage::say;
use crate::app::error::AppError;
use crate::app::sim::WORLD_VARIABLE;
use crate::app::sim_backend::CONFIG;
use crate::testing::SimWorld;

/// What the names of temporary folders begin with.
const PREFIX: &str = "cattleguard-demo-";
/// Folders of demos that were killed may be in the way.
const TRIES: u32 = 100;
/// A folder that nobody holds is left over, unless it was only just made.
const LEFT_OVER: Duration = Duration::from_secs(60);

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
                let path = fs::canonicalize(path).map_err(|error| cannot(path, error))?;
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

fn temporary() -> Result<PathBuf, AppError> {
    let base = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
    for number in 0..TRIES {
        let path = if number == 0 { base.clone() } else { base.with_extension(number.to_string()) };
        match make(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(cannot(&path, error).with_hint("TMPDIR names another folder for it")),
        }
    }
    Err(AppError::failed(format!("{} exists already", base.display())))
}

fn hold(path: &Path) -> Result<fs::File, AppError> {
    let held = fs::File::open(path).and_then(|file| file.lock().map(|()| file));
    held.map_err(|error| cannot(path, error))
}

/// Removes what demos of the same user left that were killed.
fn sweep(own: &Path) {
    use std::os::unix::fs::MetadataExt as _;
    let (Some(parent), Ok(user)) = (own.parent(), fs::metadata(own).map(|data| data.uid())) else { return };
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        // Of the entry itself, not of what it may link to.
        let Ok(data) = entry.metadata() else { continue };
        let old = data.modified().ok().and_then(|at| at.elapsed().ok()).is_some_and(|age| age >= LEFT_OVER);
        let free = || fs::File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok());
        if data.is_dir() && data.uid() == user && old && free() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn make(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(path)
}

fn cannot(path: &Path, error: std::io::Error) -> AppError {
    failed(&format!("the demo's folder {} cannot be made", path.display()), error)
}

const CONFIGURATION: &str = r#"mode = "replace"                        # a ceiling; a scan plans and alerts, `enforce` acts

[state]
url = "sqlite:state.db"

[enforcement]
kill_switch = { file = "stop" }

[[account]]
id = "000000000000"
regions = ["eu-central-1", "eu-west-1"]

[[account]]
id = "000000000001"
regions = ["eu-central-1", "eu-west-1"]

[[fleet]]
name = "web"
select = { tags = { app = "web" } }
golden = "web"
enforcement = "replace"
budget = { count = 1, percent = 5 }

[[fleet.windows]]
days = ["mon", "tue", "wed", "thu"]
from = "09:00"
to = "16:00"
zone = "Europe/Berlin"
"#;

const NOTIFY: &str = r#"
[[notify]]
name = "slack"
kind = "slack"
url = { file = "slack-url" }
allow_private = true                    # the receiver is on loopback

[[notify]]
name = "siem"
kind = "webhook"
url = { file = "webhook-url" }
secrets = [{ file = "webhook-secret" }]
allow_private = true
"#;

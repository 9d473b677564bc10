//! Folders for demos: found, held, and removed when a demo was killed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::failed;
use crate::app::error::AppError;

/// What the names of temporary folders begin with.
const PREFIX: &str = "cattleguard-demo-";
/// Folders of demos that were killed may be in the way.
const TRIES: u32 = 100;
/// A folder that nobody holds is left over, unless it was only just made.
const LEFT_OVER: Duration = Duration::from_secs(60);

/// Makes a folder in the system's temporary folder.
pub(super) fn temporary() -> Result<PathBuf, AppError> {
    let base = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
    for number in 0..TRIES {
        let path = if number == 0 { base.clone() } else { base.with_extension(number.to_string()) };
        match make(&path) {
            Ok(()) => return absolute(&path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(cannot(&path, error).with_hint("TMPDIR names another folder for it")),
        }
    }
    Err(AppError::failed(format!("{} exists already", base.display())))
}

/// Holds a folder until the file is dropped, or the process dies.
pub(super) fn hold(path: &Path) -> Result<fs::File, AppError> {
    let held = fs::File::open(path).and_then(|file| file.lock().map(|()| file));
    held.map_err(|error| cannot(path, error))
}

/// Removes what demos of the same user left that were killed.
pub(super) fn sweep(own: &Path) {
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

/// Commands run in the folder itself.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, AppError> {
    fs::canonicalize(path).map_err(|error| cannot(path, error))
}

/// Makes a folder for its owner alone.
pub(super) fn make(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(path)
}

/// Why there is no folder.
pub(super) fn cannot(path: &Path, error: std::io::Error) -> AppError {
    failed(&format!("the demo's folder {} cannot be made", path.display()), error)
}

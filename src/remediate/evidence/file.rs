//! Files that appear whole or not at all, readable by their owner only.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::{EvidenceError, io};
use crate::store::leave_to_the_folders_owner;

/// Ends the name of a file that is not complete. Names of evidence never begin with a dot.
const UNFINISHED: &str = ".unfinished";

/// A folder that exists.
pub(super) struct Folder {
    pub(super) path: PathBuf,
}

impl Folder {
    /// The configured folder: made when it is missing, and left as it is when somebody has made it.
    pub(super) fn configured(path: &Path) -> Result<Self, EvidenceError> {
        if path.is_dir() { Ok(Self { path: path.to_owned() }) } else { Self::own(path) }
    }

    /// A folder of ours: made, or the one that is there when nobody else can look into it; never one that a link
    /// leads to.
    pub(super) fn own(path: &Path) -> Result<Self, EvidenceError> {
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_dir() => {
                if found.permissions().mode() & 0o077 != 0 {
                    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io(path))?;
                }
            }
            Ok(_) => return Err(io(path)(ErrorKind::NotADirectory.into())),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io(path))?;
                if let Some(parent) = path.parent() {
                    // Not through a link that somebody has put in its place since.
                    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                    let made = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| io(path)(error.into()))?;
                    let made = File::from(made);
                    leave_to_the_folders_owner(&made, parent).map_err(io(path))?;
                    sync(parent)?;
                }
            }
            Err(error) => return Err(io(path)(error)),
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Writes beside, then renames. What a killed process left beside is written over.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), EvidenceError> {
        let (path, beside) = (self.path.join(name), self.path.join(format!(".{name}{UNFINISHED}")));
        if read_bounded(&path, bytes.len())?.as_deref() == Some(bytes) {
            return Ok(());
        }
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(&beside)(error)),
            _ => {}
        }
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).map_err(io(&beside))?;
        leave_to_the_folders_owner(&file, &self.path).map_err(io(&beside))?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io(&beside))?;
        fs::rename(&beside, &path).map_err(io(&path))?;
        sync(&self.path)
    }
}

/// A file of at most so many bytes; `None` when there is none, or a larger one, or no plain file.
pub(super) fn read_bounded(path: &Path, most: usize) -> Result<Option<Vec<u8>>, EvidenceError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(path)(error)),
    }
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    read.map_err(io(path))?;
    Ok((bytes.len() <= most).then_some(bytes))
}

/// A rename is on disk only when its folder is.
fn sync(folder: &Path) -> Result<(), EvidenceError> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|open| open.sync_all()).map_err(io(folder))
}

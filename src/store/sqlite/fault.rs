//! What goes wrong inside, and how it is told outside.

use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::ffi;
use rustix::fs::Access;

use super::open::denied;
use crate::store::traits::StoreError;

/// Inside the store; the path is added at the boundary.
pub(super) type Db<T> = Result<T, Fault>;

/// A failure inside a transaction.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite's.
    Sql(rusqlite::Error),
    /// A rule of ours.
    Store(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Store(StoreError::Other(format!("a stored document does not fit this version: {error}")))
    }
}

/// I/O errors of the writing side. A quota, a vanished network disk and a full disk all end here.
const WRITE_ERRORS: [i32; 8] = [
    ffi::SQLITE_IOERR_WRITE,
    ffi::SQLITE_IOERR_FSYNC,
    ffi::SQLITE_IOERR_DIR_FSYNC,
    ffi::SQLITE_IOERR_TRUNCATE,
    ffi::SQLITE_IOERR_SHMOPEN,
    ffi::SQLITE_IOERR_SHMSIZE,
    ffi::SQLITE_IOERR_SHMMAP,
    ffi::SQLITE_IOERR_COMMIT_ATOMIC,
];

impl Fault {
    /// Says it with the file's path.
    pub(super) fn at(self, path: &Path) -> StoreError {
        let error = match self {
            Self::Store(error) => return error,
            Self::Sql(error) => error,
        };
        let closed = error.sqlite_error_code() == Some(ErrorCode::CannotOpen)
            && rustix::fs::access(path, Access::READ_OK | Access::WRITE_OK) == Err(rustix::io::Errno::ACCESS);
        if closed {
            return denied(path);
        }
        let path = path.display().to_string();
        // The tables admit no other types: what is no text was damaged.
        if matches!(error, rusqlite::Error::Utf8Error(..) | rusqlite::Error::FromSqlConversionFailure(..)) {
            return StoreError::Corrupt { path, detail: error.to_string() };
        }
        let Some(code) = error.sqlite_error_code() else {
            return StoreError::Other(format!("{path}: {error}"));
        };
        match code {
            ErrorCode::DiskFull => StoreError::Full { path },
            ErrorCode::SystemIoFailure if is_write_error(&error) => StoreError::Full { path },
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                StoreError::Corrupt { path, detail: error.to_string() }
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                StoreError::Other(format!("{path} is being written by another process, which does not finish"))
            }
            ErrorCode::ReadOnly if error.sqlite_extended_error_code() == Some(ffi::SQLITE_READONLY) => {
                StoreError::Other(format!("{path} cannot be written: it is open for reading only"))
            }
            // Of the folder, which is the same for a reader.
            ErrorCode::ReadOnly => StoreError::Other(format!(
                "{path} cannot be written here, nor the two files that readers need beside it (-wal, -shm): run this as \
                 the user whose state it is, or look at a copy in a folder of your own"
            )),
            ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
                StoreError::Other(format!("{path} cannot be opened: {error}"))
            }
            _ => StoreError::Other(format!("{path}: {error}")),
        }
    }
}

fn is_write_error(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(inner, _) if WRITE_ERRORS.contains(&inner.extended_code))
}

/// Shorthand for a broken rule.
pub(super) fn conflict<T>(text: impl Into<String>) -> Db<T> {
    Err(Fault::Store(StoreError::Conflict(text.into())))
}

/// Shorthand for a missing thing.
pub(super) fn not_found<T>(text: impl Into<String>) -> Db<T> {
    Err(Fault::Store(StoreError::NotFound(text.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(extended_code: i32) -> StoreError {
        Fault::Sql(rusqlite::Error::SqliteFailure(ffi::Error::new(extended_code), None)).at(Path::new("/x/state.db"))
    }

    /// People act on these: make room, restore a backup, look at the disk.
    #[test]
    fn sqlite_codes_become_what_one_can_do_about_them() {
        assert!(matches!(told(ffi::SQLITE_FULL), StoreError::Full { .. }));
        assert!(matches!(told(ffi::SQLITE_IOERR_FSYNC), StoreError::Full { .. }));
        assert!(matches!(told(ffi::SQLITE_IOERR_READ), StoreError::Other(_)));
        assert!(matches!(told(ffi::SQLITE_CORRUPT), StoreError::Corrupt { .. }));
        assert!(matches!(told(ffi::SQLITE_NOTADB), StoreError::Corrupt { .. }));
        assert!(told(ffi::SQLITE_READONLY_DIRECTORY).to_string().contains("look at a copy"));
        assert!(told(ffi::SQLITE_READONLY).to_string().contains("open for reading only"));
        assert!(told(ffi::SQLITE_BUSY).to_string().contains("another process"));
    }
}

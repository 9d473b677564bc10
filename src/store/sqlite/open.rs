//! Opening the state file: created privately, checked before anything in it is changed.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault::{Db, Fault};
use super::{SqliteStore, migrate};
use crate::store::leave_to_the_folders_owner;
use crate::store::traits::StoreError;

/// 3.51.3 fixed a bug that could corrupt a database when its write-ahead log was reset while another process
/// wrote (present since 3.7.0; SQLite's release notes of 2026-03-13).
const OLDEST_SQLITE: i32 = 3_051_003;

/// How long a write waits for another process: a commit of ten thousand instances takes a second or two.
const BUSY_TIMEOUT: Duration = Duration::from_secs(15);

/// After a large commit the write-ahead log is cut back to this many bytes.
const LOG_SIZE_LIMIT: i64 = 32 << 20;

/// `CGRD`: marks the file as ours (SQLite file format, offset 68).
const APPLICATION_ID: i64 = 0x4347_5244;

/// Prepared statements kept; there are about this many different ones.
const STATEMENTS: usize = 96;

impl SqliteStore {
    /// Opens the state for reading and writing; creates the file (mode 0600) and its folder when missing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the folder's parent is missing as well; [`StoreError::Other`] for a file that was
    /// emptied; [`StoreError::Corrupt`] for a damaged file and [`StoreError::NewerSchema`] for one of a newer version, both left as they are.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        refuse_old_sqlite(rusqlite::version_number())?;
        create_private(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(path, flags).map_err(Fault::from).and_then(|mut connection| {
            inspect(&connection, true)?;
            prepare(&connection)?;
            migrate::run(&mut connection, APPLICATION_ID)?;
            Ok(connection)
        });
        let opened = opened.map_err(|fault| fault.at(path))?;
        // There is something in it from now on.
        drop(std::fs::remove_file(mark_of(path)));
        Ok(Self::around(opened, path))
    }

    /// Opens the state for reading; works while another process scans.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no state yet; [`StoreError::NewerSchema`] as for [`Self::open`];
    /// [`StoreError::Other`] for a file of an older version, which only a writer can bring up to date.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        refuse_old_sqlite(rusqlite::version_number())?;
        match path.try_exists() {
            Ok(true) => {}
            Ok(false) => return Err(no_state(path)),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(denied(path)),
            Err(error) => return Err(StoreError::Other(format!("{}: {error}", path.display()))),
        }
        refuse_emptied(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(path, flags).map_err(Fault::from).and_then(|connection| {
            // The check of every page is left to writers: a reader finds damage where it reads.
            inspect(&connection, false)?;
            if migrate::version(&connection)? == 0 {
                return Err(no_state(path).into());
            }
            migrate::refuse_older(&connection)?;
            Ok(connection)
        });
        Ok(Self::around(opened.map_err(|fault| fault.at(path))?, path))
    }

    /// A state that lives as long as this value.
    ///
    /// # Errors
    /// Only when SQLite is too old or out of memory.
    pub fn open_in_memory() -> Result<Self, StoreError> {
        refuse_old_sqlite(rusqlite::version_number())?;
        let path = Path::new(":memory:");
        let opened = Connection::open_in_memory().map_err(Fault::from).and_then(|mut connection| {
            prepare(&connection)?;
            migrate::run(&mut connection, APPLICATION_ID)?;
            Ok(connection)
        });
        Ok(Self::around(opened.map_err(|fault| fault.at(path))?, path))
    }

    /// The version of the SQLite library, e.g. `3.51.3`.
    pub fn library_version() -> &'static str {
        rusqlite::version()
    }

    fn around(connection: Connection, path: &Path) -> Self {
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Self { connection: Mutex::new(connection), path: path.to_owned() }
    }
}

fn no_state(path: &Path) -> StoreError {
    StoreError::NotFound(format!("no state at {}: run `cattleguard scan` first", path.display()))
}

/// A state that is another user's: the service's for a person, or root's for the service.
pub(super) fn denied(path: &Path) -> StoreError {
    StoreError::Other(format!(
        "{} is not open to this user: run this as root or as the user whose state it is; a file that should be the \
         service's is given to it by `chown cattleguard:cattleguard`",
        path.display()
    ))
}

pub(super) fn refuse_old_sqlite(version: i32) -> Result<(), StoreError> {
    if version >= OLDEST_SQLITE {
        return Ok(());
    }
    let (major, minor, patch) = (version / 1_000_000, version / 1_000 % 1_000, version % 1_000);
    Err(StoreError::Other(format!(
        "SQLite {major}.{minor}.{patch} can corrupt a write-ahead log; 3.51.3 or newer is needed"
    )))
}

/// Creates the file before SQLite does, so that it is never readable by others, and so are the files that
/// SQLite puts beside it (they inherit its mode).
fn create_private(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        match DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(StoreError::NotFound(format!(
                    "the folder {} for the state file does not exist, nor does the one above it",
                    folder.display()
                )));
            }
            Err(error) => {
                return Err(StoreError::Other(format!(
                    "the folder {} for the state file cannot be created: {error}",
                    folder.display()
                )));
            }
        }
    }
    let make = |path: &Path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    if !path.exists() {
        // One that is there already is that of another process, or of a first run that was cut off.
        drop(make(&mark_of(path)));
    }
    match make(path) {
        Ok(made) => leave_to_the_folders_owner(&made, folder)
            .map_err(|error| StoreError::Other(format!("{} cannot be looked at: {error}", path.display()))),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => refuse_emptied(path),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(denied(path)),
        Err(error) if error.kind() == ErrorKind::StorageFull => {
            Err(StoreError::Full { path: path.display().to_string() })
        }
        Err(error) => Err(StoreError::Other(format!("{} cannot be created: {error}", path.display()))),
    }
}

/// Refuses a file without a byte in it. A state that was emptied would pass for a first run, and what it knew would be
/// forgotten: quarantines, operations on their way, budgets, pauses. A first run that is going on, or was cut off, has left
/// its mark.
fn refuse_emptied(path: &Path) -> Result<(), StoreError> {
    let empty = || std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == 0);
    // Looked at again: the mark goes when there is something in the file.
    if !empty() || mark_of(path).exists() || !empty() {
        return Ok(());
    }
    Err(StoreError::Other(format!(
        "the state file {} is empty: somebody, or something, has emptied it. To go on would forget every quarantine, \
         operation, pause and budget that it knew. Restore a backup; or, to begin anew in full knowledge, remove the file",
        path.display()
    )))
}

/// Stands beside a state file while that is made for the first time.
fn mark_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// Looks at a file without changing it: is it sound, is it ours, is it not of a newer version?
fn inspect(connection: &Connection, every_page: bool) -> Db<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Otherwise closing a file that we refuse would write its log into it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(());
    }
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(StoreError::Other("the state file is a database of another program".to_owned()).into());
    }
    if every_page {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            let damaged = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
            return Err(rusqlite::Error::SqliteFailure(damaged, Some(verdict)).into());
        }
    }
    migrate::refuse_newer(connection)
}

/// Settings of a connection that writes.
fn prepare(connection: &Connection) -> Db<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if mode != "wal" {
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    }
    // FULL: a commit is on disk when it returns, so an alert that was committed survives a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.query_row(&format!("PRAGMA journal_size_limit = {LOG_SIZE_LIMIT}"), [], |_| Ok(()))?;
    Ok(())
}

//! The file itself: size, soundness, a copy.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, TransactionBehavior};

use super::fault::{Db, Fault, conflict};
use super::value::time;
use super::{SqliteStore, cells, migrate, prune};
use crate::store::traits::StoreError;
use crate::store::upkeep::{Pruned, StateStats, TableStats, Upkeep};

/// Problems that are listed at most: a file that has this many is to be restored, not read about.
const LISTED: usize = 20;

impl Upkeep for SqliteStore {
    fn stats(&self) -> Result<StateStats, StoreError> {
        self.read(|connection| {
            let pragma = |name: &str| -> Db<u64> {
                let value: i64 = connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))?;
                Ok(u64::try_from(value).unwrap_or(0))
            };
            let page = pragma("page_size")?;
            let oldest: Option<i64> =
                connection.query_row("SELECT min(finished_at) FROM scan", [], |row| row.get(0))?;
            Ok(StateStats {
                schema: migrate::version(connection)?,
                bytes: pragma("page_count")? * page,
                free_bytes: pragma("freelist_count")? * page,
                tables: tables(connection)?,
                oldest_scan: oldest.map(time),
            })
        })
    }

    fn unsound(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let mut problems = Vec::new();
            let mut statement = connection.prepare(&format!("PRAGMA integrity_check({LISTED})"))?;
            for line in statement.query_map([], |row| row.get::<_, String>(0))? {
                problems.push(line?);
            }
            problems.retain(|line| line != "ok");
            let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
            let orphans = statement.query_map([], |row| {
                let (table, row_id, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(format!("row {} of {table} points to nothing in {parent}", row_id.unwrap_or_default()))
            })?;
            for orphan in orphans.take(LISTED) {
                problems.push(orphan?);
            }
            // Where pages are mixed up, reading their rows tells nothing more.
            if problems.is_empty() {
                problems = cells::unreadable(connection)?;
            }
            Ok(problems)
        })
    }

    fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let shown = to.display();
        let text = to.to_str().ok_or_else(|| StoreError::Other(format!("{shown}: the path must be UTF-8")))?;
        // Made first, so that it is never readable by others; SQLite fills a file that is empty.
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
        let file = made.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => StoreError::Other(format!("{shown} is there already: name a new file")),
            ErrorKind::StorageFull => StoreError::Full { path: shown.to_string() },
            _ => StoreError::Other(format!("{shown} cannot be created: {error}")),
        })?;
        let copied = self.copy(text).map_err(|fault| match fault.at(to) {
            // What is damaged is what was read.
            StoreError::Corrupt { detail, .. } => StoreError::Corrupt { path: self.path.display().to_string(), detail },
            error => error,
        });
        let copied = copied.and_then(|()| on_disk(&file, to));
        if copied.is_err()
            && let Err(error) = std::fs::remove_file(to)
        {
            tracing::warn!(error = %error, path = %shown, "the beginning of a backup could not be removed");
        }
        copied
    }

    fn prunable(&self, before: Timestamp) -> Result<Vec<Pruned>, StoreError> {
        let mut connection = self.lock();
        let mut copy = if connection.is_readonly("main").unwrap_or(false) {
            Some(copied(&connection).map_err(|fault| fault.at(&self.path))?)
        } else {
            None
        };
        let connection = copy.as_mut().unwrap_or(&mut *connection);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let counted = transaction.map_err(Fault::from).and_then(|tx| {
            let counted = prune::run(&tx, before)?;
            tx.rollback()?;
            Ok(counted)
        });
        counted.map_err(|fault| fault.at(&self.path))
    }
}

impl SqliteStore {
    fn copy(&self, to: &str) -> Db<()> {
        self.lock().execute("VACUUM INTO ?1", [to])?;
        Ok(())
    }
}

/// A copy that nothing but this value knows, to be changed where the file must not be. SQLite keeps what is too much for
/// memory in a temporary file and removes it.
fn copied(from: &Connection) -> Db<Connection> {
    let mut copy = Connection::open("")?;
    // No pages a step: all of them at once, so that it is of one moment.
    let step = Backup::new(from, &mut copy)?.step(-1)?;
    if step != StepResult::Done {
        return conflict("the state is being written; ask again");
    }
    copy.pragma_update(None, "foreign_keys", true)?;
    Ok(copy)
}

/// A copy that a power cut can take back is none: SQLite leaves this one to the system.
fn on_disk(file: &File, path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = file.sync_all().and_then(|()| File::open(folder)?.sync_all());
    synced.map_err(|error| StoreError::Other(format!("{} cannot be brought to disk: {error}", path.display())))
}

fn tables(connection: &Connection) -> Db<Vec<TableStats>> {
    let mut statement = connection.prepare(
        "SELECT s.tbl_name, sum(d.pgsize) FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name
         WHERE d.aggregate = TRUE AND s.tbl_name NOT LIKE 'sqlite_%' GROUP BY s.tbl_name ORDER BY 2 DESC, 1",
    )?;
    let sized = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    let mut tables = Vec::new();
    for found in sized {
        let (name, bytes) = found?;
        // Names come from our own schema.
        let rows: i64 = connection.query_row(&format!("SELECT count(*) FROM \"{name}\""), [], |row| row.get(0))?;
        tables.push(TableStats { name, rows: rows.unsigned_abs(), bytes: bytes.unsigned_abs() });
    }
    Ok(tables)
}

//! Versioned migrations: each a file of SQL, applied in order, all missing ones in one transaction.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::fault::{Db, Fault};
use crate::store::traits::StoreError;

/// One step of the schema. Once released it never changes: its checksum is stored and compared.
struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: [Migration; 4] = [
    Migration {
        version: 1,
        name: "leases_audit_goldens",
        sql: include_str!("migrations/0001_leases_audit_goldens.sql"),
    },
    Migration { version: 2, name: "scans", sql: include_str!("migrations/0002_scans.sql") },
    Migration { version: 3, name: "findings_waivers", sql: include_str!("migrations/0003_findings_waivers.sql") },
    Migration { version: 4, name: "outbox", sql: include_str!("migrations/0004_outbox.sql") },
];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migration (
  version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT";

impl Migration {
    fn checksum(&self) -> String {
        blake3::hash(self.sql.as_bytes()).to_hex().to_string()
    }
}

/// The newest schema this version knows.
pub(super) fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// The schema of the file; 0 when it has none.
pub(super) fn version(connection: &Connection) -> Db<i64> {
    let exists: bool = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migration'",
        [],
        |row| row.get(0),
    )?;
    if !exists {
        return Ok(0);
    }
    Ok(connection.query_row("SELECT coalesce(max(version), 0) FROM migration", [], |row| row.get(0))?)
}

/// Refuses a file that a newer version wrote.
pub(super) fn refuse_newer(connection: &Connection) -> Db<()> {
    let (found, known) = (version(connection)?, known());
    if found > known { Err(StoreError::NewerSchema { found, known }.into()) } else { Ok(()) }
}

/// Refuses a file that a reader cannot bring up to date.
pub(super) fn refuse_older(connection: &Connection) -> Db<()> {
    let (found, known) = (version(connection)?, known());
    if found < known {
        return Err(Fault::Store(StoreError::Other(format!(
            "the state has schema {found} and this version reads {known}: run `cattleguard scan` to bring it up to date"
        ))));
    }
    Ok(())
}

/// Applies what is missing. Two processes may open a new file at once: the second finds the work done.
pub(super) fn run(connection: &mut Connection, application_id: i64) -> Db<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    refuse_newer(&tx)?;
    tx.execute_batch(TABLE)?;
    for migration in &MIGRATIONS {
        let applied: Option<String> = tx
            .query_row("SELECT checksum FROM migration WHERE version = ?1", [migration.version], |row| row.get(0))
            .optional()?;
        match applied {
            Some(checksum) if checksum == migration.checksum() => {}
            Some(_) => return Err(altered(migration).into()),
            None => {
                tx.execute_batch(migration.sql)?;
                tx.execute(
                    "INSERT INTO migration (version, name, checksum) VALUES (?1, ?2, ?3)",
                    params![migration.version, migration.name, migration.checksum()],
                )?;
            }
        }
    }
    tx.pragma_update(None, "application_id", application_id)?;
    Ok(tx.commit()?)
}

fn altered(migration: &Migration) -> StoreError {
    StoreError::Other(format!(
        "migration {} ({}) was applied with another content than this version has: the state was written by a modified cattleguard",
        migration.version, migration.name
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_up_without_gaps() {
        for (expected, migration) in (1..).zip(&MIGRATIONS) {
            assert_eq!(migration.version, expected);
        }
    }

    /// A failing step leaves nothing behind, not even the steps before it.
    #[test]
    fn an_altered_step_is_refused_and_nothing_is_applied() {
        let mut connection = Connection::open_in_memory().expect("memory");
        run(&mut connection, 1).expect("a new schema");
        connection.execute("UPDATE migration SET checksum = 'other' WHERE version = 2", []).expect("altered");
        connection.execute("DELETE FROM migration WHERE version = 1", []).expect("forgotten");
        let refused = run(&mut connection, 1).expect_err("must be refused");
        assert!(matches!(refused, Fault::Sql(_) | Fault::Store(StoreError::Other(_))));
        let left: i64 = connection.query_row("SELECT count(*) FROM migration", [], |row| row.get(0)).expect("count");
        assert_eq!(left, MIGRATIONS.len() as i64 - 1);
    }
}

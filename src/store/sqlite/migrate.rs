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

const MIGRATIONS: [Migration; 15] = [
    Migration {
        version: 1,
        name: "leases_audit_goldens",
        sql: include_str!("migrations/0001_leases_audit_goldens.sql"),
    },
    Migration { version: 2, name: "scans", sql: include_str!("migrations/0002_scans.sql") },
    Migration { version: 3, name: "findings_waivers", sql: include_str!("migrations/0003_findings_waivers.sql") },
    Migration { version: 4, name: "outbox", sql: include_str!("migrations/0004_outbox.sql") },
    Migration { version: 5, name: "journal", sql: include_str!("migrations/0005_journal.sql") },
    Migration { version: 6, name: "trail_objects", sql: include_str!("migrations/0006_trail_objects.sql") },
    Migration { version: 7, name: "contents", sql: include_str!("migrations/0007_contents.sql") },
    Migration { version: 8, name: "ingested", sql: include_str!("migrations/0008_ingested.sql") },
    Migration { version: 9, name: "dead_letters_again", sql: include_str!("migrations/0009_dead_letters_again.sql") },
    Migration { version: 10, name: "policy_bundle", sql: include_str!("migrations/0010_policy_bundle.sql") },
    Migration { version: 11, name: "alerts", sql: include_str!("migrations/0011_alerts.sql") },
    Migration { version: 12, name: "decisions", sql: include_str!("migrations/0012_decisions.sql") },
    Migration { version: 13, name: "presses", sql: include_str!("migrations/0013_presses.sql") },
    Migration { version: 14, name: "counters_anchor", sql: include_str!("migrations/0014_counters_anchor.sql") },
    Migration {
        version: 15,
        name: "approved_operations",
        sql: include_str!("migrations/0015_approved_operations.sql"),
    },
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
    apply(connection, &MIGRATIONS, application_id)
}

fn apply(connection: &mut Connection, migrations: &[Migration], application_id: i64) -> Db<()> {
    // Looked at before writing, so that opening a state that is up to date waits for nobody's commit.
    if missing(connection, migrations)?.is_empty() {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    refuse_newer(&tx)?;
    tx.execute_batch(TABLE)?;
    for migration in missing(&tx, migrations)? {
        tx.execute_batch(migration.sql)?;
        tx.execute(
            "INSERT INTO migration (version, name, checksum) VALUES (?1, ?2, ?3)",
            params![migration.version, migration.name, migration.checksum()],
        )?;
    }
    tx.pragma_update(None, "application_id", application_id)?;
    Ok(tx.commit()?)
}

/// The steps that are not applied yet; fails when one was applied with another content.
fn missing<'a>(connection: &Connection, migrations: &'a [Migration]) -> Db<Vec<&'a Migration>> {
    if version(connection)? == 0 {
        return Ok(migrations.iter().collect());
    }
    let mut query = connection.prepare("SELECT checksum FROM migration WHERE version = ?1")?;
    let mut missing = Vec::new();
    for migration in migrations {
        let applied: Option<String> = query.query_row([migration.version], |row| row.get(0)).optional()?;
        match applied {
            Some(checksum) if checksum == migration.checksum() => {}
            Some(_) => return Err(altered(migration).into()),
            None => missing.push(migration),
        }
    }
    Ok(missing)
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
    fn versions_count_up() {
        assert!(MIGRATIONS.is_sorted_by(|before, after| before.version < after.version));
    }

    const FIRST: Migration = Migration { version: 1, name: "first", sql: "CREATE TABLE first (x)" };
    const SECOND: Migration = Migration { version: 2, name: "second", sql: "CREATE TABLE second (x)" };
    const BROKEN: Migration = Migration { version: 3, name: "broken", sql: "CREATE TABLE third (x); SELECT nonsense" };

    fn tables(connection: &Connection) -> Vec<String> {
        let mut query = connection.prepare("SELECT name FROM sqlite_schema ORDER BY name").expect("a query");
        query.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("names")
    }

    #[test]
    fn missing_steps_are_added_to_what_is_there() {
        let mut connection = Connection::open_in_memory().expect("memory");
        apply(&mut connection, &[FIRST], 1).expect("a new schema");
        connection.execute("INSERT INTO first VALUES (7)", []).expect("data");
        apply(&mut connection, &[FIRST, SECOND], 1).expect("an upgrade");
        assert_eq!(version(&connection).expect("readable"), 2);
        let kept: i64 = connection.query_row("SELECT x FROM first", [], |row| row.get(0)).expect("data");
        assert_eq!(kept, 7);
    }

    #[test]
    fn a_failing_step_takes_the_ones_before_it_back() {
        let mut connection = Connection::open_in_memory().expect("memory");
        apply(&mut connection, &[FIRST], 1).expect("a new schema");
        apply(&mut connection, &[FIRST, SECOND, BROKEN], 1).expect_err("broken");
        assert_eq!(tables(&connection), ["first", "migration"]);
        assert_eq!(version(&connection).expect("readable"), 1);
    }

    #[test]
    fn an_altered_step_is_refused_and_nothing_is_applied() {
        let mut connection = Connection::open_in_memory().expect("memory");
        apply(&mut connection, &[FIRST], 1).expect("a new schema");
        let altered = Migration { sql: "CREATE TABLE first (x, y)", ..FIRST };
        let refused = apply(&mut connection, &[altered, SECOND], 1).expect_err("altered");
        assert!(matches!(refused, Fault::Store(StoreError::Other(text)) if text.contains("migration 1 (first)")));
        assert_eq!(tables(&connection), ["first", "migration"]);
    }
}

//! The golden registry.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde_json::json;

use super::fault::{Db, conflict, not_found};
use super::value::{json, nanos, parse, parse_all};
use super::{SqliteStore, audit};
use crate::store::traits::{Goldens, StoreError};
use crate::types::{Golden, GoldenRef, GoldenStatus};

impl Goldens for SqliteStore {
    fn add_golden(&self, golden: &Golden) -> Result<(), StoreError> {
        self.write(|tx| add(tx, golden))
    }

    fn save_golden(&self, golden: &Golden) -> Result<(), StoreError> {
        self.write(|tx| save(tx, golden).map(drop))
    }

    fn set_golden_status(
        &self,
        reference: &GoldenRef,
        status: GoldenStatus,
        note: Option<&str>,
        by: &str,
        now: Timestamp,
    ) -> Result<Golden, StoreError> {
        self.write(|tx| set_status(tx, reference, status, note, by, now))
    }

    fn goldens(&self) -> Result<Vec<Golden>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare("SELECT body FROM golden ORDER BY line, recorded_at, version")?;
            let bodies = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            parse_all(bodies)
        })
    }

    fn golden(&self, reference: &GoldenRef) -> Result<Option<Golden>, StoreError> {
        self.read(|connection| one(connection, reference))
    }
}

fn add(tx: &Transaction<'_>, golden: &Golden) -> Db<()> {
    let reference = golden.reference();
    if one(tx, &reference)?.is_some() {
        return conflict(format!("golden {reference} is recorded already; a change is a new version"));
    }
    if golden.status == GoldenStatus::Promoted
        && let Some(other) = promoted(tx, golden)?
    {
        return conflict(format!("{} is promoted: record {reference} first, then promote it", other.reference()));
    }
    tx.execute(
        "INSERT INTO golden (line, version, status, recorded_at, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            golden.line.as_str(),
            golden.version.as_str(),
            golden.status.as_str(),
            nanos(golden.recorded_at),
            json(golden)?
        ],
    )?;
    let details = json!({"digest": golden.digest(), "status": golden.status});
    audit::append(tx, golden.recorded_at, &golden.recorded_by, "golden.record", &reference.to_string(), &details)?;
    Ok(())
}

/// Saves a golden; returns the one that had to make room for it.
fn save(tx: &Transaction<'_>, golden: &Golden) -> Db<Option<GoldenRef>> {
    let former = match golden.status {
        GoldenStatus::Promoted => promoted(tx, golden)?,
        GoldenStatus::Recorded | GoldenStatus::Deprecated | GoldenStatus::Revoked => None,
    };
    if let Some(former) = &former {
        let note = Some(format!("superseded by {}", golden.reference()));
        replace(tx, &Golden { status: GoldenStatus::Deprecated, note, ..former.clone() })?;
    }
    replace(tx, golden)?;
    Ok(former.map(|former| former.reference()))
}

fn replace(tx: &Transaction<'_>, golden: &Golden) -> Db<()> {
    let changed = tx.execute(
        "UPDATE golden SET status = ?3, recorded_at = ?4, body = ?5 WHERE line = ?1 AND version = ?2",
        params![
            golden.line.as_str(),
            golden.version.as_str(),
            golden.status.as_str(),
            nanos(golden.recorded_at),
            json(golden)?
        ],
    )?;
    if changed == 0 { not_found(format!("there is no golden {}", golden.reference())) } else { Ok(()) }
}

fn set_status(
    tx: &Transaction<'_>,
    reference: &GoldenRef,
    status: GoldenStatus,
    note: Option<&str>,
    by: &str,
    now: Timestamp,
) -> Db<Golden> {
    let Some(golden) = one(tx, reference)? else {
        return not_found(format!("there is no golden {reference}"));
    };
    if golden.status == status {
        return Ok(golden);
    }
    let action = match status {
        GoldenStatus::Recorded => return conflict(format!("{reference} cannot go back to recorded")),
        _ if golden.status == GoldenStatus::Revoked => {
            return conflict(format!("{reference} is revoked and stays so: record a new version"));
        }
        GoldenStatus::Promoted => "golden.promote",
        GoldenStatus::Deprecated => "golden.deprecate",
        GoldenStatus::Revoked => "golden.revoke",
    };
    let promoted_at = if status == GoldenStatus::Promoted { Some(now) } else { golden.promoted_at };
    let from = golden.status;
    let golden = Golden { status, promoted_at, note: note.map(str::to_owned), ..golden };
    let superseded = save(tx, &golden)?;
    let details = json!({"from": from, "note": note, "digest": golden.digest(), "superseded": superseded});
    audit::append(tx, now, by, action, &reference.to_string(), &details)?;
    Ok(golden)
}

/// The promoted version of the same line, unless it is this one.
fn promoted(connection: &Connection, golden: &Golden) -> Db<Option<Golden>> {
    let body: Option<String> = connection
        .query_row(
            "SELECT body FROM golden WHERE line = ?1 AND status = 'promoted' AND version <> ?2",
            params![golden.line.as_str(), golden.version.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    body.map(|body| parse(&body)).transpose()
}

fn one(connection: &Connection, reference: &GoldenRef) -> Db<Option<Golden>> {
    let body: Option<String> = connection
        .query_row(
            "SELECT body FROM golden WHERE line = ?1 AND version = ?2",
            params![reference.line.as_str(), reference.version.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    body.map(|body| parse(&body)).transpose()
}

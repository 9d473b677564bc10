//! Exceptions and pauses.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, params};
use serde_json::json;

use super::fault::{Db, conflict, not_found};
use super::value::{json, nanos, parse, parse_all};
use super::{SqliteStore, audit};
use crate::store::traits::{StoreError, Waivers};
use crate::types::{Exception, ExceptionId, FleetName};

impl Waivers for SqliteStore {
    fn add_exception(&self, exception: &Exception, by: &str) -> Result<(), StoreError> {
        self.write(|tx| add(tx, exception, by))
    }

    fn exceptions(&self) -> Result<Vec<Exception>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare("SELECT body FROM exception ORDER BY created_at, id")?;
            let bodies = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            parse_all(bodies)
        })
    }

    fn revoke_exception(&self, id: &ExceptionId, by: &str, now: Timestamp) -> Result<(), StoreError> {
        self.write(|tx| revoke(tx, id, by, now))
    }

    fn pause(&self, fleet: Option<&FleetName>, reason: &str, by: &str, now: Timestamp) -> Result<(), StoreError> {
        self.write(|tx| {
            let former: Option<(String, String)> = tx
                .query_row("SELECT reason, by FROM pause WHERE fleet = ?1", [column(fleet)], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            tx.execute(
                "INSERT INTO pause (fleet, reason, by, at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (fleet) DO UPDATE SET reason = excluded.reason, by = excluded.by, at = excluded.at",
                params![column(fleet), both(former, reason, by), by, nanos(now)],
            )?;
            audit::append(tx, now, by, "enforcement.pause", object(fleet), &json!({"reason": reason}))?;
            Ok(())
        })
    }

    fn resume(&self, fleet: Option<&FleetName>, by: &str, now: Timestamp) -> Result<(), StoreError> {
        self.write(|tx| {
            let lifted: Option<String> = tx
                .query_row("DELETE FROM pause WHERE fleet = ?1 RETURNING reason", [column(fleet)], |row| row.get(0))
                .optional()?;
            let Some(lifted) = lifted else {
                return not_found(fleet.map_or_else(
                    || "nothing is paused as a whole; `resume --fleet NAME` lifts the pause of a fleet".to_owned(),
                    |fleet| format!("fleet {fleet} is not paused"),
                ));
            };
            audit::append(tx, now, by, "enforcement.resume", object(fleet), &json!({"lifted": lifted}))?;
            Ok(())
        })
    }

    fn pauses(&self) -> Result<Vec<(Option<FleetName>, String)>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare("SELECT fleet, reason FROM pause ORDER BY fleet")?;
            let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
            let pauses =
                rows.map(|row| row.map(|(fleet, reason)| ((!fleet.is_empty()).then(|| FleetName::new(fleet)), reason)));
            Ok(pauses.collect::<Result<_, _>>()?)
        })
    }
}

/// A pause by somebody else keeps the reason that is there: whoever resumes has to know every one of them.
fn both(former: Option<(String, String)>, reason: &str, by: &str) -> String {
    match former {
        Some((old, _)) if old.split("; ").any(|one| one == reason) => old,
        Some((old, who)) if who != by => format!("{old}; {reason}"),
        _ => reason.to_owned(),
    }
}

fn column(fleet: Option<&FleetName>) -> &str {
    fleet.map_or("", FleetName::as_str)
}

fn object(fleet: Option<&FleetName>) -> &str {
    fleet.map_or("everything", FleetName::as_str)
}

fn add(tx: &Transaction<'_>, exception: &Exception, by: &str) -> Db<()> {
    let Exception { id, created_at, expires_at, .. } = exception;
    if expires_at <= created_at {
        return conflict("an exception must expire after it begins");
    }
    if !exception.is_scoped() {
        return conflict(
            "an exception without a scope would cover nothing: name a fleet, account, instance, code, fingerprint, subject or path",
        );
    }
    let inserted = tx.execute(
        "INSERT OR IGNORE INTO exception (id, created_at, expires_at, body) VALUES (?1, ?2, ?3, ?4)",
        params![id.as_str(), nanos(*created_at), nanos(*expires_at), json(exception)?],
    )?;
    if inserted == 0 {
        return conflict(format!("there is an exception {id} already"));
    }
    audit::append(tx, *created_at, by, "exception.add", id.as_str(), &serde_json::to_value(exception)?)?;
    Ok(())
}

fn revoke(tx: &Transaction<'_>, id: &ExceptionId, by: &str, now: Timestamp) -> Db<()> {
    let body: Option<String> =
        tx.query_row("SELECT body FROM exception WHERE id = ?1", [id.as_str()], |row| row.get(0)).optional()?;
    let Some(body) = body else {
        return not_found(format!("there is no exception {id}: `cattleguard exceptions list` has their ids"));
    };
    let exception: Exception = parse(&body)?;
    if exception.expires_at <= now {
        return conflict(format!("exception {id} ended at {}", exception.expires_at));
    }
    let details = json!({"would_have_expired": exception.expires_at});
    let exception = Exception { expires_at: now, ..exception };
    tx.execute(
        "UPDATE exception SET revoked_at = ?2, body = ?3 WHERE id = ?1",
        params![id.as_str(), nanos(now), json(&exception)?],
    )?;
    audit::append(tx, now, by, "exception.revoke", id.as_str(), &details)?;
    Ok(())
}

//! Findings between scans.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde_json::json;

use super::fault::{Db, conflict, not_found};
use super::value::{json, nanos, parse, parse_all};
use super::{SqliteStore, audit};
use crate::store::traits::{Findings, StoreError};
use crate::types::{Finding, FindingId, FindingStatus, InstanceId};

impl Findings for SqliteStore {
    fn findings(&self, with_resolved: bool) -> Result<Vec<Finding>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(if with_resolved {
                "SELECT body FROM finding ORDER BY id"
            } else {
                "SELECT body FROM finding WHERE status <> 'resolved' ORDER BY id"
            })?;
            let bodies = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            parse_all(bodies)
        })
    }

    fn finding(&self, id: &FindingId) -> Result<Option<Finding>, StoreError> {
        self.read(|connection| one(connection, id))
    }

    fn set_finding_status(
        &self,
        id: &FindingId,
        status: FindingStatus,
        by: &str,
        now: Timestamp,
    ) -> Result<Finding, StoreError> {
        self.write(|tx| set_status(tx, id, status, by, now))
    }
}

fn one(connection: &Connection, id: &FindingId) -> Db<Option<Finding>> {
    let body: Option<String> =
        connection.query_row("SELECT body FROM finding WHERE id = ?1", [id.as_str()], |row| row.get(0)).optional()?;
    body.map(|body| parse(&body)).transpose()
}

fn set_status(tx: &Transaction<'_>, id: &FindingId, status: FindingStatus, by: &str, now: Timestamp) -> Db<Finding> {
    let Some(finding) = one(tx, id)? else {
        return not_found(format!("there is no finding {id}"));
    };
    let from = finding.status;
    if from == status {
        return Ok(finding);
    }
    let action = match (from, status) {
        (FindingStatus::Open, FindingStatus::Acknowledged) => "finding.ack",
        (FindingStatus::Acknowledged | FindingStatus::Resolved, FindingStatus::Open) => "finding.reopen",
        (_, FindingStatus::Resolved) => return conflict("a finding is resolved by a complete scan, not by hand"),
        (_, FindingStatus::Waived) => return conflict("a finding is waived by an exception, not by hand"),
        (FindingStatus::Waived, _) => return conflict(format!("{id} is waived: revoke its exception instead")),
        (_, _) => return conflict(format!("{id} is {from}: it cannot become {status}")),
    };
    let finding = Finding { status, ..finding };
    tx.execute(
        "UPDATE finding SET status = ?2, person_at = ?3, body = ?4 WHERE id = ?1",
        params![id.as_str(), status.as_str(), nanos(now), json(&finding)?],
    )?;
    audit::append(tx, now, by, action, id.as_str(), &json!({"from": from, "to": status, "code": finding.code}))?;
    Ok(finding)
}

/// What is stored of a finding that a scan wants to write.
struct Former {
    fingerprint: String,
    status: String,
    person_at: Option<i64>,
}

/// Writes a scan's findings. Returns the instances for which something more than the time of the last sight
/// changed.
pub(super) fn put(tx: &Transaction<'_>, findings: &[Finding], started_at: Timestamp) -> Db<HashSet<InstanceId>> {
    let mut changed = HashSet::new();
    let mut query = tx.prepare_cached("SELECT fingerprint, status, person_at FROM finding WHERE id = ?1")?;
    let mut write = tx.prepare_cached(
        "INSERT INTO finding (id, instance, fingerprint, status, last_seen, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET instance = excluded.instance, fingerprint = excluded.fingerprint,
           status = excluded.status, last_seen = excluded.last_seen, body = excluded.body",
    )?;
    for finding in findings {
        let former = query
            .query_row([finding.id.as_str()], |row| {
                Ok(Former { fingerprint: row.get(0)?, status: row.get(1)?, person_at: row.get(2)? })
            })
            .optional()?;
        let status = former.as_ref().map_or(finding.status, |former| settle(finding.status, former, started_at));
        let same =
            former.is_some_and(|former| former.fingerprint == finding.fingerprint && former.status == status.as_str());
        if !same {
            changed.insert(finding.instance.clone());
        }
        let body =
            if status == finding.status { json(finding)? } else { json(&Finding { status, ..finding.clone() })? };
        write.execute(params![
            finding.id.as_str(),
            finding.instance.as_str(),
            finding.fingerprint,
            status.as_str(),
            nanos(finding.last_seen),
            body
        ])?;
    }
    Ok(changed)
}

/// A scan that began before a person acknowledged or reopened a finding read the old status, and would undo
/// what the person did.
fn settle(scanned: FindingStatus, former: &Former, started_at: Timestamp) -> FindingStatus {
    let later = former.person_at.is_some_and(|at| at >= nanos(started_at));
    match (scanned, former.status.as_str()) {
        (FindingStatus::Open, "acknowledged") if later => FindingStatus::Acknowledged,
        (FindingStatus::Acknowledged, "open") if later => FindingStatus::Open,
        _ => scanned,
    }
}

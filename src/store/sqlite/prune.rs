//! Retention applied: loads the holdings, asks [`crate::store::retention`], deletes.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

use super::fault::Db;
use super::value::{json, nanos, parse, time};
use crate::store::Pruned;
use crate::store::retention::{FindingHold, Holdings, NoticeHold, OperationHold, expired};
use crate::types::{EventId, Finding, FindingStatus, InstanceId};

/// Deletes what retention says, and what depends on it. Returns how many rows of each kind.
pub(super) fn run(tx: &Transaction<'_>, before: Timestamp) -> Db<Vec<Pruned>> {
    let expired = expired(&holdings(tx)?, before);
    let mut pruned = Vec::new();
    let lists: [(&str, &str, String); 6] = [
        ("scans", "DELETE FROM scan WHERE seq IN (SELECT value FROM json_each(?1))", json(&expired.scans)?),
        ("change events", "DELETE FROM event WHERE id IN (SELECT value FROM json_each(?1))", json(&expired.events)?),
        ("findings", "DELETE FROM finding WHERE id IN (SELECT value FROM json_each(?1))", json(&expired.findings)?),
        ("instances", "DELETE FROM instance WHERE id IN (SELECT value FROM json_each(?1))", json(&expired.instances)?),
        ("notices", "DELETE FROM outbox WHERE seq IN (SELECT value FROM json_each(?1))", json(&expired.notices)?),
        (
            "operations",
            "DELETE FROM operation WHERE key IN (SELECT value FROM json_each(?1))",
            json(&expired.operations)?,
        ),
    ];
    for (what, sql, ids) in lists {
        pruned.push(Pruned { what, rows: tx.execute(sql, [ids])? as u64 });
    }
    let inputs = tx.execute("DELETE FROM input WHERE scan NOT IN (SELECT seq FROM scan)", [])?;
    pruned.push(Pruned { what: "policy inputs", rows: inputs as u64 });
    let by_time = [
        // One that still holds is there for as long as its instance is scanned.
        ("decision records", "DELETE FROM decision WHERE last_at < ?1"),
        ("approvals", "DELETE FROM approval WHERE expires_at < ?1"),
        ("message threads", "DELETE FROM thread WHERE changed_at < ?1 AND open = 0"),
        ("button presses", "DELETE FROM press WHERE at < ?1"),
        ("silences", "DELETE FROM silence WHERE until < ?1"),
        ("log files", "DELETE FROM trail_object WHERE delivered_at < ?1"),
        ("dead letters", "DELETE FROM dead_letter WHERE at < ?1"),
        ("inventory reports", "DELETE FROM content_report WHERE reported_at < ?1"),
        ("clean content hashes", "DELETE FROM clean_content WHERE seen_at < ?1"),
        // Of accounts and destinations that are not there any more. The last scan stays, too.
        ("counters", "DELETE FROM counter WHERE changed_at < ?1 AND name <> 'scans'"),
        ("links", "DELETE FROM link WHERE seen_at < ?1"),
        // A digest stays valid for as long as its launch lives, however long ago it was fetched.
        (
            "user data digests",
            "DELETE FROM user_data WHERE fetched_at < ?1 AND instance NOT IN (SELECT id FROM instance)",
        ),
    ];
    for (what, sql) in by_time {
        pruned.push(Pruned { what, rows: tx.execute(sql, [nanos(before)])? as u64 });
    }
    Ok(pruned)
}

fn holdings(connection: &Connection) -> Db<Holdings> {
    let mut held = Holdings::default();
    let mut statement = connection.prepare("SELECT seq, finished_at FROM scan")?;
    held.scans = statement.query_map([], |row| Ok((row.get(0)?, time(row.get(1)?))))?.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare("SELECT id, time FROM event")?;
    held.events = statement
        .query_map([], |row| Ok((EventId::from(row.get::<_, String>(0)?), time(row.get(1)?))))?
        .collect::<Result<_, _>>()?;
    let mut statement = connection.prepare("SELECT id, scan FROM instance")?;
    held.instances = statement
        .query_map([], |row| Ok((InstanceId::from(row.get::<_, String>(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut statement = connection.prepare("SELECT seq, destination, grouping, finished_at FROM outbox")?;
    held.notices = statement
        .query_map([], |row| {
            let finished_at: Option<i64> = row.get(3)?;
            Ok(NoticeHold { seq: row.get(0)?, group: (row.get(1)?, row.get(2)?), finished_at: finished_at.map(time) })
        })?
        .collect::<Result<_, _>>()?;
    let mut statement = connection.prepare("SELECT key, instance, replacement, ended_at FROM operation")?;
    held.operations = statement
        .query_map([], |row| {
            let (replacement, ended_at): (Option<String>, Option<i64>) = (row.get(2)?, row.get(3)?);
            Ok(OperationHold {
                key: row.get(0)?,
                instance: InstanceId::from(row.get::<_, String>(1)?),
                replacement: replacement.map(InstanceId::from),
                ended_at: ended_at.map(time),
            })
        })?
        .collect::<Result<_, _>>()?;
    let mut statement = connection.prepare("SELECT body FROM finding")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        held.findings.push(hold(parse(&row.get::<_, String>(0)?)?));
    }
    Ok(held)
}

/// An event finding names its event as its subject as well.
fn hold(finding: Finding) -> FindingHold {
    let mut events: BTreeSet<EventId> = finding.attribution.into_iter().map(|one| one.event_id).collect();
    if finding.code.family() == "event" {
        events.insert(EventId::new(finding.subject));
    }
    FindingHold {
        id: finding.id,
        instance: finding.instance,
        resolved: finding.status == FindingStatus::Resolved,
        last_seen: finding.last_seen,
        events,
    }
}

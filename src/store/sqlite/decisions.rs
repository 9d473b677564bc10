//! Decision records.
//!
//! A scan of ten thousand instances decides ten thousand times, nearly always the same as before and nearly always
//! nothing. So only what happened is kept: a decision that is not an uneventful pass, once for as long as it stays the
//! same, and the pass that ends it. What is kept of the others is the instance's last result and its verdicts.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SqliteStore;
use super::fault::Db;
use super::value::{json, nanos, parse, time};
use crate::store::decisions::Decisions;
use crate::store::traits::{InstanceResult, StoreError};
use crate::types::{Circumstances, Decision, DecisionId, DecisionRecord, DecisionStatus, InstanceId, ScanId};

const SELECT: &str = "SELECT id, first_scan, first_at, last_scan, last_at, input_digest, body FROM decision";

/// What of a record is written once.
#[derive(Serialize, Deserialize)]
struct Body {
    decision: Decision,
    circumstances: Circumstances,
}

/// Writes the records of a scan.
pub(super) fn put(
    tx: &Transaction<'_>,
    scan: &ScanId,
    started_at: Timestamp,
    results: &[InstanceResult],
    circumstances: &[Circumstances],
) -> Db<()> {
    let circumstances: HashMap<&InstanceId, &Circumstances> =
        circumstances.iter().map(|one| (&one.instance, one)).collect();
    let open = open(tx)?;
    let mut close = tx.prepare_cached("UPDATE decision SET open = 0 WHERE key = ?1")?;
    let mut go_on =
        tx.prepare_cached("UPDATE decision SET last_scan = ?2, last_at = ?3, input_digest = ?4 WHERE key = ?1")?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO decision (id, instance, first_scan, first_at, last_scan, last_at, open, digest, input_digest, body)
         VALUES (?1, ?2, ?3, ?4, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let at = nanos(started_at);
    for result in results {
        let id = &result.instance.id;
        let (Some(decision), Some(circumstances)) = (&result.decision, circumstances.get(id)) else { continue };
        let eventful = is_eventful(result, decision);
        let former = open.get(id.as_str());
        if !eventful && former.is_none() {
            continue;
        }
        let digest = digest(decision, circumstances)?;
        match former {
            Some((key, same)) if eventful && *same == digest => {
                go_on.execute(params![key, scan.as_str(), at, decision.input_digest])?;
                continue;
            }
            Some((key, _)) => drop(close.execute([key])?),
            None => {}
        }
        let body = json(&Body { decision: decision.clone(), circumstances: (*circumstances).clone() })?;
        insert.execute(params![
            DecisionRecord::id_of(scan, id).as_str(),
            id.as_str(),
            scan.as_str(),
            at,
            eventful,
            digest,
            decision.input_digest,
            body
        ])?;
    }
    Ok(())
}

/// Whether there is more to a decision than that everything was evaluated and nothing was found.
fn is_eventful(result: &InstanceResult, decision: &Decision) -> bool {
    decision.status == DecisionStatus::Error
        || !result.findings.is_empty()
        || decision.policies.iter().any(|policy| !policy.hits.is_empty())
}

/// The record that each instance has at present.
fn open(tx: &Transaction<'_>) -> Db<HashMap<String, (i64, Vec<u8>)>> {
    let mut statement = tx.prepare_cached("SELECT instance, key, digest FROM decision WHERE open = 1")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn digest(decision: &Decision, circumstances: &Circumstances) -> Db<Vec<u8>> {
    let decision = Decision { input_digest: String::new(), ..decision.clone() };
    let circumstances = Circumstances { duration_ns: 0, ..circumstances.clone() };
    let text = json(&Body { decision, circumstances })?;
    Ok(blake3::hash(text.as_bytes()).as_bytes().to_vec())
}

fn read(row: &Row<'_>) -> Db<DecisionRecord> {
    let text = |index| row.get::<_, String>(index);
    let Body { decision, circumstances } = parse(&text(6)?)?;
    Ok(DecisionRecord {
        id: DecisionId::from(text(0)?),
        scan: ScanId::from(text(1)?),
        decided_at: time(row.get(2)?),
        last_scan: ScanId::from(text(3)?),
        last_decided_at: time(row.get(4)?),
        decision: Decision { input_digest: text(5)?, ..decision },
        circumstances,
    })
}

fn each_since(connection: &Connection, since: Timestamp, visit: &mut dyn FnMut(DecisionRecord)) -> Db<()> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE last_at >= ?1 ORDER BY key"))?;
    let mut rows = statement.query([nanos(since)])?;
    while let Some(row) = rows.next()? {
        visit(read(row)?);
    }
    Ok(())
}

impl Decisions for SqliteStore {
    fn each_decision_since(&self, since: Timestamp, visit: &mut dyn FnMut(DecisionRecord)) -> Result<(), StoreError> {
        self.read(|connection| each_since(connection, since, visit))
    }

    fn decision(&self, id: &DecisionId) -> Result<Option<DecisionRecord>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
            let mut rows = statement.query([id.as_str()])?;
            rows.next()?.map(read).transpose()
        })
    }

    fn input_of(&self, instance: &InstanceId, digest: &str) -> Result<Option<Value>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT body FROM input WHERE instance = ?1 AND digest = ?2")?;
            let body: Option<String> =
                statement.query_row(params![instance.as_str(), digest], |row| row.get(0)).optional()?;
            body.map(|body| parse(&body)).transpose()
        })
    }
}

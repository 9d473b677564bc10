//! Per-instance results. Ten thousand instances are written by every scan and most of them are as they were:
//! so a result is split into a body, rewritten only when its digest changes, and a small volatile part.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::fault::Db;
use super::value::{json, nanos, parse, verdict_code};
use crate::store::traits::InstanceResult;
use crate::types::{InstanceId, InventoryContent, InventoryItem, InventoryType, Observed, Verdict};

/// What changes from scan to scan although nothing happened to the instance.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Volatile {
    /// SSM's last heartbeat.
    last_ping: Option<Timestamp>,
    /// Capture time of each inventory type.
    captured: BTreeMap<InventoryType, Timestamp>,
    /// Digest of the policy input, which names the scan.
    input_digest: Option<String>,
}

/// Columns for [`read`].
pub(super) const SELECT: &str = "SELECT b.body, i.volatile FROM instance i JOIN instance_body b ON b.instance = i.key";

/// Takes the volatile part out, and the inventory rows away: their digests stay.
fn split(result: &InstanceResult) -> (InstanceResult, Volatile) {
    let mut body = result.clone();
    let mut volatile = Volatile::default();
    if let Observed::Seen(Some(node)) = &mut body.instance.node {
        volatile.last_ping = node.last_ping.take();
    }
    for (kind, item) in &mut body.instance.inventory {
        if let Some(at) = item.captured_at.take() {
            volatile.captured.insert(kind.clone(), at);
        }
        *item = without_rows(item);
    }
    if let Some(decision) = &mut body.decision {
        volatile.input_digest = Some(std::mem::take(&mut decision.input_digest));
    }
    (body, volatile)
}

fn without_rows(item: &InventoryItem) -> InventoryItem {
    let content = InventoryContent { entries: Vec::new(), digest: item.content.digest.clone() };
    InventoryItem {
        captured_at: item.captured_at,
        schema_version: item.schema_version.clone(),
        content: Arc::new(content),
    }
}

pub(super) fn join(mut body: InstanceResult, volatile: Volatile) -> InstanceResult {
    let Volatile { last_ping, mut captured, input_digest } = volatile;
    if let Observed::Seen(Some(node)) = &mut body.instance.node {
        node.last_ping = last_ping;
    }
    for (kind, item) in &mut body.instance.inventory {
        item.captured_at = captured.remove(kind);
    }
    if let (Some(decision), Some(digest)) = (&mut body.decision, input_digest) {
        decision.input_digest = digest;
    }
    body
}

/// Reads one row of [`SELECT`].
pub(super) fn read(row: &Row<'_>) -> Db<InstanceResult> {
    let (body, volatile): (String, String) = (row.get(0)?, row.get(1)?);
    Ok(join(parse(&body)?, parse(&volatile)?))
}

/// Writes a scan's results. Returns the instances whose body changed.
pub(super) fn put(
    tx: &Transaction<'_>,
    scan: i64,
    started_at: Timestamp,
    results: &[InstanceResult],
) -> Db<HashSet<InstanceId>> {
    let mut find = tx.prepare_cached("SELECT digest FROM instance WHERE id = ?1")?;
    let mut write = tx.prepare_cached(
        "INSERT INTO instance (id, account, region, scan, last_clean, digest, volatile)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET account = excluded.account, region = excluded.region, scan = excluded.scan,
           last_clean = coalesce(excluded.last_clean, last_clean), digest = excluded.digest, volatile = excluded.volatile
         RETURNING key",
    )?;
    let mut write_body = tx.prepare_cached(
        "INSERT INTO instance_body (instance, body) VALUES (?1, ?2)
         ON CONFLICT (instance) DO UPDATE SET body = excluded.body",
    )?;
    let mut write_verdict = tx.prepare_cached("INSERT INTO verdict (scan, instance, verdict) VALUES (?1, ?2, ?3)")?;
    let mut changed = HashSet::new();
    for result in results {
        let (body, volatile) = split(result);
        let body = json(&body)?;
        let digest = blake3::hash(body.as_bytes());
        let id = &result.instance.id;
        let former: Option<Vec<u8>> = find.query_row([id.as_str()], |row| row.get(0)).optional()?;
        let clean_at = (result.verdict == Verdict::Clean).then(|| nanos(started_at));
        let key: i64 = write.query_row(
            params![
                id.as_str(),
                result.instance.account.as_str(),
                result.instance.region.as_str(),
                scan,
                clean_at,
                digest.as_bytes().as_slice(),
                json(&volatile)?
            ],
            |row| row.get(0),
        )?;
        if former.as_deref() != Some(digest.as_bytes().as_slice()) {
            write_body.execute(params![key, body])?;
            changed.insert(id.clone());
        }
        write_verdict.execute(params![scan, key, verdict_code(result.verdict)])?;
    }
    Ok(changed)
}

//! The files of a bundle, as bytes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{EvidenceError, sha256};
use crate::remediate::{InstanceDetail, OperationRecord, SnapshotDetail};
use crate::types::{ChangeEvent, Digest, Finding};

/// The manifest's format.
const SCHEMA: &str = "cattleguard.dev/evidence/v1";
/// Longest list that is kept; the others are counted.
const MOST_ITEMS: usize = 10_000;

/// What is gathered beside the record.
#[derive(Clone, Debug)]
pub struct BundleParts<'a> {
    /// When it is gathered.
    pub now: Timestamp,
    /// The instance as it is now; the record holds what it was.
    pub instance: Option<InstanceDetail>,
    /// Findings on it.
    pub findings: &'a [Finding],
    /// Change events on it.
    pub events: &'a [ChangeEvent],
    /// Snapshots of its volumes.
    pub snapshots: &'a [SnapshotDetail],
}

/// Every file but the manifest.
pub(super) fn files(
    record: &OperationRecord,
    parts: &BundleParts<'_>,
) -> Result<BTreeMap<&'static str, Vec<u8>>, EvidenceError> {
    let snapshots: Vec<Value> = parts
        .snapshots
        .iter()
        .map(|SnapshotDetail { snapshot, volume, state }| json!({ "snapshot": snapshot, "volume": volume, "state": state }))
        .collect();
    Ok(BTreeMap::from([
        ("instance.json", pretty(&json!({ "before": record.before, "now": parts.instance }))?),
        ("findings.json", list(parts.findings)?),
        ("events.json", list(parts.events)?),
        ("snapshots.json", list(&snapshots)?),
        ("operation.json", pretty(record)?),
    ]))
}

/// The manifest of these files.
pub(super) fn manifest(
    record: &OperationRecord,
    parts: &BundleParts<'_>,
    files: &BTreeMap<&'static str, Vec<u8>>,
) -> Result<Vec<u8>, EvidenceError> {
    let files: Vec<Value> = files
        .iter()
        .map(|(name, bytes)| json!({ "name": name, "bytes": bytes.len(), "sha256": sha256(bytes) }))
        .collect();
    pretty(&json!({
        "schema": SCHEMA,
        "operation": record.id,
        "kind": record.kind,
        "account": record.place.account,
        "region": record.place.region,
        "instance": record.instance,
        "operation_began_at": record.created_at,
        "gathered_at": parts.now,
        "files": files,
    }))
}

/// Names and digests in a manifest; `None` when it is none of ours.
pub(super) fn named_in(manifest: &[u8]) -> Option<Vec<(String, Digest)>> {
    let manifest: Value = serde_json::from_slice(manifest).ok()?;
    let files = manifest.get("files").filter(|_| manifest.get("schema") == Some(&json!(SCHEMA)))?.as_array()?;
    let named = |file: &Value| {
        let text = |key: &str| file.get(key).and_then(Value::as_str).map(str::to_owned);
        Some((text("name")?, Digest::from(text("sha256")?)))
    };
    files.iter().map(named).collect()
}

/// The last items of a list: of events these are the newest.
fn list<T: Serialize>(items: &[T]) -> Result<Vec<u8>, EvidenceError> {
    let left_out = items.len().saturating_sub(MOST_ITEMS);
    pretty(&json!({ "left_out": left_out, "items": items.get(left_out..).unwrap_or_default() }))
}

fn pretty(value: &impl Serialize) -> Result<Vec<u8>, EvidenceError> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

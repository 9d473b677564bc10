//! What is inside a simulated server: the rows its inventory agent would report, by inventory type.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::ids::content_hash;
use crate::types::{InventoryEntry, InventoryType};

/// The rows of one inventory type with the hash the agent computes over them. Shared by all servers that hold
/// the same rows.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) entries: Vec<InventoryEntry>,
    pub(super) hash: String,
}

impl Rows {
    pub(super) fn new(entries: Vec<InventoryEntry>) -> Arc<Self> {
        let hash = content_hash(&serde_json::to_vec(&entries).unwrap_or_default());
        Arc::new(Self { entries, hash })
    }
}

/// Everything inside one server.
pub(super) type Content = BTreeMap<InventoryType, Arc<Rows>>;

/// The last report of one type.
#[derive(Clone, Debug)]
pub(super) struct Report {
    pub(super) captured_at: Timestamp,
    pub(super) rows: Arc<Rows>,
}

/// Everything one server has reported.
pub(super) type Reports = BTreeMap<InventoryType, Report>;

/// What the agent would report of this content at this time.
pub(super) fn report(content: &Content, captured_at: Timestamp) -> Arc<Reports> {
    let reports = content.iter().map(|(kind, rows)| (kind.clone(), Report { captured_at, rows: rows.clone() }));
    Arc::new(reports.collect())
}

/// Schema version by type: 1.1 for applications, 1.0 for everything else.
/// Source: AWS Systems Manager user guide, "Metadata collected by inventory".
pub(super) fn schema_version(kind: &InventoryType) -> &'static str {
    if kind.as_str() == APPLICATION { "1.1" } else { "1.0" }
}

/// The inventory type that lists packages.
pub(super) const APPLICATION: &str = "AWS:Application";

/// One row from pairs of text.
pub(super) fn entry<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> InventoryEntry {
    pairs.into_iter().map(|(key, value)| (Arc::from(key), Arc::from(value))).collect()
}

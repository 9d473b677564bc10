//! SSM inventory as it was reported.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One row of an inventory type: attribute name to value. SSM delivers every value as text.
pub type InventoryEntry = BTreeMap<Arc<str>, Arc<str>>;

/// The rows of one inventory type, sorted. Instances with equal content share one allocation: a fleet of
/// ten thousand equal servers costs one package list, not ten thousand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryContent {
    /// Sorted rows.
    pub entries: Vec<InventoryEntry>,
    /// BLAKE3 of the sorted rows, `blake3:…`; computed by the builder.
    pub digest: String,
}

/// One inventory type of one instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryItem {
    /// When the agent captured it; `None` when SSM sent no parseable time.
    pub captured_at: Option<Timestamp>,
    /// Inventory schema version.
    pub schema_version: String,
    /// The rows.
    pub content: Arc<InventoryContent>,
}

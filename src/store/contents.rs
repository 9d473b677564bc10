//! What nodes reported of their software by hash, and which of these hashes clean instances have.

use jiff::Timestamp;

use super::traits::StoreError;
use crate::types::{GoldenRef, InstanceId, InventoryType, Place};

/// The newest report of one inventory type that a node sent about itself, as its `PutInventory` record tells it: a hash
/// in place of the rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContentReport {
    /// Where.
    pub place: Place,
    /// Node.
    pub instance: InstanceId,
    /// Type.
    pub kind: InventoryType,
    /// Base64 MD5 of the rows as this agent writes them.
    pub hash: String,
    /// The SSM agent, by its user agent: another version may write the same rows otherwise.
    pub agent: String,
    /// Schema version.
    pub schema_version: String,
    /// When the agent captured it, by the node's clock.
    pub captured_at: Timestamp,
    /// When it was sent, by CloudTrail's clock.
    pub reported_at: Timestamp,
}

/// A hash that instances of a golden reported while they held what the golden holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CleanContent {
    /// Golden.
    pub golden: GoldenRef,
    /// Instance type.
    pub instance_type: String,
    /// The SSM agent.
    pub agent: String,
    /// Inventory type.
    pub kind: InventoryType,
    /// Hash.
    pub hash: String,
    /// Last time an instance reported it.
    pub seen_at: Timestamp,
}

/// What one scan has to say of both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentMarks {
    /// Reports; an older one never replaces a newer one.
    pub reports: Vec<ContentReport>,
    /// Hashes of clean instances.
    pub clean: Vec<CleanContent>,
}

/// Content hashes between scans.
pub trait ContentMemory {
    /// The newest report of each node and type.
    fn content_reports(&self) -> Result<Vec<ContentReport>, StoreError>;
    /// The hashes of clean instances.
    fn clean_contents(&self) -> Result<Vec<CleanContent>, StoreError>;
}

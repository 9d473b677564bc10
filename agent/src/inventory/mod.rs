//! What the agent tells SSM, and how the scanner reads it: three custom inventory types.
//!
//! | type | rows | changes |
//! |---|---|---|
//! | [`REPORT_TYPE`] | one: digests, status, counts | with every run (its times) |
//! | [`SUBTREE_TYPE`] | one for each folder directly below a root | with that subtree |
//! | [`DIFFERENCE_TYPE`] | the first differences, privileged ones first | with the differences |
//!
//! Only the report carries times: SSM's agent does not upload a type whose content has not changed. The report is
//! what the host says of itself; the scanner must compare [`Report::root`] with the recorded golden, whatever
//! [`Report::status`] claims.
//!
//! Compatibility: a reader accepts every 1.x; new attributes are optional; a new meaning needs 2.0 and a new reader
//! first.

mod document;
mod report;
mod rows;

use std::borrow::Borrow;
use std::collections::BTreeMap;

pub use document::{Document, Documents};
pub use report::{DifferenceTotals, Mode, Report, Status};
pub use rows::{DifferenceRow, PackageCounts, SubtreeRow};

/// The summary of one run.
pub const REPORT_TYPE: &str = "Custom:CattleguardReport";
/// Digests of the folders directly below the roots.
pub const SUBTREE_TYPE: &str = "Custom:CattleguardSubtree";
/// The first differences.
pub const DIFFERENCE_TYPE: &str = "Custom:CattleguardDifference";

/// `SchemaVersion` of all three.
pub const SCHEMA_VERSION: &str = "1.0";

/// Attributes an entry of a custom type may have ("AWS Systems Manager endpoints and quotas", custom inventory).
pub const MAX_ATTRIBUTES: usize = 50;
/// Characters an attribute name may have (PutInventory API reference, InventoryItemAttribute).
pub const MAX_NAME: usize = 64;
/// Characters an attribute value may have (PutInventory API reference, InventoryItem `Content`).
pub const MAX_VALUE: usize = 4096;
/// Entries a type may have (PutInventory API reference, InventoryItem `Content`).
pub const MAX_ENTRIES: usize = 10_000;

/// Entries one type of ours has at most: the service's own limit is far above what anybody reads.
pub const MAX_ROWS: usize = 2_000;
/// Bytes one document of ours has at most. The service takes 1 MB for each node and call, all types together, and
/// 5,000 KB a day (same quotas page); this leaves room for the package list, and for a changing report every
/// half hour.
pub const MAX_DOCUMENT_BYTES: usize = 200 * 1024;

/// One entry as SSM stores it: attribute names and values are text.
pub type Row = BTreeMap<String, String>;

/// Rows that are not what the agent writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The report type must have exactly one entry.
    #[error("the report has {0} entries instead of one")]
    Rows(usize),
    /// An attribute is not there.
    #[error("attribute {0} is missing")]
    Missing(&'static str),
    /// An attribute has an impossible value. The value is not repeated: it comes from a host that may lie.
    #[error("attribute {0} has an impossible value")]
    Value(&'static str),
}

/// Reads attributes of one entry, whatever kind of text it is made of.
struct Attributes<'a, K, V>(&'a BTreeMap<K, V>);

impl<'a, K: Borrow<str> + Ord, V: AsRef<str>> Attributes<'a, K, V> {
    fn optional(&self, name: &'static str) -> Option<&'a str> {
        self.0.get(name).map(AsRef::as_ref).filter(|value| !value.is_empty())
    }

    fn text(&self, name: &'static str) -> Result<&'a str, ReportError> {
        match self.optional(name) {
            Some(value) if value.chars().count() > MAX_VALUE => Err(ReportError::Value(name)),
            Some(value) => Ok(value),
            None => Err(ReportError::Missing(name)),
        }
    }

    fn parsed<T: std::str::FromStr>(&self, name: &'static str) -> Result<T, ReportError> {
        self.text(name)?.parse().map_err(|_| ReportError::Value(name))
    }

    fn parsed_optional<T: std::str::FromStr>(&self, name: &'static str) -> Result<Option<T>, ReportError> {
        self.optional(name).map(|value| value.parse().map_err(|_| ReportError::Value(name))).transpose()
    }
}

/// Cuts a value to what SSM takes, and says whether it did.
fn cut(value: &str) -> (String, bool) {
    match value.char_indices().nth(MAX_VALUE) {
        None => (value.to_owned(), false),
        Some(_) => {
            let mut kept: String = value.chars().take(MAX_VALUE - 1).collect();
            kept.push('…');
            (kept, true)
        }
    }
}

#[cfg(test)]
mod tests;

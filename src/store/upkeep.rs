//! Looking after the state itself: how large it is, whether it is sound, a copy of it, what retention would delete.

use std::path::Path;

use jiff::Timestamp;

use super::traits::StoreError;

/// One kind of thing that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableStats {
    /// Its name in the file.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Bytes of its pages, indexes included.
    pub bytes: u64,
}

/// How large the state is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateStats {
    /// Version of the schema.
    pub schema: i64,
    /// Bytes of the file's pages.
    pub bytes: u64,
    /// Bytes among them that are free to be used again.
    pub free_bytes: u64,
    /// What is in it, the largest first.
    pub tables: Vec<TableStats>,
    /// The oldest scan that is kept.
    pub oldest_scan: Option<Timestamp>,
}

/// How many rows of a kind retention deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// What is deleted, in the plural.
    pub what: &'static str,
    /// How many.
    pub rows: u64,
}

/// Looking after the state.
pub trait Upkeep {
    /// How large it is.
    fn stats(&self) -> Result<StateStats, StoreError>;
    /// Everything that is wrong with the file: pages and references, in SQLite's words, and what stands in the rows; empty
    /// when it is sound. Reads all of it.
    fn unsound(&self) -> Result<Vec<String>, StoreError>;
    /// Writes a whole, compact copy of one moment into a new file (mode 0600) that is on disk when this returns. Works
    /// while others write. Refused when there is such a file; nothing is left behind when it fails.
    fn backup(&self, to: &Path) -> Result<(), StoreError>;
    /// What [`prune`](super::Scans::prune) would delete. Nothing is.
    fn prunable(&self, before: Timestamp) -> Result<Vec<Pruned>, StoreError>;
}

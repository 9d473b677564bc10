//! One allocation for each inventory content, however many instances report it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::types::{InventoryContent, InventoryEntry, InventoryType};

/// Contents of one type that a new answer is compared with before it is sorted and hashed. A place runs a few
/// versions of a few goldens, and a server that drifted differs in an early row.
const RECENT: usize = 8;

/// All contents met so far.
#[derive(Default)]
pub(super) struct Contents {
    by_digest: HashMap<String, Arc<InventoryContent>>,
    recent: HashMap<InventoryType, VecDeque<Recent>>,
}

/// A content with the order in which its rows came: equal servers report equal rows in one order, and comparing
/// costs a tenth of sorting and hashing.
struct Recent {
    content: Arc<InventoryContent>,
    /// For each sorted row, where it stood.
    order: Vec<usize>,
}

impl Contents {
    /// Sorts the rows and returns the one allocation for this content.
    pub(super) fn share(&mut self, kind: &InventoryType, rows: Vec<InventoryEntry>) -> Arc<InventoryContent> {
        let recent = self.recent.entry(kind.clone()).or_default();
        let met = recent.iter().position(|known| known.is(&rows)).and_then(|at| recent.remove(at));
        let met = met.unwrap_or_else(|| {
            let mut rows: Vec<(InventoryEntry, usize)> = rows.into_iter().zip(0..).collect();
            rows.sort();
            let (entries, order): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            let digest = digest(&entries);
            let content =
                self.by_digest.entry(digest.clone()).or_insert_with(|| Arc::new(InventoryContent { entries, digest }));
            Recent { content: Arc::clone(content), order }
        });
        let content = Arc::clone(&met.content);
        recent.push_front(met);
        recent.truncate(RECENT);
        content
    }
}

impl Recent {
    fn is(&self, rows: &[InventoryEntry]) -> bool {
        let mut sorted = self.content.entries.iter().zip(&self.order);
        rows.len() == self.order.len() && sorted.all(|(row, at)| rows.get(*at) == Some(row))
    }
}

/// Sorted rows as a content.
pub(in crate::collect) fn content_of(rows: &[InventoryEntry]) -> InventoryContent {
    let mut entries = rows.to_vec();
    entries.sort();
    let digest = digest(&entries);
    InventoryContent { entries, digest }
}

/// BLAKE3 over sorted rows, each name and value with its length in front.
fn digest(entries: &[InventoryEntry]) -> String {
    let mut hasher = blake3::Hasher::new();
    for entry in entries {
        hasher.update(&(entry.len() as u64).to_le_bytes());
        for (name, value) in entry {
            for text in [name, value] {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
        }
    }
    format!("blake3:{}", hasher.finalize().to_hex())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn rows(names: &[&str]) -> Vec<InventoryEntry> {
        names.iter().map(|name| BTreeMap::from([(Arc::from("Name"), Arc::from(*name))])).collect()
    }

    #[test]
    fn equal_rows_are_one_allocation_in_whatever_order_they_come() {
        let (kind, mut contents) = (InventoryType::new("AWS:Application"), Contents::default());
        let first = contents.share(&kind, rows(&["b", "a", "c"]));
        assert_eq!(first.entries, rows(&["a", "b", "c"]));
        for again in [["b", "a", "c"], ["c", "b", "a"], ["b", "a", "c"], ["c", "b", "a"]] {
            assert!(Arc::ptr_eq(&first, &contents.share(&kind, rows(&again))));
        }
    }

    #[test]
    fn a_changed_a_missing_and_a_repeated_row_are_other_contents() {
        let (kind, mut contents) = (InventoryType::new("AWS:Application"), Contents::default());
        let golden = contents.share(&kind, rows(&["a", "b"]));
        for other in [vec!["a", "c"], vec!["a"], vec!["a", "b", "b"], vec![]] {
            let content = contents.share(&kind, rows(&other));
            assert_eq!(content.entries, rows(&other));
            assert_ne!(content.digest, golden.digest);
        }
    }

    #[test]
    fn more_contents_than_are_compared_with_stay_right() {
        let (kind, mut contents) = (InventoryType::new("AWS:Application"), Contents::default());
        let names: Vec<String> = (0..3 * RECENT).map(|number| format!("package-{number}")).collect();
        for _ in 0..2 {
            for name in &names {
                assert_eq!(contents.share(&kind, rows(&["z", name])).entries, rows(&[name, "z"]));
            }
        }
    }
}

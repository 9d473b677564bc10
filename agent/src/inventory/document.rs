//! The JSON files that SSM's agent picks up ("Working with custom inventory", AWS Systems Manager User Guide).

use serde::Serialize;

use super::{
    DIFFERENCE_TYPE, DifferenceRow, MAX_DOCUMENT_BYTES, MAX_ROWS, REPORT_TYPE, Report, Row, SCHEMA_VERSION,
    SUBTREE_TYPE, SubtreeRow,
};
use crate::digest::Digest;

/// One file: one inventory type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    /// Version of the meaning of its attributes.
    pub schema_version: &'static str,
    /// `Custom:…`.
    pub type_name: &'static str,
    /// The entries.
    pub content: Vec<Row>,
}

impl Document {
    /// As many rows as fit, and how many did not.
    fn bounded(type_name: &'static str, rows: impl ExactSizeIterator<Item = Row>) -> (Self, u64) {
        let all = rows.len();
        let mut content = Vec::new();
        // The frame around the rows, and for each row a comma.
        let mut bytes = 256;
        for row in rows.take(MAX_ROWS) {
            bytes += size(&row) + 1;
            if bytes > MAX_DOCUMENT_BYTES {
                break;
            }
            content.push(row);
        }
        let cut = (all - content.len()) as u64;
        (Self { schema_version: SCHEMA_VERSION, type_name, content }, cut)
    }

    /// The file's bytes.
    pub fn to_json(&self) -> String {
        // Maps of text to text always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The file's name: one for each type, so that a new report replaces the old one.
    pub fn file_name(&self) -> String {
        format!("{}.json", self.type_name.replace(':', "-"))
    }

    fn digest(&self) -> Digest {
        Digest::of(self.to_json().as_bytes())
    }
}

/// Bytes of a row as JSON.
fn size(row: &Row) -> usize {
    serde_json::to_string(row).map_or(usize::MAX / 2, |json| json.len())
}

/// All files of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documents {
    /// To be delivered in this order: the report last, as it names the digest of the differences.
    pub files: [Document; 3],
    /// The report with its row counts filled in.
    pub report: Report,
}

impl Documents {
    /// Builds the files. `report` comes with everything but its row counts and digest; `unkept` is the number of
    /// differences that are counted but no longer at hand.
    pub fn new(mut report: Report, subtrees: &[SubtreeRow], differences: &[DifferenceRow], unkept: u64) -> Self {
        let (listing, cut) = Document::bounded(DIFFERENCE_TYPE, differences.iter().map(DifferenceRow::to_row));
        let (folders, _) = Document::bounded(SUBTREE_TYPE, subtrees.iter().map(SubtreeRow::to_row));
        report.rows_listed = listing.content.len() as u64;
        report.rows_cut = cut.saturating_add(unkept);
        report.rows_digest = listing.digest();
        let summary =
            Document { schema_version: SCHEMA_VERSION, type_name: REPORT_TYPE, content: vec![report.to_row()] };
        Self { files: [listing, folders, summary], report }
    }
}

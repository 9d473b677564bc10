//! The one row that says how a run went.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::{Attributes, PackageCounts, ReportError, Row};
use crate::digest::Digest;

/// Whether the run saw everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Everything that the golden covers was read.
    Complete,
    /// Something could not be read: what is not listed as different is not thereby equal.
    Partial,
}

/// How the run read files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every byte.
    Full,
    /// Files whose inode looked untouched were not read again.
    Quick,
}

/// Gives an enum one text form for writing and reading.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ }) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$variant => $word),+ })
            }
        }

        impl FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($word => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }
    };
}

words!(Status { Complete = "complete", Partial = "partial" });
words!(Mode { Full = "full", Quick = "quick" });

/// The summary of one run on one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Version of the agent.
    pub agent_version: String,
    /// BLAKE3 of the agent's own program file; `None` when it could not be read.
    pub agent_digest: Option<Digest>,
    /// Root digest of the host as it is now.
    pub root: Digest,
    /// Root digest of the golden that it was compared with.
    pub golden_root: Digest,
    /// Whether everything was seen.
    pub status: Status,
    /// How files were read.
    pub mode: Mode,
    /// When the run began, by the host's clock.
    pub started_at: Timestamp,
    /// When it ended, by the host's clock.
    pub finished_at: Timestamp,
    /// Entries seen.
    pub entries: u64,
    /// Regular files among them.
    pub files: u64,
    /// Bytes of content read.
    pub bytes: u64,
    /// Entries of which something could not be seen, on either side.
    pub unjudged: u64,
    /// Places left out as the golden says.
    pub excluded: u64,
    /// Entries that vanished during the run.
    pub vanished: u64,
    /// Differences by finding code.
    pub differences: DifferenceTotals,
    /// Packages that differ.
    pub packages: PackageCounts,
    /// Differences of state that is in no file: modules, kernel settings, listening sockets. Reports of agents that
    /// do not look at it have none.
    pub state: u64,
    /// Rows of the difference type.
    pub rows_listed: u64,
    /// Differences, of files and packages, that did not fit into it.
    pub rows_cut: u64,
    /// Digest of the difference rows: a reader can tell rows of another run.
    pub rows_digest: Digest,
}

/// Differences by finding code; plain numbers, as SSM carried them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DifferenceTotals {
    /// `file-added`.
    pub added: u64,
    /// `file-removed`.
    pub removed: u64,
    /// `file-content-changed`.
    pub content: u64,
    /// `file-metadata-changed`.
    pub metadata: u64,
    /// `file-privilege-changed`.
    pub privilege: u64,
    /// Those of all codes in which setuid, setgid, capabilities or root's ownership are involved.
    pub privileged: u64,
}

impl DifferenceTotals {
    /// All file differences.
    pub fn total(&self) -> u64 {
        let Self { added, removed, content, metadata, privilege, privileged: _ } = self;
        [added, removed, content, metadata, privilege].into_iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

impl From<crate::compare::DifferenceCounts> for DifferenceTotals {
    fn from(counts: crate::compare::DifferenceCounts) -> Self {
        let crate::compare::DifferenceCounts { added, removed, content, metadata, privilege, privileged } = counts;
        Self { added, removed, content, metadata, privilege, privileged }
    }
}

impl Report {
    /// Whether the host, by its own words, saw everything and found it as in its golden.
    pub fn claims_identical(&self) -> bool {
        self.status == Status::Complete
            && self.root == self.golden_root
            && self.differences.total() == 0
            && self.state == 0
    }

    /// The report as an inventory entry.
    pub fn to_row(&self) -> Row {
        let DifferenceTotals { added, removed, content, metadata, privilege, privileged } = self.differences;
        let mut pairs = vec![
            ("AgentVersion", self.agent_version.clone()),
            ("Root", self.root.to_string()),
            ("GoldenRoot", self.golden_root.to_string()),
            ("Status", self.status.to_string()),
            ("Mode", self.mode.to_string()),
            ("StartedAt", self.started_at.to_string()),
            ("FinishedAt", self.finished_at.to_string()),
            ("RowsDigest", self.rows_digest.to_string()),
        ];
        pairs.extend(self.agent_digest.map(|digest| ("AgentDigest", digest.to_string())));
        let numbers = [
            ("Entries", self.entries),
            ("Files", self.files),
            ("Bytes", self.bytes),
            ("Unjudged", self.unjudged),
            ("Excluded", self.excluded),
            ("Vanished", self.vanished),
            ("Added", added),
            ("Removed", removed),
            ("ContentChanged", content),
            ("MetadataChanged", metadata),
            ("PrivilegeChanged", privilege),
            ("Privileged", privileged),
            ("PackagesAdded", self.packages.added),
            ("PackagesRemoved", self.packages.removed),
            ("PackagesChanged", self.packages.changed),
            ("StateChanged", self.state),
            ("RowsListed", self.rows_listed),
            ("RowsCut", self.rows_cut),
        ];
        pairs.extend(numbers.map(|(name, number)| (name, number.to_string())));
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Reads the entries of [`super::REPORT_TYPE`] as SSM returns them.
    ///
    /// # Errors
    /// When there is not exactly one, or it lacks or distorts an attribute. A host that sends such a report must be
    /// treated as not observed.
    pub fn from_entries<K: Borrow<str> + Ord, V: AsRef<str>>(entries: &[BTreeMap<K, V>]) -> Result<Self, ReportError> {
        let [entry] = entries else { return Err(ReportError::Rows(entries.len())) };
        let row = Attributes(entry);
        Ok(Self {
            agent_version: row.text("AgentVersion")?.to_owned(),
            agent_digest: row.parsed_optional("AgentDigest")?,
            root: row.parsed("Root")?,
            golden_root: row.parsed("GoldenRoot")?,
            status: row.parsed("Status")?,
            mode: row.parsed("Mode")?,
            started_at: row.parsed("StartedAt")?,
            finished_at: row.parsed("FinishedAt")?,
            entries: row.parsed("Entries")?,
            files: row.parsed("Files")?,
            bytes: row.parsed("Bytes")?,
            unjudged: row.parsed("Unjudged")?,
            excluded: row.parsed("Excluded")?,
            vanished: row.parsed("Vanished")?,
            differences: DifferenceTotals {
                added: row.parsed("Added")?,
                removed: row.parsed("Removed")?,
                content: row.parsed("ContentChanged")?,
                metadata: row.parsed("MetadataChanged")?,
                privilege: row.parsed("PrivilegeChanged")?,
                privileged: row.parsed("Privileged")?,
            },
            state: row.parsed_optional("StateChanged")?.unwrap_or(0),
            packages: PackageCounts {
                added: row.parsed("PackagesAdded")?,
                removed: row.parsed("PackagesRemoved")?,
                changed: row.parsed("PackagesChanged")?,
            },
            rows_listed: row.parsed("RowsListed")?,
            rows_cut: row.parsed("RowsCut")?,
            rows_digest: row.parsed("RowsDigest")?,
        })
    }
}

//! Rows of the other two types.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use super::{Attributes, ReportError, Row, cut};
use crate::compare::{Difference, DifferenceView};
use crate::digest::Digest;
use crate::escape;
use crate::fingerprint::Subtree;
use crate::packages::PackageDifference;
use crate::state::{Explained, StateDifference};

/// Between what changed and what it means.
const MEANS: &str = "; ";

/// Packages that differ, by how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct PackageCounts {
    /// Installed now, not in the golden.
    pub added: u64,
    /// In the golden, not installed now.
    pub removed: u64,
    /// In other versions.
    pub changed: u64,
}

impl PackageCounts {
    /// Counts differences.
    pub fn of(differences: &[PackageDifference]) -> Self {
        let mut counts = Self::default();
        for difference in differences {
            match (&difference.before, &difference.after) {
                (None, _) => counts.added += 1,
                (_, None) => counts.removed += 1,
                _ => counts.changed += 1,
            }
        }
        counts
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        let Self { added, removed, changed } = self;
        added.saturating_add(*removed).saturating_add(*changed)
    }
}

/// One difference of a file or package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferenceRow {
    /// Finding code: `file-…` or `software-package-…`.
    pub code: String,
    /// Escaped path; `None` for packages.
    pub path: Option<String>,
    /// Package that owns the file, or that differs.
    pub package: Option<String>,
    /// What changed, for people; for packages `before -> after`.
    pub detail: String,
    /// In what it changed, with commas between; empty for added and removed ones.
    pub aspects: String,
    /// Whether setuid, setgid, capabilities or root's ownership are involved.
    pub is_privileged: bool,
    /// Whether a value was too long for SSM and was cut.
    pub is_cut: bool,
}

impl DifferenceRow {
    /// Most telling first: privileged, then packages and state, then files whose meaning is known, then the rest;
    /// within each the order that was given.
    pub fn ranked(differences: &[Difference], packages: &[PackageDifference], state: &Explained) -> Vec<Self> {
        let mut files: Vec<Self> = differences.iter().map(|one| Self::of_file(one, state)).collect();
        let first: Vec<Self> = files.extract_if(.., |row| row.is_privileged).collect();
        let next: Vec<Self> = files.extract_if(.., |row| row.means_something()).collect();
        let packages = packages.iter().map(Self::of_package);
        first
            .into_iter()
            .chain(packages)
            .chain(state.alone.iter().map(Self::of_state))
            .chain(next)
            .chain(files)
            .collect()
    }

    /// Whether the detail says what a difference of a file means.
    fn means_something(&self) -> bool {
        self.detail.contains(MEANS)
    }

    fn of_file(difference: &Difference, state: &Explained) -> Self {
        let view = DifferenceView::new(difference, state);
        let told = std::iter::once(difference.detail()).chain(view.meaning).collect::<Vec<_>>();
        let aspects: Vec<String> = difference.aspects.iter().map(crate::compare::Aspect::name).collect();
        Self {
            code: difference.code.as_str().to_owned(),
            path: Some(view.path),
            package: difference.package.clone(),
            detail: told.join(MEANS),
            aspects: aspects.join(","),
            is_privileged: difference.is_privileged(),
            is_cut: false,
        }
    }

    fn of_state(difference: &StateDifference) -> Self {
        Self {
            code: difference.code.to_owned(),
            path: difference.file.clone(),
            package: None,
            detail: difference.text(),
            aspects: String::new(),
            is_privileged: false,
            is_cut: false,
        }
    }

    fn of_package(difference: &PackageDifference) -> Self {
        let (code, detail) = match (&difference.before, &difference.after) {
            (Some(before), Some(after)) => ("software-package-changed", format!("{before} -> {after}")),
            (Some(before), None) => ("software-package-removed", before.clone()),
            (None, after) => ("software-package-added", after.clone().unwrap_or_default()),
        };
        let package = Some(escape::text(difference.name.as_bytes()));
        Self {
            code: code.to_owned(),
            path: None,
            package,
            detail,
            aspects: String::new(),
            is_privileged: false,
            is_cut: false,
        }
    }

    /// As an inventory entry.
    pub fn to_row(&self) -> Row {
        let mut is_cut = self.is_cut;
        let mut row = Row::new();
        for (name, value) in [
            ("Code", Some(&self.code)),
            ("Path", self.path.as_ref()),
            ("Package", self.package.as_ref()),
            ("Detail", Some(&self.detail)),
            ("Aspects", Some(&self.aspects)),
        ] {
            let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
            let (value, was_cut) = cut(value);
            is_cut |= was_cut;
            row.insert(name.to_owned(), value);
        }
        for (name, is_set) in [("Privileged", self.is_privileged), ("Cut", is_cut)] {
            if is_set {
                row.insert(name.to_owned(), "true".to_owned());
            }
        }
        row
    }

    /// Reads one entry of [`super::DIFFERENCE_TYPE`].
    ///
    /// # Errors
    /// When its code is missing or a flag is neither there nor `true`.
    pub fn from_entry<K: Borrow<str> + Ord, V: AsRef<str>>(entry: &BTreeMap<K, V>) -> Result<Self, ReportError> {
        let row = Attributes(entry);
        Ok(Self {
            code: row.text("Code")?.to_owned(),
            path: row.optional("Path").map(ToOwned::to_owned),
            package: row.optional("Package").map(ToOwned::to_owned),
            detail: row.optional("Detail").unwrap_or_default().to_owned(),
            aspects: row.optional("Aspects").unwrap_or_default().to_owned(),
            is_privileged: row.parsed_optional("Privileged")?.unwrap_or(false),
            is_cut: row.parsed_optional("Cut")?.unwrap_or(false),
        })
    }
}

/// The digest of one folder directly below a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubtreeRow {
    /// Escaped path.
    pub path: String,
    /// Digest now; `None` when it is not there.
    pub digest: Option<Digest>,
    /// Digest in the golden; `None` when it was not there.
    pub golden: Option<Digest>,
}

impl SubtreeRow {
    /// Both sides by path.
    pub fn pair(golden: &[Subtree], host: &[Subtree]) -> Vec<Self> {
        let mut rows: BTreeMap<&[u8], (Option<Digest>, Option<Digest>)> = BTreeMap::new();
        for subtree in golden {
            rows.entry(&subtree.path).or_default().0 = Some(subtree.folder.digest);
        }
        for subtree in host {
            rows.entry(&subtree.path).or_default().1 = Some(subtree.folder.digest);
        }
        rows.into_iter().map(|(path, (golden, digest))| Self { path: escape::text(path), digest, golden }).collect()
    }

    /// As an inventory entry.
    pub fn to_row(&self) -> Row {
        let mut row = Row::from([("Path".to_owned(), cut(&self.path).0)]);
        for (name, digest) in [("Digest", self.digest), ("GoldenDigest", self.golden)] {
            if let Some(digest) = digest {
                row.insert(name.to_owned(), digest.to_string());
            }
        }
        row
    }

    /// Reads one entry of [`super::SUBTREE_TYPE`].
    ///
    /// # Errors
    /// When its path is missing or a digest is not one.
    pub fn from_entry<K: Borrow<str> + Ord, V: AsRef<str>>(entry: &BTreeMap<K, V>) -> Result<Self, ReportError> {
        let row = Attributes(entry);
        Ok(Self {
            path: row.text("Path")?.to_owned(),
            digest: row.parsed_optional("Digest")?,
            golden: row.parsed_optional("GoldenDigest")?,
        })
    }
}

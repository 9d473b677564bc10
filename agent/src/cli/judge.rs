//! The one comparison behind `check` and `report`.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::MetadataExt;

use jiff::Timestamp;

use super::output::shown;
use super::{CliError, GoldenOptions, exit};
use crate::compare::{Against, Code, Comparison};
use crate::fingerprint::{Fingerprint, Fold};
use crate::manifest::{ManifestError, Reader};
use crate::packages::{self, PackageDifference, Wanted};
use crate::walk::{Seen, Start, Tally, walk};

/// What came out.
pub(super) struct Judged {
    pub(super) comparison: Comparison,
    pub(super) golden: Fingerprint,
    pub(super) golden_created_at: Timestamp,
    pub(super) host: Fingerprint,
    pub(super) tally: Tally,
    pub(super) packages: Vec<PackageDifference>,
    /// What of the package databases could not be compared.
    pub(super) problems: Vec<String>,
    pub(super) started_at: Timestamp,
    pub(super) finished_at: Timestamp,
}

impl Judged {
    pub(super) fn is_partial(&self) -> bool {
        self.comparison.unjudged_count > 0 || !self.problems.is_empty()
    }

    pub(super) fn is_drifted(&self) -> bool {
        self.comparison.counts.total() > 0 || !self.packages.is_empty()
    }

    /// The word and the exit code.
    pub(super) fn verdict(&self) -> (&'static str, u8) {
        if self.is_partial() {
            ("partial", exit::PARTIAL)
        } else if self.is_drifted() {
            ("drifted", exit::DRIFTED)
        } else {
            ("identical", exit::IDENTICAL)
        }
    }

    /// Differences that are counted but not at hand.
    pub(super) fn unkept(&self) -> u64 {
        self.comparison.counts.total().saturating_sub(self.comparison.differences.len() as u64)
    }
}

/// Walks the host as the golden says and compares.
pub(super) fn judge(options: &GoldenOptions) -> Result<Judged, CliError> {
    let started_at = Timestamp::now();
    let unusable = |source| CliError::Manifest { path: shown(&options.golden), source };
    let file = File::open(&options.golden).map_err(|error| unusable(error.into()))?;
    let meta = file.metadata().map_err(|error| unusable(error.into()))?;
    if !meta.is_file() {
        return Err(unusable(ManifestError::Magic));
    }
    // The golden itself is passed over: it cannot contain its own digest, and its seal and root are verified.
    let start = Start { skip: Some((meta.dev(), meta.ino())), ..Start::at(&options.sysroot) };
    let golden = Reader::new(file).map_err(unusable)?;
    let (settings, created_at) = (golden.settings().clone(), golden.header().created_at);
    let golden_packages = golden.packages().map(<[_]>::to_vec);
    let mut fold = Fold::new(&settings);
    let mut against = Against::new(golden).map_err(unusable)?;
    let tally = walk::<CliError>(&start, &settings, None, &mut |Seen { entry, identity: _ }| {
        fold.push(&entry)?;
        against.host(entry).map_err(unusable)
    })?;
    let (mut comparison, totals, golden) = against.finish().map_err(unusable)?;
    if let Some(expected) = options.expect_root.filter(|expected| *expected != totals.root) {
        let (path, found) = (shown(&options.golden), totals.root);
        return Err(CliError::OtherGolden { path, found, expected });
    }
    let host = fold.finish();
    let is_equal = comparison.counts.total() == 0;
    if comparison.unjudged_count == 0 && is_equal != (host.root == golden.root) {
        return Err(CliError::Inconsistent);
    }
    let (packages, problems) = compare_packages(options, golden_packages.as_deref(), &mut comparison);
    let finished_at = Timestamp::now();
    let golden_created_at = created_at;
    Ok(Judged { comparison, golden, golden_created_at, host, tally, packages, problems, started_at, finished_at })
}

/// Compares package lists and names the packages that own what was added.
fn compare_packages(
    options: &GoldenOptions,
    golden: Option<&[packages::Package]>,
    comparison: &mut Comparison,
) -> (Vec<PackageDifference>, Vec<String>) {
    let Some(golden) = golden else { return (Vec::new(), Vec::new()) };
    let added: BTreeSet<Vec<u8>> = comparison
        .differences
        .iter()
        .filter(|difference| difference.code == Code::Added)
        .map(|difference| difference.path.clone())
        .collect();
    let books = packages::read(&options.sysroot, Wanted::Only(&added));
    for difference in comparison.differences.iter_mut().filter(|difference| difference.code == Code::Added) {
        difference.package = books.owning(&difference.path).map(|package| package.name.clone());
    }
    match &books.packages {
        Some(now) if books.problems.is_empty() => (packages::compare(golden, now), Vec::new()),
        _ if books.problems.is_empty() => {
            (Vec::new(), vec!["the package database of the golden is not there any more".to_owned()])
        }
        _ => (Vec::new(), books.problems),
    }
}

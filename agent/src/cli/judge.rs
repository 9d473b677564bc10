//! The one comparison behind `check` and `report`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::golden::GoldenOptions;
use super::pass::{Pass, pass};
use super::{CliError, exit};
use crate::compare::{Code, Comparison};
use crate::fingerprint::Fingerprint;
use crate::inventory::Mode;
use crate::packages::{self, Books, PackageDifference, Wanted};
use crate::sandbox::Sandbox;
use crate::state::volatile::Matcher;
use crate::state::{self, Explained, Section};
use crate::walk::Tally;

/// What came out.
pub(super) struct Judged {
    pub(super) comparison: Comparison,
    pub(super) golden: Fingerprint,
    pub(super) golden_created_at: Timestamp,
    pub(super) host: Fingerprint,
    pub(super) tally: Tally,
    pub(super) packages: Vec<PackageDifference>,
    /// Beside files, and what differences of files mean.
    pub(super) state: Explained,
    /// What of package databases and state could not be compared.
    pub(super) problems: Vec<String>,
    pub(super) mode: Mode,
    /// Entries that were not read again.
    pub(super) remembered: u64,
    /// What is worth knowing about the run.
    pub(super) notes: Vec<String>,
    pub(super) sandbox: Sandbox,
    pub(super) started_at: Timestamp,
    pub(super) finished_at: Timestamp,
}

impl Judged {
    pub(super) fn is_partial(&self) -> bool {
        self.comparison.unjudged_count > 0 || !self.problems.is_empty()
    }

    pub(super) fn is_drifted(&self) -> bool {
        self.comparison.counts.total() > 0 || !self.packages.is_empty() || !self.state.alone.is_empty()
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
/// `writes`: folders into which the caller will write.
pub(super) fn judge(options: &GoldenOptions, writes: Vec<PathBuf>) -> Result<Judged, CliError> {
    let started_at = Timestamp::now();
    let wanted = options.decide()?;
    let refused = options.step_back();
    // Before the sandbox: Landlock hides other processes, and with them the programs behind sockets.
    let (now, unread_state) = state::read(&wanted.sysroot);
    let (sandbox, mut told) = options.enter_sandbox(&wanted, writes);
    told.extend(refused);
    // The list of packages beside the walk. Which of them own what was added can only be asked when that is known.
    let (passed, listed) = std::thread::scope(|scope| {
        let listed = scope.spawn(|| packages::read(&wanted.sysroot, Wanted::Only(&BTreeSet::new())));
        (pass(&wanted, started_at), listed.join())
    });
    let Pass { mut comparison, golden, preface, host, tally, mode, remembered, notes } = passed?;
    let listed = listed.map_err(|_| CliError::Failed("reading the packages failed: a bug".to_owned()))?;
    let (packages, unread) = compare_packages(&wanted.sysroot, listed, preface.packages.as_deref(), &mut comparison);
    let mut problems: Vec<String> = unread.into_iter().map(|problem| format!("packages: {problem}")).collect();
    let is_judged = |section: &Section| preface.state.sections.contains(section);
    problems.extend(unread_state.into_iter().filter(|(section, _)| is_judged(section)).map(|(_, problem)| problem));
    let state = state::compare(&preface.state, &now, &Matcher::new(&preface.state_exclusions));
    let state = state::explain(&comparison.differences, state);
    let finished_at = Timestamp::now();
    Ok(Judged {
        comparison,
        golden,
        golden_created_at: preface.created_at,
        host,
        tally,
        packages,
        state,
        problems,
        mode,
        remembered,
        notes: told.into_iter().chain(notes).collect(),
        sandbox,
        started_at,
        finished_at,
    })
}

/// Compares package lists and names the packages that own what was added.
fn compare_packages(
    sysroot: &Path,
    listed: Books,
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
    let books = if added.is_empty() { listed } else { packages::read(sysroot, Wanted::Only(&added)) };
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

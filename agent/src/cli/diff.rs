//! `diff`: compare two manifests.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::check::groups;
use super::output::{Console, UnjudgedView, shown};
use super::{CliError, Format, OutputOptions, exit};
use crate::compare::{Comparison, DifferenceCounts, DifferenceView, MergeError, Side, manifests};
use crate::digest::Digest;
use crate::fingerprint::Fingerprint;
use crate::manifest::{self, ManifestError, Reader};
use crate::packages::{self, Package, PackageDifference};
use crate::settings::Settings;
use crate::state::volatile::{Matcher, StateExclusion};
use crate::state::{self, Explained, State, StateDifference};

/// `diff` options.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The first manifest
    #[arg(value_name = "A")]
    first: PathBuf,
    /// The second manifest
    #[arg(value_name = "B")]
    second: PathBuf,
    /// Print every difference, also those that a changed package explains
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    output: OutputOptions,
}

/// The JSON result.
#[derive(Debug, Serialize)]
struct Diffed<'a> {
    schema: &'static str,
    status: &'static str,
    exit_code: u8,
    first_root: Digest,
    second_root: Digest,
    same_coverage: bool,
    differences_by_code: DifferenceCounts,
    differences: Vec<DifferenceView>,
    differences_cut: u64,
    packages: &'a [PackageDifference],
    state: &'a [StateDifference],
    unjudged_count: u64,
    unjudged: Vec<UnjudgedView>,
}

/// What the first, verifying reading of a manifest gave.
struct Verified {
    print: Fingerprint,
    settings: Settings,
    packages: Option<Vec<Package>>,
    state: State,
    state_exclusions: Vec<StateExclusion>,
}

pub(super) fn run(options: &Options, console: &mut Console<'_>) -> Result<u8, CliError> {
    let (first, second) = (verified(&options.first)?, verified(&options.second)?);
    let sides = (Side::new(open(&options.first)?, &first.print), Side::new(open(&options.second)?, &second.print));
    let comparison = manifests(sides.0, sides.1).map_err(|error| match error {
        MergeError::First(source) => unusable(&options.first, source),
        MergeError::Second(source) => unusable(&options.second, source),
    })?;
    let packages = match (&first.packages, &second.packages) {
        (Some(before), Some(after)) => packages::compare(before, after),
        _ => Vec::new(),
    };
    let state = state::compare(&first.state, &second.state, &Matcher::new(&first.state_exclusions));
    let state = state::explain(&comparison.differences, state);
    let same_coverage = first.settings == second.settings;
    let (status, exit_code) = verdict(&comparison, &packages, &state, first.print.root == second.print.root);
    match options.output.output {
        Format::Json => console.json(&Diffed {
            schema: "cattleguard.dev/agent/diff/v1",
            status,
            exit_code,
            first_root: first.print.root,
            second_root: second.print.root,
            same_coverage,
            differences_by_code: comparison.counts,
            differences: comparison.differences.iter().map(|one| DifferenceView::new(one, &state)).collect(),
            differences_cut: comparison.counts.total().saturating_sub(comparison.differences.len() as u64),
            packages: &packages,
            state: &state.alone,
            unjudged_count: comparison.unjudged_count,
            unjudged: comparison.unjudged.iter().map(UnjudgedView::from).collect(),
        }),
        Format::Text => {
            console.line(&format!("{status}: {} differences", comparison.counts.total()));
            console.line(&format!("first    {}", first.print.root));
            console.line(&format!("second   {}", second.print.root));
            if !same_coverage {
                console.line("coverage: roots, mounts or left-out paths are not the same in both (`show` lists them)");
            }
            groups(&comparison.differences, &packages, &state, options.all, console);
            UnjudgedView::list(&comparison, console);
        }
    }
    Ok(exit_code)
}

/// Different coverage alone makes different roots: such manifests are not equal even where their entries are.
fn verdict(
    comparison: &Comparison,
    packages: &[PackageDifference],
    state: &Explained,
    same_root: bool,
) -> (&'static str, u8) {
    if comparison.unjudged_count > 0 {
        ("partial", exit::PARTIAL)
    } else if comparison.counts.total() > 0 || !packages.is_empty() || !state.alone.is_empty() || !same_root {
        ("different", exit::DRIFTED)
    } else {
        ("identical", exit::IDENTICAL)
    }
}

fn verified(path: &Path) -> Result<Verified, CliError> {
    let reader = open(path)?;
    let (settings, packages) = (reader.settings().clone(), reader.packages().map(<[_]>::to_vec));
    let state = (reader.state().clone(), reader.header().state_exclusions.clone());
    let print = reader.finish().map_err(|source| unusable(path, source))?.print;
    Ok(Verified { print, settings, packages, state: state.0, state_exclusions: state.1 })
}

pub(super) fn open(path: &Path) -> Result<Reader<File>, CliError> {
    let file = manifest::open(path).map_err(|error| unusable(path, error))?;
    Reader::new(file).map_err(|source| unusable(path, source))
}

pub(super) fn unusable(path: &Path, source: ManifestError) -> CliError {
    CliError::Manifest { path: shown(path), source }
}

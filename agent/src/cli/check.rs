//! `check`: compare and print.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use super::golden::GoldenOptions;
use super::judge::{Judged, judge};
use super::output::{Console, MountView, UnjudgedView, uncovered};
use super::{CliError, Format, OutputOptions};
use crate::compare::{Code, Difference, DifferenceCounts, DifferenceView};
use crate::digest::Digest;
use crate::escape;
use crate::fingerprint::Counts;
use crate::packages::PackageDifference;
use crate::sandbox::Sandbox;
use crate::state::{Explained, StateDifference};

/// `check` options.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    golden: GoldenOptions,
    /// Print every difference, also those that a changed package explains
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    output: OutputOptions,
}

/// The JSON result.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    schema: &'static str,
    status: &'static str,
    exit_code: u8,
    mode: String,
    remembered: u64,
    sandbox: Sandbox,
    root: Digest,
    golden_root: Digest,
    golden_created_at: jiff::Timestamp,
    started_at: jiff::Timestamp,
    finished_at: jiff::Timestamp,
    counts: Counts,
    excluded: u64,
    vanished: u64,
    differences_by_code: DifferenceCounts,
    differences: Vec<DifferenceView>,
    differences_cut: u64,
    packages: &'a [PackageDifference],
    state: &'a [StateDifference],
    unjudged_count: u64,
    unjudged: Vec<UnjudgedView>,
    problems: &'a [String],
    mounts: Vec<MountView>,
}

pub(super) fn run(options: &Options, console: &mut Console<'_>) -> Result<u8, CliError> {
    let judged = judge(&options.golden, Vec::new())?;
    notes(&judged, console);
    let (status, exit_code) = judged.verdict();
    match options.output.output {
        Format::Json => console.json(&document(&judged)),
        Format::Text => {
            console.line(&format!(
                "{status}: {} files differ, {} packages, {} beside files; {} not judged",
                judged.comparison.counts.total(),
                judged.packages.len(),
                judged.state.alone.len(),
                judged.comparison.unjudged_count
            ));
            console.line(&format!("root     {}", judged.host.root));
            console.line(&format!("golden   {}, baked {}", judged.golden.root, judged.golden_created_at));
            console.line(&format!(
                "covered  {} entries, {} bytes of content ({}); {} volatile places left out",
                judged.host.counts.entries, judged.host.counts.bytes, judged.mode, judged.tally.excluded
            ));
            uncovered(&judged.tally.mounts, console);
            groups(&judged.comparison.differences, &judged.packages, &judged.state, options.all, console);
            if judged.unkept() > 0 {
                console.line(&format!("\nand {} more differences that are counted only", judged.unkept()));
            }
            UnjudgedView::list(&judged.comparison, console);
            judged.problems.iter().for_each(|problem| console.line(&format!("not judged: {problem}")));
        }
    }
    Ok(exit_code)
}

/// What is worth knowing beside the result. A host that thinks it is before its golden cannot date what it finds.
pub(super) fn notes(judged: &Judged, console: &mut Console<'_>) {
    judged.notes.iter().for_each(|note| console.note(note));
    if judged.started_at < judged.golden_created_at {
        console.note(&format!(
            "the clock says {}, before the golden was baked ({}): times of this run mean nothing",
            judged.started_at, judged.golden_created_at
        ));
    }
}

fn document(judged: &Judged) -> Checked<'_> {
    let (status, exit_code) = judged.verdict();
    Checked {
        schema: "cattleguard.dev/agent/check/v1",
        status,
        exit_code,
        mode: judged.mode.to_string(),
        remembered: judged.remembered,
        sandbox: judged.sandbox,
        root: judged.host.root,
        golden_root: judged.golden.root,
        golden_created_at: judged.golden_created_at,
        started_at: judged.started_at,
        finished_at: judged.finished_at,
        counts: judged.host.counts,
        excluded: judged.tally.excluded,
        vanished: judged.tally.vanished,
        differences_by_code: judged.comparison.counts,
        differences: judged.comparison.differences.iter().map(|one| DifferenceView::new(one, &judged.state)).collect(),
        differences_cut: judged.unkept(),
        packages: &judged.packages,
        state: &judged.state.alone,
        unjudged_count: judged.comparison.unjudged_count,
        unjudged: judged.comparison.unjudged.iter().map(UnjudgedView::from).collect(),
        problems: &judged.problems,
        mounts: judged.tally.mounts.iter().map(MountView::from).collect(),
    }
}

/// Lines of one group that a person is shown unless all are asked for.
const GROUP_LINES: usize = 200;

/// Prints differences by owning package. A package in another version is one line: it explains its files, except those
/// that give rights.
pub(super) fn groups(
    differences: &[Difference],
    packages: &[PackageDifference],
    state: &Explained,
    all: bool,
    console: &mut Console<'_>,
) {
    let mut by_package: BTreeMap<Option<&str>, Vec<&Difference>> = BTreeMap::new();
    for package in packages {
        by_package.entry(Some(&package.name)).or_default();
    }
    for difference in differences {
        by_package.entry(difference.package.as_deref()).or_default().push(difference);
    }
    for (name, members) in by_package {
        let versions: Vec<String> =
            packages.iter().filter(|package| Some(package.name.as_str()) == name).map(versions).collect();
        let is_explained = !versions.is_empty() && !all;
        let title = match name {
            None => "no package".to_owned(),
            Some(name) => format!("package {} {}", escape::text(name.as_bytes()), versions.join("; ")),
        };
        console.line(&format!("\n{}: {} files differ", title.trim_end(), members.len()));
        let shown: Vec<_> = members.iter().filter(|member| !is_explained || member.is_privileged()).collect();
        let limit = if all { usize::MAX } else { GROUP_LINES };
        for member in shown.iter().take(limit) {
            console.line(&line(member, state));
        }
        if shown.len() > limit {
            console.line(&format!("  and {} more (--all lists them)", shown.len() - limit));
        }
    }
    if !state.alone.is_empty() {
        console.line(&format!("\nbeside files: {} differ", state.alone.len()));
        state.alone.iter().for_each(|difference| console.line(&format!("  {}", difference.text())));
    }
}

fn versions(package: &PackageDifference) -> String {
    let text = |version: &Option<String>, absent: &str| {
        version.as_ref().map_or_else(|| absent.to_owned(), |version| escape::text(version.as_bytes()))
    };
    format!("{} -> {}", text(&package.before, "absent"), text(&package.after, "absent"))
}

fn line(difference: &Difference, state: &Explained) -> String {
    let word = match difference.code {
        Code::Added => "added",
        Code::Removed => "removed",
        Code::Content => "changed",
        Code::Metadata => "metadata",
        Code::Privilege => "privilege",
    };
    let mark = if difference.is_privileged() { '!' } else { ' ' };
    let view = DifferenceView::new(difference, state);
    let meaning: String = view.meaning.iter().map(|meaning| format!("\n              {meaning}")).collect();
    format!("{mark} {word:<9} {}  {}{meaning}", view.path, difference.detail())
}

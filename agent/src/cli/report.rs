//! `report`: compare, and write SSM custom inventory.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::check::notes;
use super::golden::GoldenOptions;
use super::judge::{Judged, judge};
use super::output::{Console, shown};
use super::{CliError, Format, OutputOptions, exit};
use crate::deliver;
use crate::digest::Digest;
use crate::inventory::{DifferenceRow, Documents, PackageCounts, Report, Status, SubtreeRow};

/// `report` options.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    golden: GoldenOptions,
    /// Folder to write to, instead of the SSM agent's custom-inventory folder of this node
    #[arg(long, value_name = "DIR", conflicts_with = "instance_id")]
    out_dir: Option<PathBuf>,
    /// The SSM node id, where its folder cannot be told
    #[arg(long, value_name = "ID")]
    instance_id: Option<String>,
    #[command(flatten)]
    output: OutputOptions,
}

/// The JSON result.
#[derive(Debug, Serialize)]
struct Delivered {
    schema: &'static str,
    status: &'static str,
    root: Digest,
    golden_root: Digest,
    differences: u64,
    unjudged: u64,
    rows_listed: u64,
    rows_cut: u64,
    files: Vec<String>,
}

/// The exit code says whether the report was delivered, not what is in it: a timer's unit must not fail because its
/// host has drifted.
pub(super) fn run(options: &Options, console: &mut Console<'_>) -> Result<u8, CliError> {
    let folder = match &options.out_dir {
        Some(folder) => folder.clone(),
        None => deliver::folder(&options.golden.sysroot, options.instance_id.as_deref())?,
    };
    let write_error = |source| CliError::Write { path: shown(&folder), source };
    fs::create_dir_all(&folder).map_err(write_error)?;
    let judged = judge(&options.golden, vec![folder.clone()])?;
    notes(&judged, console);
    let subtrees = SubtreeRow::pair(&judged.golden.subtrees, &judged.host.subtrees);
    let rows = DifferenceRow::ranked(&judged.comparison.differences, &judged.packages, &judged.state);
    let documents = Documents::new(summary(&judged), &subtrees, &rows, judged.unkept());
    let mut files = Vec::new();
    for document in &documents.files {
        let path = folder.join(document.file_name());
        deliver::replace(&path, document.to_json().as_bytes(), 0o600)
            .map_err(|source| CliError::Write { path: shown(&path), source })?;
        files.push(shown(&path));
    }
    let delivered = Delivered {
        schema: "cattleguard.dev/agent/report/v1",
        status: judged.verdict().0,
        root: judged.host.root,
        golden_root: judged.golden.root,
        differences: judged.comparison.counts.total(),
        unjudged: judged.comparison.unjudged_count,
        rows_listed: documents.report.rows_listed,
        rows_cut: documents.report.rows_cut,
        files,
    };
    match options.output.output {
        Format::Json => console.json(&delivered),
        Format::Text => {
            let Delivered { status, differences, unjudged, rows_cut, .. } = &delivered;
            console.line(&format!("{status}: {differences} differences, {unjudged} not judged, {rows_cut} not listed"));
            delivered.files.iter().for_each(|file| console.line(&format!("wrote    {file}")));
        }
    }
    Ok(exit::IDENTICAL)
}

fn summary(judged: &Judged) -> Report {
    let Judged { comparison, golden, host, tally, packages, state, .. } = judged;
    Report {
        agent_version: crate::VERSION.to_owned(),
        agent_digest: own_digest().ok(),
        root: host.root,
        golden_root: golden.root,
        status: if judged.is_partial() { Status::Partial } else { Status::Complete },
        mode: judged.mode,
        started_at: judged.started_at,
        finished_at: judged.finished_at,
        entries: host.counts.entries,
        files: host.counts.files,
        bytes: host.counts.bytes,
        unjudged: comparison.unjudged_count + judged.problems.len() as u64,
        excluded: tally.excluded,
        vanished: tally.vanished,
        differences: comparison.counts.into(),
        packages: PackageCounts::of(packages),
        state: state.alone.len() as u64,
        rows_listed: 0,
        rows_cut: 0,
        rows_digest: Digest::of(&[]),
    }
}

/// The digest of the running program's file.
fn own_digest() -> io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open("/proc/self/exe")?)?;
    Ok(Digest::finish(&hasher))
}

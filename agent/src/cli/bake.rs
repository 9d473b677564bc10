//! `bake`: walk a tree, write its manifest.

use std::io::{BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::output::{Console, MountView, shown, uncovered};
use super::{CliError, Format, OutputOptions, exit};
use crate::deliver::Pending;
use crate::digest::Digest;
use crate::entry::Kind;
use crate::fingerprint::Counts;
use crate::manifest::{ManifestError, Totals, Writer};
use crate::packages::{self, Books, Wanted};
use crate::pattern::{Matcher, Pattern};
use crate::settings::{Exclusion, Settings};
use crate::walk::{Seen, Start, Tally, walk};
use crate::{escape, path, volatile};

/// `bake` options.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folder to fingerprint, as seen from the sysroot; may be given several times
    #[arg(long = "root", value_name = "DIR", default_value = "/")]
    roots: Vec<PathBuf>,
    /// The folder that stands for `/`, e.g. a mounted image
    #[arg(long, value_name = "DIR", default_value = "/")]
    sysroot: PathBuf,
    /// The manifest to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Walk into other local file systems mounted below a root
    #[arg(long)]
    cross_mounts: bool,
    /// Leave out a path, with `*` for any part of one name; recorded in the manifest
    #[arg(long = "exclude", value_name = "PATTERN")]
    excludes: Vec<Pattern>,
    /// Judge even the paths that every server changes by itself
    #[arg(long)]
    no_default_excludes: bool,
    #[command(flatten)]
    output: OutputOptions,
}

/// The JSON result.
#[derive(Debug, Serialize)]
struct Baked {
    schema: &'static str,
    status: &'static str,
    exit_code: u8,
    root: Digest,
    packages_digest: Digest,
    packages: Option<usize>,
    counts: Counts,
    vanished: u64,
    excluded: u64,
    mounts: Vec<MountView>,
    problems: Vec<String>,
    manifest: String,
    started_at: jiff::Timestamp,
    finished_at: jiff::Timestamp,
}

pub(super) fn run(options: &Options, console: &mut Console<'_>) -> Result<u8, CliError> {
    let started_at = jiff::Timestamp::now();
    let settings = settings(options)?;
    let books = packages::read(&options.sysroot, Wanted::All);
    let write_error = |source| CliError::Write { path: shown(&options.out), source };
    let pending = Pending::create(&options.out, 0o600).map_err(write_error)?;
    let start = Start { skip: Some(pending.identity().map_err(write_error)?), ..Start::at(&options.sysroot) };
    let (tally, totals) = record(&start, &settings, &books, started_at, &pending).map_err(|error| match error {
        CliError::Manifest { source: ManifestError::Io(source), .. } => write_error(source),
        other => other,
    })?;
    pending.commit().map_err(write_error)?;
    let is_partial = totals.counts.flawed > 0 || !books.problems.is_empty();
    let baked = Baked {
        schema: "cattleguard.dev/agent/bake/v1",
        status: if is_partial { "partial" } else { "complete" },
        exit_code: if is_partial { exit::PARTIAL } else { exit::IDENTICAL },
        root: totals.root,
        packages_digest: totals.packages,
        packages: books.packages.as_ref().map(Vec::len),
        counts: totals.counts,
        vanished: totals.vanished,
        excluded: totals.excluded,
        mounts: tally.mounts.iter().map(MountView::from).collect(),
        problems: books.problems,
        manifest: shown(&options.out),
        started_at,
        finished_at: jiff::Timestamp::now(),
    };
    match options.output.output {
        Format::Json => console.json(&baked),
        Format::Text => {
            print(&baked, console);
            uncovered(&tally.mounts, console);
        }
    }
    Ok(baked.exit_code)
}

fn settings(options: &Options) -> Result<Settings, CliError> {
    let usage = |error: &dyn std::error::Error| CliError::Usage(error.to_string());
    let mut exclusions =
        if options.no_default_excludes { Vec::new() } else { volatile::defaults().map_err(|error| usage(&error))? };
    exclusions.extend(options.excludes.iter().map(|pattern| Exclusion {
        pattern: pattern.clone(),
        reason: "asked for when the image was baked".to_owned(),
    }));
    let roots: Vec<Vec<u8>> = options.roots.iter().map(|root| root.as_os_str().as_bytes().to_vec()).collect();
    let settings = Settings::new(&roots, options.cross_mounts, exclusions.clone()).map_err(|error| usage(&error))?;
    let Some(own) = own_path(&options.sysroot, &options.out, &settings) else { return Ok(settings) };
    exclusions.push(Exclusion {
        pattern: Pattern::exactly(&own).map_err(|error| usage(&error))?,
        reason: "the manifest: it cannot contain its own digest".to_owned(),
    });
    Settings::new(&roots, options.cross_mounts, exclusions).map_err(|error| usage(&error))
}

/// Where in the tree the manifest will be, if it will be where it is judged.
fn own_path(sysroot: &Path, out: &Path, settings: &Settings) -> Option<Vec<u8>> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().ok()?;
    let inside = folder.strip_prefix(sysroot.canonicalize().ok()?).ok()?;
    let folder = path::join(b"/", inside.as_os_str().as_bytes());
    let own = path::join(&path::clean(&folder)?, out.file_name()?.as_bytes());
    let is_walked = settings.roots().iter().any(|root| path::is_below(&own, root));
    let matcher = Matcher::new(settings.exclusions().iter().map(|exclusion| &exclusion.pattern));
    let is_left_out = std::iter::successors(Some(own.as_slice()), |at| path::parent(at)).any(|at| matcher.matches(at));
    (is_walked && !is_left_out).then_some(own)
}

fn record(
    start: &Start,
    settings: &Settings,
    books: &Books,
    started_at: jiff::Timestamp,
    pending: &Pending,
) -> Result<(Tally, Totals), CliError> {
    let manifest_error = |source| CliError::Manifest { path: shown(&start.sysroot), source };
    let output = BufWriter::with_capacity(256 * 1024, pending);
    let mut writer = Writer::new(output, settings, started_at, books.packages.as_deref()).map_err(manifest_error)?;
    let tally = walk::<CliError>(start, settings, None, &mut |Seen { mut entry, identity: _ }| {
        if entry.facts.kind != Kind::Directory && settings.roots().contains(&entry.path) {
            let (root, kind) = (escape::text(&entry.path), entry.facts.kind.name());
            return Err(CliError::Failed(format!("root `{root}` is a {kind}, not a folder")));
        }
        entry.package = books.owner(&entry.path);
        writer.entry(&entry).map_err(manifest_error)
    })?;
    if let Some(root) = tally.missing_roots.first() {
        return Err(CliError::Failed(format!(
            "root `{}` is not there, or is reached through a link",
            escape::text(root)
        )));
    }
    let (mut output, totals, _) = writer.finish(&tally).map_err(manifest_error)?;
    output.flush().map_err(|source| manifest_error(source.into()))?;
    Ok((tally, totals))
}

fn print(baked: &Baked, console: &mut Console<'_>) {
    let Baked { counts, .. } = baked;
    console.line(&format!("baked    {} ({})", baked.manifest, baked.status));
    console.line(&format!("root     {}", baked.root));
    console.line(&format!(
        "covers   {} entries: {} files, {} folders; {} bytes of content",
        counts.entries, counts.files, counts.directories, counts.bytes
    ));
    let packages = baked.packages.map_or_else(|| "no package database".to_owned(), |count| format!("{count} packages"));
    console.line(&format!("books    {packages}"));
    console.line(&format!("left out {} volatile places (`show` lists the patterns)", baked.excluded));
    let seconds = baked.finished_at.duration_since(baked.started_at).as_millis();
    console.line(&format!("took     {seconds} ms"));
    if counts.flawed > 0 {
        console.line(&format!("partial: {} entries could not be fully read; a check cannot judge them", counts.flawed));
    }
    for problem in &baked.problems {
        console.line(&format!("partial: {problem}"));
    }
}

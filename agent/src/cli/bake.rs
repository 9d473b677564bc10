//! `bake`: walk a tree, write its manifest.

use std::fs::DirBuilder;
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::coverage::{Coverage, CoverageOptions, NotLearned};
use super::golden::SandboxOptions;
use super::output::{Console, MountView, shown, uncovered};
use super::{CliError, Format, OutputOptions, exit};
use crate::deliver::Pending;
use crate::digest::Digest;
use crate::entry::Kind;
use crate::fingerprint::Counts;
use crate::manifest::{ManifestError, Preface, Totals, Writer};
use crate::packages::{self, Books, Wanted};
use crate::sign::SigningKey;
use crate::walk::{Seen, Start, Tally, walk};
use crate::{escape, state};

/// `bake` options.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    coverage: CoverageOptions,
    /// The manifest to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Sign the manifest with this ed25519 key (PKCS#8 PEM)
    #[arg(long, value_name = "FILE")]
    sign_key: Option<PathBuf>,
    #[command(flatten)]
    sandbox: SandboxOptions,
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
    state: usize,
    signed_by: Option<String>,
    not_learned: Vec<NotLearned>,
    manifest: String,
    started_at: jiff::Timestamp,
    finished_at: jiff::Timestamp,
}

/// The golden's own folder is not there in an image on which no unit has run yet. What is above it has to be.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn run(options: &Options, console: &mut Console<'_>) -> Result<u8, CliError> {
    let started_at = jiff::Timestamp::now();
    let Coverage { settings, state_exclusions, not_learned } = options.coverage.decide(&options.out)?;
    let sysroot = &options.coverage.sysroot;
    let key = options
        .sign_key
        .as_deref()
        .map(|path| SigningKey::read(path).map_err(|source| CliError::Key { path: shown(path), source }));
    let key = key.transpose()?;
    // One beside the other, and both before the sandbox, which hides what they look at.
    let (books, state) = std::thread::scope(|scope| {
        let state = scope.spawn(|| state::read(sysroot));
        (packages::read(sysroot, Wanted::All), state.join())
    });
    let (state, state_problems) = state.map_err(|_| CliError::Failed("reading the state failed: a bug".to_owned()))?;
    let write_error = |source| CliError::Write { path: shown(&options.out), source };
    let folder = options.out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(folder).map_err(write_error)?;
    let (_, notes) = options.sandbox.enter(sysroot, vec![folder.to_owned()]);
    notes.iter().for_each(|note| console.note(note));
    let pending = Pending::create(&options.out, 0o600).map_err(write_error)?;
    let start = Start { skip: Some(pending.identity().map_err(write_error)?), ..Start::at(sysroot) };
    let preface = Preface {
        settings: &settings,
        created_at: started_at,
        packages: books.packages.as_deref(),
        state: &state,
        state_exclusions: &state_exclusions,
    };
    let (tally, totals) = record(&start, &books, preface, key.as_ref(), &pending).map_err(|error| match error {
        CliError::Manifest { source: ManifestError::Io(source), .. } => write_error(source),
        other => other,
    })?;
    pending.commit().map_err(write_error)?;
    let problems: Vec<String> =
        books.problems.into_iter().chain(state_problems.into_iter().map(|(_, problem)| problem)).collect();
    let is_partial = totals.counts.flawed > 0 || !problems.is_empty();
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
        problems,
        state: state.items.len(),
        signed_by: key.map(|key| key.public().to_string()),
        not_learned,
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

fn record(
    start: &Start,
    books: &Books,
    preface: Preface<'_>,
    key: Option<&SigningKey>,
    pending: &Pending,
) -> Result<(Tally, Totals), CliError> {
    let manifest_error = |source| CliError::Manifest { path: shown(&start.sysroot), source };
    let output = BufWriter::with_capacity(256 * 1024, pending);
    let settings = preface.settings;
    let mut writer = Writer::new(output, preface).map_err(manifest_error)?;
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
    let (mut output, totals, _) = writer.finish(&tally, key).map_err(manifest_error)?;
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
    console.line(&format!("state    {} items beside the files", baked.state));
    console.line(&format!("signed   by {}", baked.signed_by.as_deref().unwrap_or("nobody")));
    console.line(&format!("left out {} volatile places (`show` lists the patterns)", baked.excluded));
    for NotLearned { path, reason } in &baked.not_learned {
        console.line(&format!("not learned from the canary: {}: {reason}", escape::text(path.as_bytes())));
    }
    let seconds = baked.finished_at.duration_since(baked.started_at).as_millis();
    console.line(&format!("took     {seconds} ms"));
    if counts.flawed > 0 {
        console.line(&format!("partial: {} entries could not be fully read; a check cannot judge them", counts.flawed));
    }
    for problem in &baked.problems {
        console.line(&format!("partial: {problem}"));
    }
}

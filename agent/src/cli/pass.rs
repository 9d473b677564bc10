//! One pass over the host: walked as the golden says, folded into digests, compared, and remembered for a quick one.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::Arc;

use jiff::Timestamp;

use super::CliError;
use super::golden::Wanted;
use super::output::shown;
use crate::compare::{Against, Comparison};
use crate::deliver::Pending;
use crate::digest::Digest;
use crate::fingerprint::{Fingerprint, Fold};
use crate::inventory::Mode;
use crate::manifest::{self, ManifestError, Reader, Verified};
use crate::packages::Package;
use crate::quick::{Cache, Header, Recorder};
use crate::state::State;
use crate::state::volatile::StateExclusion;
use crate::walk::{Known, Seen, Start, Tally, walk};

/// What one pass found.
pub(super) struct Pass {
    pub(super) comparison: Comparison,
    pub(super) golden: Fingerprint,
    pub(super) preface: GoldenPreface,
    pub(super) host: Fingerprint,
    pub(super) tally: Tally,
    pub(super) mode: Mode,
    /// Entries that were not read again.
    pub(super) remembered: u64,
    /// What is worth knowing about the mode.
    pub(super) notes: Vec<String>,
}

/// What the golden says before its entries.
pub(super) struct GoldenPreface {
    pub(super) created_at: Timestamp,
    pub(super) packages: Option<Vec<Package>>,
    pub(super) state: State,
    pub(super) state_exclusions: Vec<StateExclusion>,
}

/// The golden's file, open.
struct GoldenFile {
    file: Arc<File>,
    digest: Digest,
    start: Start,
}

/// Compares, quickly if that is wanted and can be relied on.
pub(super) fn pass(wanted: &Wanted, now: Timestamp) -> Result<Pass, CliError> {
    let opened = open(wanted)?;
    let mut notes = Vec::new();
    if let Some(quick) = &wanted.quick {
        match Cache::open(&quick.cache, opened.digest, now, quick.full_every) {
            Ok(mut cache) => {
                let pass = once(wanted, &opened, Some(&mut cache), &mut |_| {})?;
                let remembered = cache.recalled();
                match cache.finish() {
                    Ok(()) => return Ok(Pass { mode: Mode::Quick, remembered, ..pass }),
                    // What it said may have been wrong.
                    Err(reason) => notes.push(format!("everything is read: {reason}")),
                }
            }
            Err(reason) => notes.push(format!("everything is read: {reason}")),
        }
    }
    let mut memory = Memory::begin(wanted, opened.digest, now);
    let mut pass = once(wanted, &opened, None, &mut |seen| memory.entry(seen))?;
    notes.extend(memory.finish());
    pass.notes = notes;
    Ok(pass)
}

fn open(wanted: &Wanted) -> Result<GoldenFile, CliError> {
    let unusable = |source| CliError::Manifest { path: shown(&wanted.golden), source };
    let missing = |error: ManifestError| match error {
        ManifestError::Io(cause) if cause.kind() == io::ErrorKind::NotFound => CliError::Failed(format!(
            "there is no golden at `{}`: `bake --out` makes one while the image is built, and --golden names another",
            shown(&wanted.golden)
        )),
        other => unusable(other),
    };
    let file = manifest::open(&wanted.golden).map(Arc::new).map_err(missing)?;
    let meta = file.metadata().map_err(|error| unusable(error.into()))?;
    let mut hasher = blake3::Hasher::new();
    if wanted.quick.is_some() {
        hasher.update_reader(At { file: Arc::clone(&file), at: 0 }).map_err(|error| unusable(error.into()))?;
    }
    // The golden itself is passed over: it cannot contain its own digest, and its seal and root are verified.
    let start = Start { skip: Some((meta.dev(), meta.ino())), ..Start::at(&wanted.sysroot) };
    Ok(GoldenFile { file, digest: Digest::finish(&hasher), start })
}

/// Reads a file without moving its position: it is read several times.
struct At {
    file: Arc<File>,
    at: u64,
}

impl io::Read for At {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

fn once(
    wanted: &Wanted,
    opened: &GoldenFile,
    known: Option<&mut dyn Known>,
    remember: &mut dyn FnMut(&Seen),
) -> Result<Pass, CliError> {
    let unusable = |source| CliError::Manifest { path: shown(&wanted.golden), source };
    let golden = Reader::new(At { file: Arc::clone(&opened.file), at: 0 }).map_err(unusable)?;
    let settings = golden.settings().clone();
    let preface = GoldenPreface {
        created_at: golden.header().created_at,
        packages: golden.packages().map(<[_]>::to_vec),
        state: golden.state().clone(),
        state_exclusions: golden.header().state_exclusions.clone(),
    };
    let mut fold = Fold::new(&settings);
    let mut against = Against::new(golden).map_err(unusable)?;
    let tally = walk::<CliError>(&opened.start, &settings, known, &mut |seen| {
        fold.push(&seen.entry)?;
        remember(&seen);
        against.host(seen.entry).map_err(unusable)
    })?;
    let (comparison, Verified { totals, print: golden, signature }) = against.finish().map_err(unusable)?;
    if !wanted.trusted_keys.is_empty() {
        let key = signature.map(|signature| signature.key());
        if !key.is_some_and(|key| wanted.trusted_keys.contains(&key)) {
            let signer = key.map_or_else(|| "nobody".to_owned(), |key| key.to_string());
            return Err(CliError::Untrusted { path: shown(&wanted.golden), signer });
        }
    }
    if let Some(expected) = wanted.expect_root.filter(|expected| *expected != totals.root) {
        let (path, found) = (shown(&wanted.golden), totals.root);
        return Err(CliError::OtherGolden { path, found, expected });
    }
    let host = fold.finish();
    let is_equal = comparison.counts.total() == 0;
    if comparison.unjudged_count == 0 && is_equal != (host.root == golden.root) {
        return Err(CliError::Inconsistent);
    }
    let (mode, remembered, notes) = (Mode::Full, 0, Vec::new());
    Ok(Pass { comparison, golden, preface, host, tally, mode, remembered, notes })
}

/// The cache that a full pass writes, if quick passes are wanted. That it cannot be written never fails a pass.
struct Memory {
    writing: Option<(Recorder<BufWriter<File>>, Pending)>,
    problem: Option<io::Error>,
}

impl Memory {
    fn begin(wanted: &Wanted, golden: Digest, full_at: Timestamp) -> Self {
        let mut memory = Self { writing: None, problem: None };
        let Some(quick) = &wanted.quick else { return memory };
        let header = Header { agent: crate::VERSION.to_owned(), golden, full_at };
        let begun = Pending::create(&quick.cache, 0o600).and_then(|pending| {
            let output = BufWriter::with_capacity(256 * 1024, pending.output()?);
            Ok((Recorder::new(output, &header, quick.settled)?, pending))
        });
        memory.keep(begun);
        memory
    }

    fn keep(&mut self, writing: io::Result<(Recorder<BufWriter<File>>, Pending)>) {
        match writing {
            Ok(writing) => self.writing = Some(writing),
            Err(error) => (self.writing, self.problem) = (None, Some(error)),
        }
    }

    fn entry(&mut self, seen: &Seen) {
        if let Some((recorder, _)) = &mut self.writing
            && let Err(error) = recorder.entry(seen)
        {
            (self.writing, self.problem) = (None, Some(error));
        }
    }

    /// Puts the cache in its place; what went wrong, if anything did.
    fn finish(mut self) -> Option<String> {
        if let Some((recorder, pending)) = self.writing.take() {
            let done = recorder.finish().and_then(|mut output| output.flush()).and_then(|()| pending.commit());
            self.problem = done.err();
        }
        self.problem.map(|error| format!("the cache for quick checks could not be written: {error}"))
    }
}

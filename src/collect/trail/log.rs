//! One log after the other, quickly: what fits into memory is decompressed at once and only skimmed; everything else
//! is read plainly, piece by piece. Both come to the same.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use super::classify::{Classified, IgnoredReason, classify};
use super::dir::{DirStats, Entry, Origin, STDIN, read_stream, read_text};
use super::files::{Found, cannot_be_read, shown};
use super::gzip::{self, Content, Inflater};
use super::own::ClassifyContext;
use super::skim::{Names, skim};
use super::text::clean;

/// Greater logs are read piece by piece, unless told otherwise. CloudTrail's are a few megabytes.
const WHOLE: usize = 24 * 1024 * 1024;

/// Takes what is found in logs, in the order of the records.
pub(super) trait Sink {
    /// A record that is not ignored, or a file that cannot be read.
    fn found(&mut self, classified: Classified);
    /// This many records that are no change.
    fn ignored(&mut self, reason: IgnoredReason, count: u64);
    /// What is found from here on may have to be taken back: the log may have to be read in another way.
    fn on_trial(&mut self);
    /// The end of the trial: what was found since stays, or it is taken back.
    fn decide(&mut self, stays: bool);
}

/// Reads logs; keeps its buffers from one to the next.
pub(super) struct LogReader {
    whole: usize,
    stored: Vec<u8>,
    text: Vec<u8>,
    inflater: Inflater,
    names: Names,
}

impl Default for LogReader {
    fn default() -> Self {
        Self::new(WHOLE)
    }
}

impl fmt::Debug for LogReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogReader").field("whole", &self.whole).finish_non_exhaustive()
    }
}

impl LogReader {
    /// `whole` is the greatest log, in bytes of JSON, that is held in memory.
    pub(super) fn new(whole: usize) -> Self {
        Self { whole, stored: Vec::new(), text: Vec::new(), inflater: Inflater::default(), names: Names::default() }
    }

    /// Reads what a walk over folders found.
    pub(super) fn read(&mut self, what: Found, ctx: &ClassifyContext, sink: &mut dyn Sink) -> DirStats {
        match what {
            Found::Stdin => plain(io::stdin().lock(), STDIN, ctx, sink),
            Found::File(path) => {
                let name = shown(&path);
                match File::open(path).and_then(|file| self.stored(file)) {
                    Ok(Stored::Whole) => {
                        let stored = std::mem::take(&mut self.stored);
                        let stats = self.bytes(&stored, &name, ctx, sink);
                        self.stored = stored;
                        stats
                    }
                    Ok(Stored::Greater(file)) => plain(file, &name, ctx, sink),
                    Err(error) => problem(Classified::SetAside(cannot_be_read(&name, &error)), sink),
                }
            }
            Found::Problem(problem_found) => problem(Classified::SetAside(problem_found), sink),
        }
    }

    /// Reads one log, given as it is stored.
    pub(super) fn bytes(&mut self, stored: &[u8], name: &str, ctx: &ClassifyContext, sink: &mut dyn Sink) -> DirStats {
        let mut text = std::mem::take(&mut self.text);
        let is_gzip = gzip::is_gzip(stored);
        let mut whole =
            if is_gzip { self.inflater.inflate(stored, self.whole, &mut text) } else { Some(Content::plain(stored)) };
        let stats = whole.as_mut().and_then(|whole| self.skimmed(whole, ctx, sink));
        let stats = stats.unwrap_or_else(|| match whole.filter(|_| is_gzip).and_then(Content::sound) {
            // No need to decompress it again.
            Some(text) => plainly(name, ctx, sink, |file, add, stats| read_text(text, file, add, stats)),
            None => plain(stored, name, ctx, sink),
        });
        self.text = text;
        stats
    }

    /// `None`, with nothing handed on, when the text has to be read plainly.
    fn skimmed(&mut self, whole: &mut Content<'_>, ctx: &ClassifyContext, sink: &mut dyn Sink) -> Option<DirStats> {
        sink.on_trial();
        let skimmed = skim(whole, &mut self.names, &mut |number, raw| {
            let raw = std::str::from_utf8(raw).ok()?;
            match classify(raw, Origin { file: "", record: number }, ctx) {
                Classified::SetAside(_) => return None,
                classified => hand_on(classified, sink),
            }
            Some(())
        });
        let skimmed = skimmed.filter(|_| whole.is_sound());
        sink.decide(skimmed.is_some());
        let skimmed = skimmed?;
        skimmed.ignored.into_iter().for_each(|(reason, count)| sink.ignored(reason, count));
        let bytes = u64::try_from(whole.text().len()).unwrap_or(u64::MAX);
        Some(DirStats { files: 1, bytes, events: skimmed.records, set_aside: 0 })
    }

    /// Reads a file into memory if it is not too great.
    fn stored(&mut self, mut file: File) -> io::Result<Stored> {
        let length = file.metadata()?.len();
        if !file.metadata()?.is_file() || length > u64::try_from(self.whole).unwrap_or(u64::MAX) {
            return Ok(Stored::Greater(file));
        }
        self.stored.clear();
        file.by_ref().take(length).read_to_end(&mut self.stored)?;
        // One that still grows is read as far as it was.
        Ok(Stored::Whole)
    }
}

enum Stored {
    Whole,
    Greater(File),
}

/// The reference: cuts the text into records and parses each.
pub(super) fn plain(input: impl Read, name: &str, ctx: &ClassifyContext, sink: &mut dyn Sink) -> DirStats {
    plainly(name, ctx, sink, |file, add, stats| read_stream(input, file, add, stats))
}

fn plainly(
    name: &str,
    ctx: &ClassifyContext,
    sink: &mut dyn Sink,
    read: impl FnOnce(&str, &mut dyn FnMut(Entry<'_>), &mut DirStats),
) -> DirStats {
    let mut stats = DirStats::default();
    let mut add = |entry: Entry<'_>| match entry {
        Entry::Record { raw, origin } => hand_on(classify(raw, origin, ctx), sink),
        Entry::Problem(problem) => sink.found(Classified::SetAside(problem)),
    };
    read(&clean(name), &mut add, &mut stats);
    stats
}

fn hand_on(classified: Classified, sink: &mut dyn Sink) {
    match classified {
        Classified::Ignored(reason) => sink.ignored(reason, 1),
        classified => sink.found(classified),
    }
}

fn problem(problem: Classified, sink: &mut dyn Sink) -> DirStats {
    sink.found(problem);
    DirStats { set_aside: 1, ..DirStats::default() }
}

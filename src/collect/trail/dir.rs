//! Records of log files, and of logs that are no files, one after the other.
//!
//! Plain or gzip (told by content, not by name). A file that cannot be read, or ends early, is a problem of
//! its own; what was read of it counts.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::files::{Files, Found, cannot_be_read, shown};
use super::split::{Piece, Splitter};
use super::text::{clean, set_aside};
use crate::types::SetAside;

const BUFFER: usize = 256 * 1024;
pub(super) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// How standard input is called.
pub(super) const STDIN: &str = "stdin";

const EMPTY: &str = "it is empty: it was cut off, or never written";

/// Where a record came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// File, or `stdin`.
    pub file: &'a str,
    /// Record within it, from 1.
    pub record: u64,
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: record {}", self.file, self.record)
    }
}

/// One thing read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// The text of one record; not yet known to be valid.
    Record {
        /// JSON.
        raw: &'a str,
        /// Where it came from.
        origin: Origin<'a>,
    },
    /// Something that could not be read.
    Problem(SetAside),
}

/// Counts of one path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirStats {
    /// Files opened.
    pub files: u64,
    /// Bytes of JSON, after decompression.
    pub bytes: u64,
    /// Records handed on.
    pub events: u64,
    /// Problems handed on.
    pub set_aside: u64,
}

impl std::ops::AddAssign for DirStats {
    fn add_assign(&mut self, other: Self) {
        let Self { files, bytes, events, set_aside } = other;
        self.files += files;
        self.bytes += bytes;
        self.events += events;
        self.set_aside += set_aside;
    }
}

/// Reads one file, one folder tree, or standard input (`-`), file by file in the order of their names.
pub fn read_path(path: &Path, sink: &mut dyn FnMut(Entry<'_>)) -> DirStats {
    let mut stats = DirStats::default();
    for found in Files::new(&[path.to_owned()]) {
        match found {
            Found::File(path) => read_file(&path, sink, &mut stats),
            Found::Stdin => read_stream(io::stdin().lock(), STDIN, sink, &mut stats),
            Found::Problem(problem) => {
                stats.set_aside += 1;
                sink(Entry::Problem(problem));
            }
        }
    }
    stats
}

/// Reads one log that is no file on disk. `name` is what its records are said to come from.
pub fn read_log(input: impl Read, name: &str, sink: &mut dyn FnMut(Entry<'_>)) -> DirStats {
    let mut stats = DirStats::default();
    read_stream(input, &clean(name), sink, &mut stats);
    stats
}

fn read_file(path: &Path, sink: &mut dyn FnMut(Entry<'_>), stats: &mut DirStats) {
    match File::open(path) {
        Ok(file) => read_stream(file, &shown(path), sink, stats),
        Err(error) => {
            stats.set_aside += 1;
            sink(Entry::Problem(cannot_be_read(&shown(path), &error)));
        }
    }
}

pub(super) fn read_stream(input: impl Read, file: &str, sink: &mut dyn FnMut(Entry<'_>), stats: &mut DirStats) {
    stats.files += 1;
    let mut input = BufReader::with_capacity(BUFFER, input);
    let outcome = match input.fill_buf() {
        Ok(start) if start.starts_with(&GZIP_MAGIC) => pump(MultiGzDecoder::new(input), file, sink, stats),
        Ok(start) if is_utf_16(start) => Err("it is UTF-16, as PowerShell writes it: save it as UTF-8".to_owned()),
        Ok(start) if is_binary(start) => Err("neither JSON nor gzip: encrypted, or something else".to_owned()),
        Ok(_) => pump(input, file, sink, stats),
        Err(error) => Err(format!("cannot be read: {error}")),
    };
    // Even a quiet hour is `{"Records":[]}`; a pipe may well have nothing to say.
    let outcome = if file == STDIN { outcome.map(|_| true) } else { outcome };
    tell(outcome, file, sink, stats);
}

/// Says what is wrong with a log as a whole, if anything is.
fn tell(outcome: Result<bool, String>, file: &str, sink: &mut dyn FnMut(Entry<'_>), stats: &mut DirStats) {
    let problem = match outcome {
        Ok(true) => return,
        Ok(false) => EMPTY.to_owned(),
        Err(problem) => problem,
    };
    stats.set_aside += 1;
    sink(Entry::Problem(set_aside(file, problem, "")));
}

/// Reads what was decompressed already.
pub(super) fn read_text(text: &[u8], file: &str, sink: &mut dyn FnMut(Entry<'_>), stats: &mut DirStats) {
    stats.files += 1;
    let outcome = pump(text, file, sink, stats);
    tell(outcome, file, sink, stats);
}

/// Whether this is the beginning of something that is no text at all: one problem, not one for each of its lines.
fn is_binary(start: &[u8]) -> bool {
    let start = start.get(..start.len().min(512)).unwrap_or_default();
    let is_cut = |error: std::str::Utf8Error| error.error_len().is_none();
    !matches!(start.trim_ascii_start().first(), Some(b'{' | b'['))
        && (start.contains(&0) || !std::str::from_utf8(start).map_or_else(is_cut, |_| true))
}

/// By the mark that it begins with.
fn is_utf_16(start: &[u8]) -> bool {
    start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff])
}

/// Whether there was anything in it but blanks.
fn pump(
    mut input: impl Read,
    file: &str,
    sink: &mut dyn FnMut(Entry<'_>),
    stats: &mut DirStats,
) -> Result<bool, String> {
    let mut splitter = Splitter::default();
    let mut record = 0;
    let DirStats { bytes, events, set_aside: aside, .. } = stats;
    let mut hand_on = |piece: Piece<'_>| {
        record += 1;
        let origin = Origin { file, record };
        let text = match piece {
            Piece::Record(text) => std::str::from_utf8(text).map_err(|_| ("it is not UTF-8", text)),
            Piece::Broken(problem, text) => Err((problem, text)),
        };
        match text {
            Ok(raw) => {
                *events += 1;
                sink(Entry::Record { raw, origin });
            }
            Err((what, text)) => {
                *aside += 1;
                let start = String::from_utf8_lossy(text.get(..text.len().min(1024)).unwrap_or(text));
                sink(Entry::Problem(set_aside(origin, what, &start)));
            }
        }
    };
    loop {
        match splitter.fill(&mut input, BUFFER) {
            Ok(0) => {
                splitter.finish(&mut hand_on);
                return Ok(!splitter.is_blank());
            }
            Ok(read) => {
                *bytes += u64::try_from(read).unwrap_or(u64::MAX);
                splitter.drain(&mut hand_on);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                // What is complete was handed on already; the record in the middle is lost.
                return Err(format!("it ends early or is damaged ({error}); {events} records were read before"));
            }
        }
    }
}

#[cfg(test)]
#[path = "dir_tests.rs"]
mod tests;

//! Log files on disk: single files, folder trees in CloudTrail's bucket layout, and standard input.
//!
//! Plain or gzip (told by content, not by name). A file that cannot be read, or ends early, is a problem of
//! its own; what was read of it counts.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::split::{Piece, Splitter};
use super::text::{clean, set_aside};
use crate::types::SetAside;

const BUFFER: usize = 256 * 1024;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Folders beside the management events in a trail's bucket ("Finding your CloudTrail log files", user guide).
const OTHER_LOGS: [&str; 4] =
    ["CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated"];
const EXTENSIONS: [&str; 6] = [".json", ".json.gz", ".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz"];

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

/// Reads one file, one folder tree, or standard input (`-`), file by file in the order of their names.
pub fn read_path(path: &Path, sink: &mut dyn FnMut(Entry<'_>)) -> DirStats {
    let mut stats = DirStats::default();
    if path == Path::new("-") {
        read_stream(BufReader::with_capacity(BUFFER, io::stdin().lock()), "stdin", sink, &mut stats);
        return stats;
    }
    match fs::metadata(path) {
        Err(error) => problem(&shown(path), &error, sink, &mut stats),
        Ok(meta) if meta.is_dir() => read_tree(path, sink, &mut stats),
        Ok(_) => read_file(path, sink, &mut stats),
    }
    stats
}

fn read_tree(root: &Path, sink: &mut dyn FnMut(Entry<'_>), stats: &mut DirStats) {
    let mut waiting = vec![root.to_owned()];
    // Depth first; pushed in reverse so that names come out in order.
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            match children(&path) {
                Ok(names) => waiting.extend(names.into_iter().rev()),
                Err(error) => problem(&shown(&path), &error, sink, stats),
            }
        } else {
            read_file(&path, sink, stats);
        }
    }
}

/// Files that may hold records and folders to descend into, sorted. Linked folders could form a loop.
fn children(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let wanted = match entry.file_type()? {
            kind if kind.is_dir() => !OTHER_LOGS.contains(&name.as_str()),
            kind if kind.is_symlink() => entry.path().is_file() && is_log(&name),
            _ => is_log(&name),
        };
        if wanted {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn is_log(name: &str) -> bool {
    EXTENSIONS.iter().any(|extension| name.ends_with(extension))
}

fn read_file(path: &Path, sink: &mut dyn FnMut(Entry<'_>), stats: &mut DirStats) {
    match File::open(path) {
        Ok(file) => read_stream(BufReader::with_capacity(BUFFER, file), &shown(path), sink, stats),
        Err(error) => problem(&shown(path), &error, sink, stats),
    }
}

/// Reads one log object (its bytes as stored, gzip or plain), from memory or from a stream, as [`read_path`] reads a
/// file. `name` is what records and problems are said to come from.
pub fn read_object(input: impl Read, name: &str, sink: &mut dyn FnMut(Entry<'_>)) -> DirStats {
    let mut stats = DirStats::default();
    read_stream(BufReader::with_capacity(BUFFER, input), &clean(name), sink, &mut stats);
    stats
}

fn read_stream(mut input: impl BufRead, file: &str, sink: &mut dyn FnMut(Entry<'_>), stats: &mut DirStats) {
    stats.files += 1;
    let outcome = match input.fill_buf() {
        Ok(start) if start.starts_with(&GZIP_MAGIC) => pump(MultiGzDecoder::new(input), file, sink, stats),
        Ok(_) => pump(input, file, sink, stats),
        Err(error) => Err(format!("cannot be read: {error}")),
    };
    if let Err(what) = outcome {
        stats.set_aside += 1;
        sink(Entry::Problem(set_aside(file, what, "")));
    }
}

fn pump(mut input: impl Read, file: &str, sink: &mut dyn FnMut(Entry<'_>), stats: &mut DirStats) -> Result<(), String> {
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
                return Ok(());
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

fn problem(file: &str, error: &io::Error, sink: &mut dyn FnMut(Entry<'_>), stats: &mut DirStats) {
    stats.set_aside += 1;
    sink(Entry::Problem(set_aside(file, format!("cannot be read: {error}"), "")));
}

/// A path as text for messages.
fn shown(path: &Path) -> String {
    clean(&path.display().to_string())
}

#[cfg(test)]
#[path = "dir_tests.rs"]
mod tests;

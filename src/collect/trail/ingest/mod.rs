//! Log files -> change events, for the `ingest` command: on all cores, in memory that does not grow with the input.
//!
//! Workers take one log after the other (`workers`). Of a change they keep its text and, where it takes more than
//! the record to know whose it is, its targets; both wait, sorted, in memory and in a temporary file
//! (`spool`). What records teach about who holds what is kept apart and learned when everything has been read. What
//! comes out does not depend on how many workers there are.

mod chunk;
mod gather;
mod spool;
mod workers;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use super::classify::IgnoredReason;
use super::dir::DirStats;
use super::links::LinkMap;
use super::own::ClassifyContext;
use crate::types::{ChangeEvent, SetAside};

/// How change events are written: as they wait for everything to be read, and then as the sink gets them. What takes
/// little room while it waits need not be put into a file meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Writes an event for it to wait. Its `instances` and `unresolved` stand beside each other as lists of JSON, which are
    /// filled in when they are known.
    pub encode: fn(&ChangeEvent, &mut Vec<u8>),
    /// What stands between these two, and between no other lists without anything in them.
    pub between: &'static str,
    /// Appends what the sink gets to what is there.
    pub finish: fn(&[u8], &mut Vec<u8>),
}

impl Form {
    /// JSON as the state keeps it.
    pub const STATE: Self = Self {
        // Writing into memory fails only where a map has keys that are no text; an event has no map.
        encode: |event, out| drop(serde_json::to_writer(out, event)),
        between: ",\"unresolved\":",
        finish: |text, out| out.extend_from_slice(text),
    };
}

/// What to read, and how.
#[derive(Clone, Copy)]
pub struct IngestRequest<'r> {
    /// Files and folders; `-` is standard input.
    pub paths: &'r [PathBuf],
    /// What is known of instances already; may be empty.
    pub links: &'r LinkMap,
    /// Logs that are read at the same time.
    pub threads: usize,
    /// Whether the summary's links are to hold all that was learned, and not only what the changes took to resolve.
    pub learn_all: bool,
    /// The form of the changes.
    pub form: Form,
    /// Called now and then with what was read so far.
    pub progress: &'r (dyn Fn(DirStats) + Sync),
}

/// What was read and what became of it.
#[derive(Clone, Debug, Default)]
pub struct IngestSummary {
    /// Files read, standard input included.
    pub files: u64,
    /// Bytes of JSON, after decompression.
    pub bytes: u64,
    /// Records read.
    pub events_read: u64,
    /// Change events found.
    pub events_kept: u64,
    /// Records that are no change, by reason.
    pub ignored: BTreeMap<IgnoredReason, u64>,
    /// Records and files that could not be read (the first 1,000).
    pub set_aside: Vec<SetAside>,
    /// How many could not be read.
    pub set_aside_total: u64,
    /// What the records taught: who holds or held what; all of it if that was asked for.
    pub links: LinkMap,
}

/// Reads everything, then hands the change events to `sink`, oldest first, each in the form asked for.
///
/// # Errors
/// The temporary file cannot be written or read, or the sink's own. What cannot be read of the input is no error but
/// part of the summary.
pub fn ingest(request: IngestRequest<'_>, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<IngestSummary> {
    ingest_knowing(request, &ClassifyContext::default(), sink)
}

/// The same where it is known what we are and did: our own calls are no changes.
///
/// # Errors
/// As [`ingest`].
pub fn ingest_knowing(
    request: IngestRequest<'_>,
    own: &ClassifyContext,
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<IngestSummary> {
    workers::read(&request, own)?.finish(&request, sink)
}

//! Log files -> change events, for the `ingest` command.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::batch::Batch;
use super::classify::IgnoredReason;
use super::dir::{Entry, read_path};
use super::links::LinkMap;
use super::own::ClassifyContext;
use crate::types::{ChangeEvent, SetAside};

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
}

/// Reads files and folders (`-` is standard input) and hands the change events to `sink`, oldest first.
/// `links` is what is known of instances already; it may be empty.
pub fn ingest(paths: &[PathBuf], links: &LinkMap, sink: &mut dyn FnMut(ChangeEvent)) -> IngestSummary {
    let mut batch = Batch::new(ClassifyContext::default());
    let mut summary = IngestSummary::default();
    for path in paths {
        let stats = read_path(path, &mut |entry| match entry {
            Entry::Record { raw, origin } => batch.add(raw, origin),
            Entry::Problem(problem) => batch.set_aside(problem),
        });
        summary.files += stats.files;
        summary.bytes += stats.bytes;
    }
    let mut links = links.clone();
    let collected = batch.finish(&mut links);
    summary.events_read = collected.read;
    summary.events_kept = u64::try_from(collected.events.len()).unwrap_or(u64::MAX);
    summary.ignored = collected.ignored;
    summary.set_aside = collected.set_aside;
    summary.set_aside_total = collected.set_aside_total;
    collected.events.into_iter().for_each(sink);
    summary
}

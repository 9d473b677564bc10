//! Parts of the measurement of `ingest`; `benches/ingest/run.py` puts them together.
//!
//! ```text
//! ingest make FOLDER EVENTS [LEVEL]   writes a corpus
//! ingest inflate FOLDER       decompresses its files with libdeflate, and nothing else
//! ingest commit EVENTS        commits that many change events to a new SQLite state
//! ingest                      a small corpus, read and counted, to see that all is well
//! ```

mod corpus;
#[path = "../support/usage.rs"]
mod usage;

use std::fs;
use std::path::{Path, PathBuf};

use cattleguard::collect::trail::{Form, IngestRequest, LinkMap, ingest};
use cattleguard::store::{Ingested, SqliteStore};
use cattleguard::types::ChangeEvent;
use libdeflater::Decompressor;

use usage::{Meter, Outcome};

/// How hard gzip tries, as by default.
const LEVEL: u32 = 6;

fn main() -> Outcome<()> {
    // `cargo bench` adds `--bench`.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["make", folder, count, level @ ..] => {
            let level = level.first().map_or(Ok(LEVEL), |level| level.parse())?;
            println!("{} changes", corpus::make(Path::new(folder), count.parse()?, level)?);
        }
        ["inflate", folder] => println!("{} bytes", inflate(Path::new(folder))?),
        ["commit", count] => commit(count.parse()?)?,
        _ => check(args.first().unwrap_or(&"50000").parse()?)?,
    }
    Ok(())
}

fn inflate(folder: &Path) -> Outcome<usize> {
    let mut files =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    files.sort();
    let (mut decompressor, mut text, mut sum) = (Decompressor::new(), Vec::new(), 0);
    for file in files {
        let stored = fs::read(file)?;
        let length = stored.last_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize);
        if text.len() < length {
            text.resize(length, 0);
        }
        sum += decompressor.gzip_decompress(&stored, &mut text)?;
    }
    Ok(sum)
}

/// The change events of a corpus.
fn changes(count: usize) -> Outcome<Vec<ChangeEvent>> {
    let folder = tempfile::TempDir::new()?;
    let expected = corpus::make(folder.path(), count, LEVEL)?;
    let links = LinkMap::default();
    let paths = [PathBuf::from(folder.path())];
    let request = IngestRequest {
        paths: &paths,
        links: &links,
        threads: 2,
        learn_all: true,
        form: Form::STATE,
        progress: &|_| {},
    };
    let mut events = Vec::new();
    let summary = ingest(request, &mut |text| {
        events.push(serde_json::from_slice(text)?);
        Ok(())
    })?;
    let noise = summary.ignored.values().sum::<u64>() + summary.events_kept;
    if summary.set_aside_total > 0 || noise != count as u64 || events.len() + 200 * count / 50_000 < expected {
        return Err(format!("{} of {expected} changes: {summary:?}", events.len()).into());
    }
    Ok(events)
}

fn check(count: usize) -> Outcome<()> {
    let meter = Meter::start()?;
    println!("{} changes in {count} events: {}", changes(count)?.len(), meter.stop()?);
    Ok(())
}

fn commit(count: usize) -> Outcome<()> {
    let events = changes(count * corpus::CHANGE_EVERY)?;
    let folder = tempfile::TempDir::new()?;
    let store = SqliteStore::open(&folder.path().join("state.db"))?;
    let meter = Meter::start()?;
    for batch in events.chunks(5_000) {
        store.keep_ingested(batch, &[])?;
    }
    let spent = meter.stop()?;
    let rate = events.len() as f64 / spent.wall;
    println!("{} events committed, {rate:.0} a second: {spent}", events.len());
    Ok(())
}

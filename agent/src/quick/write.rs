//! Writing the cache beside a full pass.

use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};

use super::{END, ENTRY, Header, MAGIC};
use crate::codec::{put_bytes, put_number, put_signed};
use crate::digest::Gathering;
use crate::entry::Times;
use crate::entry::encode::{put_facts, put_path};
use crate::walk::Seen;

/// Digests do not compress; the rest does so well enough at the lowest level.
const LEVEL: i32 = 1;

/// A cache being written.
pub struct Recorder<W: Write> {
    output: zstd::Encoder<'static, W>,
    digest: Gathering,
    record: Vec<u8>,
    previous: Vec<u8>,
    /// Inodes that changed later are not remembered: whole seconds since 1970.
    settled_before: i64,
}

impl<W: Write> Recorder<W> {
    /// Writes the header. `settled`: how long before the pass an inode must have been left alone.
    ///
    /// # Errors
    /// When writing fails.
    pub fn new(mut output: W, header: &Header, settled: SignedDuration) -> io::Result<Self> {
        output.write_all(&MAGIC)?;
        let mut recorder = Self {
            output: zstd::Encoder::new(output, LEVEL)?,
            digest: Gathering::default(),
            record: Vec::new(),
            previous: Vec::new(),
            settled_before: settled_before(header.full_at, settled),
        };
        put_bytes(&mut recorder.record, &serde_json::to_vec(header)?);
        recorder.put()?;
        Ok(recorder)
    }

    /// Remembers an entry, if it can be relied on later.
    ///
    /// # Errors
    /// When writing fails.
    pub fn entry(&mut self, seen: &Seen) -> io::Result<()> {
        let Seen { entry, identity } = seen;
        let Some(identity) = identity else { return Ok(()) };
        let Times { modified, changed } = entry.times;
        let is_settled = modified.0 < self.settled_before && changed.0 < self.settled_before;
        if !is_settled || !entry.facts.flaws.is_empty() {
            return Ok(());
        }
        self.record.clear();
        self.record.push(ENTRY);
        put_path(&mut self.record, &entry.path, &self.previous);
        for number in [identity.device, identity.inode, identity.size] {
            put_number(&mut self.record, number);
        }
        for (seconds, nanoseconds) in [modified, changed] {
            put_signed(&mut self.record, seconds);
            put_number(&mut self.record, u64::from(nanoseconds));
        }
        put_facts(&mut self.record, &entry.facts);
        self.previous.clone_from(&entry.path);
        self.put()
    }

    /// Seals the cache and hands back the output for syncing.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.record.clear();
        self.record.push(END);
        self.put()?;
        self.output.write_all(self.digest.finish().as_bytes())?;
        self.output.finish()
    }

    fn put(&mut self) -> io::Result<()> {
        self.digest.update(&self.record);
        self.output.write_all(&self.record)
    }
}

fn settled_before(full_at: Timestamp, settled: SignedDuration) -> i64 {
    full_at.as_second().saturating_sub(settled.as_secs())
}

//! A trail's bucket as a folder: log files and signed digest files, as CloudTrail delivers them, for tests of
//! `trail verify`. The keys were made for this and sign nothing else.

mod hour;
mod signer;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};

use crate::types::Place;
pub use hour::DigestHour;
pub use signer::TrailSigner;

/// A trail that delivers into a folder.
#[derive(Clone, Debug)]
pub struct TrailFolder {
    root: PathBuf,
    place: Place,
    trail: String,
    signer: TrailSigner,
    bucket: String,
    /// The digest before: key, hash, signature.
    last: Option<(String, String, String)>,
    end: Timestamp,
    unique: u64,
}

impl TrailFolder {
    /// A trail of one place whose validation begins at `start`.
    pub fn new(root: &Path, place: &Place, trail: &str, start: Timestamp) -> Self {
        Self {
            root: root.to_owned(),
            place: place.clone(),
            trail: trail.to_owned(),
            signer: TrailSigner::trusted(),
            bucket: "a-trail-bucket".to_owned(),
            last: None,
            end: start,
            unique: 0,
        }
    }

    /// Signs with this from now on.
    pub fn sign_with(&mut self, signer: TrailSigner) {
        self.signer = signer;
    }

    /// Logging or validation was off for a while: the next digest starts a new chain.
    pub fn restart_after(&mut self, pause: SignedDuration) {
        self.last = None;
        self.end += pause;
    }

    /// Delivers an hour: log files with these contents, and the digest that lists them.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn hour(&mut self, logs: &[&str]) -> io::Result<DigestHour> {
        let start = self.end;
        self.end = start + SignedDuration::from_hours(1);
        let mut listed = Vec::new();
        for (index, content) in (1..).zip(logs) {
            listed.push(self.log(start + SignedDuration::from_mins(index * 5), content)?);
        }
        let end = self.end;
        self.digest(start, end, listed, false)
    }

    /// Delivers a log file that no digest lists yet. Returns its key and the SHA-256 of its content.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn log(&mut self, at: Timestamp, content: &str) -> io::Result<(String, String)> {
        self.unique += 1;
        let Place { account, region } = &self.place;
        let (day, minute) = (at.strftime("%Y/%m/%d"), at.strftime("%Y%m%dT%H%MZ"));
        let name = format!("{account}_CloudTrail_{region}_{minute}_{:016x}.json.gz", self.unique);
        let key = format!("AWSLogs/{account}/CloudTrail/{region}/{day}/{name}");
        self.write(&key, content.as_bytes())?;
        Ok((key, signer::sha256(content.as_bytes())))
    }

    /// Delivers a digest of log files that came late. It starts a chain of its own.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn backfill(&mut self, late: Vec<(String, String)>) -> io::Result<DigestHour> {
        let (end, last) = (self.end, self.last.take());
        let hour = self.digest(end - SignedDuration::from_hours(1), end, late, true);
        self.last = last;
        hour
    }

    fn digest(
        &mut self,
        start: Timestamp,
        end: Timestamp,
        logs: Vec<(String, String)>,
        backfill: bool,
    ) -> io::Result<DigestHour> {
        let Place { account, region } = &self.place;
        let (day, time) = (end.strftime("%Y/%m/%d"), end.strftime("%Y%m%dT%H%M%SZ"));
        let suffix = if backfill { "_backfill" } else { "" };
        let name = format!("{account}_CloudTrail-Digest_{region}_{}_{region}_{time}{suffix}.json.gz", self.trail);
        let key = format!("AWSLogs/{account}/CloudTrail-Digest/{region}/{day}/{name}");
        let content = hour::content(self, &key, (start, end), &logs);
        let hash = signer::sha256(content.as_bytes());
        let previous = self.last.as_ref().map_or("null", |(_, _, signature)| signature);
        let signature = self.signer.sign(&format!("{end}\n{}/{key}\n{hash}\n{previous}", self.bucket))?;
        self.write(&key, content.as_bytes())?;
        self.last = Some((key.clone(), hash, signature.clone()));
        let logs = logs.into_iter().map(|(log, _)| self.root.join(log)).collect();
        Ok(DigestHour { digest: self.root.join(key), signature, logs })
    }

    fn write(&self, key: &str, content: &[u8]) -> io::Result<()> {
        let path = self.root.join(key);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, gzip(content)?)
    }
}

/// The content as a gzip file.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content)?;
    encoder.finish()
}

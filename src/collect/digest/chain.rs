//! One chain of digest files, from the newest to the oldest.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use jiff::Timestamp;

use super::content::read_digest;
use super::file::DigestFile;
use super::key::{DigestKey, from_root};
use super::keys::PublicKeys;
use super::link::{Newer, Previous};
use super::objects::TrailObjects;
use super::report::ChainReport;
use super::signature::{Signed, check, check_own};
use super::unlisted::Listed;
use super::workers::{Hour, Job, Shared, is_content};
use crate::collect::trail::clean;
use crate::types::BreakKind;

/// What a walk along a chain needs.
pub(super) struct Walk<'a> {
    pub(super) objects: &'a dyn TrailObjects,
    pub(super) keys: &'a PublicKeys,
    pub(super) shared: &'a Shared,
    pub(super) jobs: &'a SyncSender<Job>,
    pub(super) since: Option<Timestamp>,
    pub(super) hashed: Option<Timestamp>,
}

/// A digest file that was read.
struct Read {
    file: DigestFile,
    hash: String,
    end: Timestamp,
}

impl Walk<'_> {
    /// Checks the digests of one chain, given oldest first, and hands their log files to the workers.
    pub(super) fn along(&self, chain: &[DigestKey], listed: &mut Listed) -> Option<ChainReport> {
        let newest = chain.last()?;
        let mut report = ChainReport {
            account: newest.site.account.clone(),
            region: newest.site.region.clone(),
            trail: newest.trail.clone(),
            backfill: newest.backfill,
            from: None,
            through: None,
            digests: 0,
            proven: 0,
            earlier: None,
        };
        let mut newer: Option<Newer> = None;
        for (index, key) in chain.iter().enumerate().rev() {
            let older = chain.get(..index).unwrap_or_default();
            if self.since.is_some_and(|since| key.end < since) {
                // What it says does not matter any more, but that the first one after it follows it.
                self.expected(newer.as_ref(), key, older);
                if !key.backfill {
                    listed.ended(key.end);
                }
                return Some(report);
            }
            report.digests += 1;
            let Some(expected) = self.expected(newer.as_ref(), key, older) else { continue };
            newer = self.read(key).and_then(|read| {
                report.through = report.through.or(Some(read.end));
                report.from = Some(read.file.digest_start_time);
                let proven = self.judge(key, &read, newer.as_ref(), expected, &newest.key)?;
                report.proven += u64::from(proven);
                self.list(key, &read, proven, listed);
                Some(Newer::of(key, &read.file))
            });
        }
        report.earlier = self.begins(chain, newer);
        Some(report)
    }

    /// What the following digest says of this one. The outer `None` means that the chain passes this one by.
    fn expected<'n>(
        &self,
        newer: Option<&'n Newer>,
        key: &DigestKey,
        older: &[DigestKey],
    ) -> Option<Option<&'n Previous>> {
        let Some(newer) = newer else { return Some(None) };
        let hour = Hour { from: Some(key.end), to: Some(newer.start), ..hour_of(key) };
        let Some(previous) = &newer.previous else {
            if !key.backfill {
                let detail = format!("a new chain starts at {}, the one before ends at {}", newer.start, key.end);
                self.shared.broken(&hour, BreakKind::ChainRestarted, &newer.key, &detail);
            }
            return Some(None);
        };
        if previous.is(key) {
            return Some(Some(previous));
        }
        if older.iter().any(|older| previous.is(older)) {
            let hour = Hour { from: None, to: Some(key.end), ..hour_of(key) };
            let detail = format!("the digest after it names {} as the one before", previous.object);
            self.shared.broken(&hour, BreakKind::DigestUnlinked, &key.key, &detail);
            return None;
        }
        self.absent(&hour, newer, previous);
        Some(None)
    }

    fn read(&self, key: &DigestKey) -> Option<Read> {
        let hour = Hour { to: Some(key.end), ..hour_of(key) };
        let broken = |kind, detail: &str| self.shared.broken(&hour, kind, &key.key, detail);
        let (content, hash) = match self.objects.open(&key.key).and_then(read_digest) {
            Ok(read) => read,
            Err(error) => {
                match error.kind() {
                    io::ErrorKind::NotFound => broken(BreakKind::DigestMissing, "it has just gone"),
                    _ if is_content(&error) => broken(BreakKind::DigestUnreadable, &error.to_string()),
                    _ => self.shared.unproven(&key.key, format!("it cannot be read: {error}")),
                }
                return None;
            }
        };
        let parsed = DigestFile::parse(&content)
            .and_then(|file| file.end().map(|end| (file, end)).ok_or_else(|| "its end is not a time".to_owned()));
        match parsed {
            Ok((file, end)) => Some(Read { file, hash, end }),
            Err(problem) => {
                broken(BreakKind::DigestUnreadable, &problem);
                None
            }
        }
    }

    /// Whether a digest is proven; `None` when it is broken, and nothing in it counts.
    fn judge(
        &self,
        key: &DigestKey,
        read: &Read,
        newer: Option<&Newer>,
        expected: Option<&Previous>,
        newest: &str,
    ) -> Option<bool> {
        let Read { file, hash, end } = read;
        let hour = Hour { from: Some(file.digest_start_time), to: Some(*end), ..hour_of(key) };
        let broken = |kind, detail: &str| self.shared.broken(&hour, kind, &key.key, detail);
        if from_root(&file.digest_s3_object) != from_root(&key.key) {
            broken(BreakKind::DigestMoved, &format!("CloudTrail delivered it as {}", file.digest_s3_object));
            return None;
        }
        let named = expected.and_then(|previous| previous.hash.as_deref());
        let differs = named.is_some_and(|named| !named.eq_ignore_ascii_case(hash));
        let signed = self.signed(key, read, expected.and_then(|previous| previous.signature.as_deref()));
        let proven = match signed {
            // The digest is genuine; then the one that follows is not.
            Signed::Yes if differs => {
                broken(BreakKind::DigestUnlinked, "the digest after it names another content");
                true
            }
            Signed::Yes => true,
            _ if differs => {
                let named = named.unwrap_or_default();
                broken(BreakKind::DigestAltered, &format!("its SHA-256 is {hash}, the digest after it says {named}"));
                return None;
            }
            Signed::No => {
                let detail = format!("its signature does not hold with the key {}", file.digest_public_key_fingerprint);
                broken(BreakKind::DigestSignature, &detail);
                return None;
            }
            Signed::Unknown(reason) => {
                let waits_for_the_next = newer.is_none() && key.key == newest;
                self.shared.unproven_yet(&key.key, &reason, waits_for_the_next);
                false
            }
        };
        if let (Some(newer), Some(_), false) = (newer, expected, key.backfill)
            && newer.start != *end
        {
            let hour = Hour { from: Some(*end), to: Some(newer.start), ..hour_of(key) };
            let detail = format!("it ends at {end}, and the digest after it starts at {}", newer.start);
            self.shared.broken(&hour, BreakKind::ChainGap, &key.key, &detail);
        }
        Some(proven)
    }

    /// The signature that the following digest holds, or that the object carries.
    fn signed(&self, key: &DigestKey, read: &Read, named: Option<&str>) -> Signed {
        let Read { file, hash, end: _ } = read;
        let named = named.map(|signature| check(file, hash, signature, self.keys));
        if let Some(Signed::Yes) = named {
            return Signed::Yes;
        }
        match self.objects.signature(&key.key) {
            Ok(Some(own)) => match check_own(file, hash, &own, self.keys) {
                Signed::No => named.unwrap_or(Signed::No),
                signed => signed,
            },
            Ok(None) => named.unwrap_or_else(|| {
                Signed::Unknown("its signature is not at hand: it lies in the metadata of the object".to_owned())
            }),
            Err(error) => named.unwrap_or_else(|| Signed::Unknown(format!("its signature cannot be read: {error}"))),
        }
    }

    /// Hands the log files of a digest to the workers.
    fn list(&self, key: &DigestKey, read: &Read, proven: bool, listed: &mut Listed) {
        let Read { file, end, .. } = read;
        if !key.backfill {
            listed.cover(file.digest_start_time, *end);
        }
        let hour = Arc::new(Hour { from: Some(file.digest_start_time), to: Some(*end), ..hour_of(key) });
        let hashed = self.hashed.is_some_and(|hashed| *end <= hashed);
        self.shared.lock().logs += if hashed { 0 } else { file.log_files.len() as u64 };
        for log in &file.log_files {
            let Some(object) = key.site.locate(&log.s3_object) else {
                let detail = "the digest lists it, and no log file can have this name";
                self.shared.broken(&hour, BreakKind::LogMissing, &log.s3_object, detail);
                continue;
            };
            listed.add(&object);
            if hashed {
                continue;
            }
            if let Some(algorithm) = log.hash_algorithm.as_deref().filter(|name| *name != "SHA-256") {
                self.shared.unproven(&object, format!("it is hashed with {algorithm}, which is not known here"));
                continue;
            }
            let job = Job { object, hash: log.hash_value.clone(), proven, hour: hour.clone() };
            // The workers outlive every sender.
            let _ = self.jobs.send(job);
        }
    }

    /// The digest before the oldest one. It may have expired; if its time was asked for, it is missing.
    fn begins(&self, chain: &[DigestKey], oldest: Option<Newer>) -> Option<String> {
        let newer = oldest?;
        let previous = newer.previous.as_ref()?;
        let first = chain.first()?;
        if let Some(since) = self.since.filter(|since| *since < newer.start && !first.backfill) {
            let hour = Hour { from: Some(since), to: Some(newer.start), ..hour_of(first) };
            self.absent(&hour, &newer, previous);
        }
        Some(clean(&previous.object))
    }

    /// A digest that another one names is not here. Where the trail delivered to another bucket then, it may be there.
    fn absent(&self, hour: &Hour, newer: &Newer, previous: &Previous) {
        let Previous { object, elsewhere, .. } = previous;
        match elsewhere {
            Some(bucket) => {
                let reason = format!(
                    "it is in the bucket {bucket}, to which the trail delivered until {}: verify that as well",
                    newer.start
                );
                self.shared.unproven(object, reason);
            }
            None => {
                let detail = format!("it is named by {}, and it is not there", newer.key);
                self.shared.broken(hour, BreakKind::DigestMissing, object, &detail);
            }
        }
    }
}

fn hour_of(key: &DigestKey) -> Hour {
    let DigestKey { site, trail, .. } = key;
    Hour {
        account: site.account.clone(),
        region: site.region.clone(),
        trail: Some(trail.clone()),
        from: None,
        to: None,
    }
}

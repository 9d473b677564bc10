//! Bringing two ordered sides together.

use std::io::Read;

use super::{Comparer, Comparison};
use crate::entry::{Entry, Kind};
use crate::fingerprint::{Fingerprint, FolderDigest};
use crate::manifest::{Ahead, ManifestError, Reader, Verified};
use crate::path;

/// A comparison against a golden that is being read while the host is walked.
pub struct Against {
    golden: Ahead,
    next: Option<Entry>,
    comparer: Comparer,
}

impl Against {
    /// Starts at the golden's first entry.
    ///
    /// # Errors
    /// When the golden cannot be used.
    pub fn new<R: Read + Send + 'static>(golden: Reader<R>) -> Result<Self, ManifestError> {
        let mut golden = Ahead::new(golden)?;
        let next = golden.entry()?;
        Ok(Self { golden, next, comparer: Comparer::default() })
    }

    /// Takes the host's next entry.
    ///
    /// # Errors
    /// When the golden turns out to be damaged.
    pub fn host(&mut self, after: Entry) -> Result<(), ManifestError> {
        while let Some(before) = self.next.take() {
            match path::compare(&before.path, &after.path) {
                std::cmp::Ordering::Less => self.removed(before)?,
                std::cmp::Ordering::Equal => {
                    let package = self.golden.package_of(&before).map(|package| package.name.as_str());
                    self.comparer.both(before, after, package);
                    self.next = self.golden.entry()?;
                    return Ok(());
                }
                std::cmp::Ordering::Greater => {
                    self.next = Some(before);
                    break;
                }
            }
        }
        self.comparer.added(after, None);
        Ok(())
    }

    /// Reads the rest of the golden and verifies it. Only now is anything in the outcome to be believed.
    ///
    /// # Errors
    /// When the golden turns out to be damaged.
    pub fn finish(mut self) -> Result<(Comparison, Verified), ManifestError> {
        while let Some(before) = self.next.take() {
            self.removed(before)?;
        }
        let verified = self.golden.finish()?;
        Ok((self.comparer.finish(), verified))
    }

    fn removed(&mut self, before: Entry) -> Result<(), ManifestError> {
        let package = self.package(&before);
        self.comparer.removed(before, package);
        self.next = self.golden.entry()?;
        Ok(())
    }

    fn package(&self, entry: &Entry) -> Option<String> {
        self.golden.package_of(entry).map(|package| package.name.clone())
    }
}

/// A comparison of two manifests that failed, and because of which.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// The first.
    #[error("the first manifest cannot be used")]
    First(#[source] ManifestError),
    /// The second.
    #[error("the second manifest cannot be used")]
    Second(#[source] ManifestError),
}

/// Compares two manifests, passing over every folder whose digests are equal.
///
/// # Errors
/// When either is damaged.
pub fn manifests<A: Read, B: Read>(first: Side<'_, A>, second: Side<'_, B>) -> Result<Comparison, MergeError> {
    let (mut first, mut second, mut comparer) = (first, second, Comparer::default());
    // What neither side saw makes equal digests too, and must still be told.
    let may_skip = first.print.counts.flawed == 0 && second.print.counts.flawed == 0;
    first.advance().map_err(MergeError::First)?;
    second.advance().map_err(MergeError::Second)?;
    loop {
        let order = match (&first.next, &second.next) {
            (None, None) => return Ok(comparer.finish()),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(left), Some(right)) => path::compare(&left.path, &right.path),
        };
        if may_skip && order.is_eq() && first.folder().is_some() && first.folder() == second.folder() {
            first.skip().map_err(MergeError::First)?;
            second.skip().map_err(MergeError::Second)?;
            continue;
        }
        let before = if order.is_le() { first.advance().map_err(MergeError::First)? } else { None };
        let after = if order.is_ge() { second.advance().map_err(MergeError::Second)? } else { None };
        match (before, after) {
            (Some((before, owner)), Some((after, _))) => comparer.both(before, after, owner.as_deref()),
            (Some((before, owner)), None) => comparer.removed(before, owner),
            (None, Some((after, owner))) => comparer.added(after, owner),
            (None, None) => {}
        }
    }
}

/// One of two manifests that are compared: read a second time, after the first reading has verified it.
pub struct Side<'a, R: Read> {
    reader: Reader<R>,
    print: &'a Fingerprint,
    /// Folders seen, `next` included.
    folders: usize,
    next: Option<Entry>,
}

impl<'a, R: Read> Side<'a, R> {
    /// `print` is what [`Reader::finish`] gave for the same file.
    pub fn new(reader: Reader<R>, print: &'a Fingerprint) -> Self {
        Self { reader, print, folders: 0, next: None }
    }

    /// Makes the following entry the next one, and hands out what was with the name of its package.
    fn advance(&mut self) -> Result<Option<(Entry, Option<String>)>, ManifestError> {
        let following = self.reader.entry()?;
        self.folders += usize::from(following.as_ref().is_some_and(|entry| entry.facts.kind == Kind::Directory));
        let taken = std::mem::replace(&mut self.next, following);
        Ok(taken.map(|entry| {
            let owner = self.reader.package_of(&entry).map(|package| package.name.clone());
            (entry, owner)
        }))
    }

    /// The digest of the next entry, if it is a folder.
    fn folder(&self) -> Option<FolderDigest> {
        self.next.as_ref().filter(|entry| entry.facts.kind == Kind::Directory)?;
        self.print.folders.get(self.folders.checked_sub(1)?).copied()
    }

    /// Drops the next entry and everything below it.
    fn skip(&mut self) -> Result<(), ManifestError> {
        if let Some(folder) = self.folder() {
            self.folders += self.reader.skip(folder.below)?;
        }
        self.advance().map(|_| ())
    }
}

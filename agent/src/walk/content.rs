//! Regular files: opened without following links, without blocking, and read at most as far as they were long.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Statx};
use rustix::io::{Errno, read};

use super::examine::{self, Inode};
use super::{ATTEMPTS, Buffers, flaw, flaw_without_errno, open, xattrs};
use crate::digest::Digest;
use crate::entry::{Facts, Kind, Missing};

/// Read in pieces of this size: large enough for BLAKE3's widest code path, small enough for the second-level cache.
const PIECE: usize = 128 * 1024;

/// Facts of a regular file and the inode they are of; `None` when it vanished.
///
/// A file that changes while it is read is read again; one that keeps changing gets a flaw instead of a digest.
pub(super) fn file(parent: BorrowedFd<'_>, name: &CStr, seen: &Statx, buffers: &mut Buffers) -> Option<(Facts, Statx)> {
    looked_into(parent, name, None, seen, buffers)
}

/// The same of a file that is open already; `seen` is what its descriptor said.
pub(super) fn opened(
    parent: BorrowedFd<'_>,
    name: &CStr,
    descriptor: OwnedFd,
    seen: &Statx,
    buffers: &mut Buffers,
) -> Option<(Facts, Statx)> {
    looked_into(parent, name, Some(descriptor), seen, buffers)
}

fn looked_into(
    parent: BorrowedFd<'_>,
    name: &CStr,
    mut first: Option<OwnedFd>,
    seen: &Statx,
    buffers: &mut Buffers,
) -> Option<(Facts, Statx)> {
    let mut last = *seen;
    for _ in 0..ATTEMPTS {
        let descriptor = match first.take().map_or_else(|| open::file(parent, name), Ok) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOENT) => return None,
            Err(errno) => {
                let mut facts = unread(&last, errno);
                xattrs::of_name(parent, name, &mut facts, &mut buffers.xattrs);
                return Some((facts, last));
            }
        };
        match attempt(&descriptor, &last, buffers) {
            Attempt::Stable(stat, content) => {
                let mut facts = match content {
                    Ok(content) => facts_of(&stat, Some(content)),
                    Err(errno) => unread(&stat, errno),
                };
                xattrs::of_descriptor(descriptor.as_fd(), &mut facts, &mut buffers.xattrs);
                return Some((facts, stat));
            }
            Attempt::Changed(stat) => last = stat,
            Attempt::Replaced => {}
        }
    }
    let mut facts = facts_of(&last, None);
    facts.flaws.push(flaw_without_errno(Missing::StableContent));
    Some((facts, last))
}

/// How one reading went.
enum Attempt {
    /// The same before and after; the content, or why it could not be read.
    Stable(Statx, Result<Digest, Errno>),
    /// Not the same before and after.
    Changed(Statx),
    /// What was opened is no regular file.
    Replaced,
}

/// Reads what was examined as `before`. Should another inode have taken the name in between, the look afterwards
/// differs and the next attempt is about that one.
fn attempt(descriptor: &OwnedFd, before: &Statx, buffers: &mut Buffers) -> Attempt {
    let content = digest(descriptor, before.stx_size, &mut buffers.content);
    let Ok(after) = examine::opened(descriptor.as_fd()) else { return Attempt::Changed(*before) };
    if examine::file_type(&after) != FileType::RegularFile {
        return Attempt::Replaced;
    }
    match content {
        Err(errno) => Attempt::Stable(after, Err(errno)),
        Ok(Some(content)) if examine::same_state(before, &after) => Attempt::Stable(after, Ok(content)),
        Ok(_) => Attempt::Changed(after),
    }
}

fn unread(stat: &Statx, errno: Errno) -> Facts {
    let mut facts = facts_of(stat, None);
    facts.flaws.push(flaw(Missing::Content, errno));
    facts
}

fn facts_of(stat: &Statx, content: Option<Digest>) -> Facts {
    Inode::from(stat).facts(Kind::File { size: stat.stx_size, content, link: None })
}

/// The digest of exactly `size` bytes; `None` when there are fewer. Never reads on behind a file that grows: that it
/// grew shows in its size afterwards.
fn digest(descriptor: &OwnedFd, size: u64, buffer: &mut Vec<u8>) -> Result<Option<Digest>, Errno> {
    buffer.resize(PIECE, 0);
    let mut hasher = blake3::Hasher::new();
    let mut left = size;
    while left > 0 {
        let wanted = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
        let piece = buffer.get_mut(..wanted).unwrap_or_default();
        if !fill(descriptor, piece)? {
            return Ok(None);
        }
        // Most files are one piece: all of it at once is quicker than as the beginning of something longer.
        if piece.len() as u64 == size {
            return Ok(Some(Digest::of(piece)));
        }
        hasher.update(piece);
        left = left.saturating_sub(wanted as u64);
    }
    Ok(Some(Digest::finish(&hasher)))
}

/// Fills a piece; `false` when the file ends before it.
fn fill(descriptor: &OwnedFd, piece: &mut [u8]) -> Result<bool, Errno> {
    let mut filled = 0;
    while filled < piece.len() {
        match read(descriptor, piece.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => return Ok(false),
            Ok(length) => filled += length,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_covers_exactly_the_announced_length() {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &vec![7; PIECE + 3]).unwrap();
        let descriptor = OwnedFd::from(file);
        let at = |size: usize| {
            rustix::fs::seek(&descriptor, rustix::fs::SeekFrom::Start(0)).unwrap();
            digest(&descriptor, size as u64, &mut Vec::new()).unwrap()
        };
        assert_eq!(at(PIECE + 3), Some(Digest::of(&vec![7; PIECE + 3])));
        assert_eq!(at(PIECE + 4), None, "shorter than announced");
        assert_eq!(at(PIECE + 2), Some(Digest::of(&vec![7; PIECE + 2])), "an end that may never come is not read");
        assert_eq!(at(0), Some(Digest::of(b"")));
        assert_eq!(at(PIECE), Some(Digest::of(&vec![7; PIECE])), "one piece");
        assert_eq!(at(3), Some(Digest::of(&[7; 3])));
    }

    #[test]
    fn a_file_that_is_longer_than_examined_is_read_again_in_full() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("log"), "1").unwrap();
        let parent = open::sysroot(folder.path()).unwrap();
        let stale = examine::named(parent.as_fd(), c"log").unwrap();
        std::fs::write(folder.path().join("log"), "12").unwrap();
        let (facts, stat) = file(parent.as_fd(), c"log", &stale, &mut Buffers::default()).unwrap();
        assert_eq!(facts.kind, Kind::File { size: 2, content: Some(Digest::of(b"12")), link: None });
        assert_eq!(stat.stx_size, 2);
    }

    #[test]
    fn what_took_the_place_of_a_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join("pipe"), 0o600.into()).unwrap();
        let parent = open::sysroot(folder.path()).unwrap();
        let stat = examine::named(parent.as_fd(), c"pipe").unwrap();
        let (facts, _) = file(parent.as_fd(), c"pipe", &stat, &mut Buffers::default()).unwrap();
        assert_eq!(facts.flaws, [flaw_without_errno(Missing::StableContent)]);
        assert!(file(parent.as_fd(), c"gone", &stat, &mut Buffers::default()).is_none());
    }
}

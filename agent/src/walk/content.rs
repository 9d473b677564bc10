//! Regular files: opened without following links, without blocking, and read at most as far as they were long.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Statx};
use rustix::io::{Errno, read};

use super::examine::{self, Inode};
use super::{ATTEMPTS, Buffers, flaw, flaw_without_errno, open, xattrs};
use crate::digest::Digest;
use crate::entry::{Facts, Kind, Missing, Times};

/// Read in pieces of this size: large enough for BLAKE3's widest code path, small enough for the second-level cache.
const PIECE: usize = 256 * 1024;

/// Facts and times of a regular file; `None` when it vanished.
///
/// A file that changes while it is read is read again; one that keeps changing gets a flaw instead of a digest.
pub(super) fn file(
    parent: BorrowedFd<'_>,
    name: &CStr,
    seen: &Statx,
    link: Option<Vec<u8>>,
    buffers: &mut Buffers,
) -> Option<(Facts, Times)> {
    let mut last = *seen;
    for _ in 0..ATTEMPTS {
        let descriptor = match open::file(parent, name) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOENT) => return None,
            Err(errno) => {
                let mut facts = unread(&last, errno, link);
                xattrs::of_name(parent, name, &mut facts, &mut buffers.xattrs);
                return Some((facts, Inode::from(&last).times));
            }
        };
        match attempt(&descriptor, buffers) {
            Attempt::Stable(stat, content) => {
                // Another inode took the name since it was examined: what is known of its links is not of this one.
                let link = link.filter(|_| examine::identity(&stat) == examine::identity(seen));
                let mut facts = match content {
                    Ok(content) => facts_of(&stat, Some(content), link),
                    Err(errno) => unread(&stat, errno, link),
                };
                xattrs::of_descriptor(descriptor.as_fd(), &mut facts, &mut buffers.xattrs);
                return Some((facts, Inode::from(&stat).times));
            }
            Attempt::Changed(stat) => last = stat,
            Attempt::Replaced => {}
        }
    }
    let mut facts = facts_of(&last, None, link);
    facts.flaws.push(flaw_without_errno(Missing::StableContent));
    Some((facts, Inode::from(&last).times))
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

fn attempt(descriptor: &OwnedFd, buffers: &mut Buffers) -> Attempt {
    let Ok(before) = examine::opened(descriptor.as_fd()) else { return Attempt::Replaced };
    if examine::file_type(&before) != FileType::RegularFile {
        return Attempt::Replaced;
    }
    let content = match digest(descriptor, before.stx_size, &mut buffers.content) {
        Ok(content) => content,
        Err(errno) => return Attempt::Stable(before, Err(errno)),
    };
    match (content, examine::opened(descriptor.as_fd())) {
        (Some(content), Ok(after)) if examine::same_state(&before, &after) => Attempt::Stable(after, Ok(content)),
        (_, Ok(after)) => Attempt::Changed(after),
        (_, Err(_)) => Attempt::Changed(before),
    }
}

fn unread(stat: &Statx, errno: Errno, link: Option<Vec<u8>>) -> Facts {
    let mut facts = facts_of(stat, None, link);
    facts.flaws.push(flaw(Missing::Content, errno));
    facts
}

fn facts_of(stat: &Statx, content: Option<Digest>, link: Option<Vec<u8>>) -> Facts {
    Inode::from(stat).facts(Kind::File { size: stat.stx_size, content, link })
}

/// The digest of exactly `size` bytes; `None` when there are more or fewer. Never reads on behind a file that grows.
fn digest(descriptor: &OwnedFd, size: u64, buffer: &mut Vec<u8>) -> Result<Option<Digest>, Errno> {
    buffer.resize(PIECE, 0);
    let mut hasher = blake3::Hasher::new();
    let mut total = 0_u64;
    loop {
        let length = match read(descriptor, buffer.as_mut_slice()) {
            Ok(length) => length,
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(errno),
        };
        total += length as u64;
        if length == 0 || total > size {
            return Ok((total == size).then(|| Digest::finish(&hasher)));
        }
        hasher.update(buffer.get(..length).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_only_given_for_exactly_the_announced_length() {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &vec![7; PIECE + 3]).unwrap();
        let descriptor = OwnedFd::from(file);
        let at = |size: usize| {
            rustix::fs::seek(&descriptor, rustix::fs::SeekFrom::Start(0)).unwrap();
            digest(&descriptor, size as u64, &mut Vec::new()).unwrap()
        };
        assert_eq!(at(PIECE + 3), Some(Digest::of(&vec![7; PIECE + 3])));
        assert_eq!(at(PIECE + 4), None, "shorter than announced");
        assert_eq!(at(PIECE + 2), None, "longer: it grew, and is not read to an end that may never come");
        assert_eq!(at(0), None);
    }

    #[test]
    fn what_took_the_place_of_a_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join("pipe"), 0o600.into()).unwrap();
        let parent = open::sysroot(folder.path()).unwrap();
        let stat = examine::named(parent.as_fd(), c"pipe").unwrap();
        let (facts, _) = file(parent.as_fd(), c"pipe", &stat, None, &mut Buffers::default()).unwrap();
        assert_eq!(facts.flaws, [flaw_without_errno(Missing::StableContent)]);
        assert!(file(parent.as_fd(), c"gone", &stat, None, &mut Buffers::default()).is_none());
    }
}

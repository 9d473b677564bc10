//! statx(2) without following links, and facts of entries that are never opened.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use rustix::fs::{AtFlags, FileType, Statx, StatxAttributes, StatxFlags, readlinkat, statx};
use rustix::io::Errno;

use super::{flaw, xattrs};
use crate::entry::{APPEND_ONLY, Facts, IMMUTABLE, Kind, Missing, Times};

/// Examines a name in a folder. `AT_STATX_DONT_SYNC` and `AT_NO_AUTOMOUNT` keep a dead network mount from hanging
/// the walk before its type is known.
pub(super) fn named(parent: BorrowedFd<'_>, name: &CStr) -> Result<Statx, Errno> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
    statx(parent, name, flags, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID)
}

/// Examines an open descriptor.
pub(super) fn opened(descriptor: BorrowedFd<'_>) -> Result<Statx, Errno> {
    statx(descriptor, c"", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID)
}

/// Device and inode number.
pub(super) fn identity(stat: &Statx) -> (u64, u64) {
    (rustix::fs::makedev(stat.stx_dev_major, stat.stx_dev_minor), stat.stx_ino)
}

/// The type bits.
pub(super) fn file_type(stat: &Statx) -> FileType {
    FileType::from_raw_mode(u32::from(stat.stx_mode))
}

/// Whether two looks at one file saw the same state.
pub(super) fn same_state(left: &Statx, right: &Statx) -> bool {
    let key = |stat: &Statx| (identity(stat), stat.stx_size, stat.stx_mode, Inode::from(stat).times);
    key(left) == key(right)
}

/// What every inode has.
pub(super) struct Inode {
    pub(super) times: Times,
    mode: u16,
    uid: u32,
    gid: u32,
    attributes: u8,
}

impl From<&Statx> for Inode {
    fn from(stat: &Statx) -> Self {
        let mut attributes = 0;
        if stat.stx_attributes.contains(StatxAttributes::IMMUTABLE) {
            attributes |= IMMUTABLE;
        }
        if stat.stx_attributes.contains(StatxAttributes::APPEND) {
            attributes |= APPEND_ONLY;
        }
        let (modified, changed) = (&stat.stx_mtime, &stat.stx_ctime);
        Self {
            times: Times { modified: (modified.tv_sec, modified.tv_nsec), changed: (changed.tv_sec, changed.tv_nsec) },
            mode: stat.stx_mode & 0o7777,
            uid: stat.stx_uid,
            gid: stat.stx_gid,
            attributes,
        }
    }
}

impl Inode {
    /// Facts of an entry of this inode.
    pub(super) fn facts(&self, kind: Kind) -> Facts {
        let mut facts = Facts::bare(kind);
        (facts.mode, facts.uid, facts.gid, facts.attributes) = (self.mode, self.uid, self.gid, self.attributes);
        facts
    }

    /// Remembered facts of this inode, with all that was just seen of it.
    pub(super) fn facts_as(&self, mut facts: Facts) -> Facts {
        (facts.mode, facts.uid, facts.gid, facts.attributes) = (self.mode, self.uid, self.gid, self.attributes);
        facts
    }
}

/// Facts of a link, device, pipe or socket; `None` when it vanished.
pub(super) fn special(
    parent: BorrowedFd<'_>,
    name: &CStr,
    file_type: FileType,
    stat: &Statx,
    buffers: &mut xattrs::Buffers,
) -> Option<Facts> {
    let (major, minor) = (stat.stx_rdev_major, stat.stx_rdev_minor);
    let mut unread = None;
    let kind = match file_type {
        FileType::Symlink => match readlinkat(parent, name, Vec::new()) {
            Ok(target) => Kind::Symlink { target: target.into_bytes() },
            Err(Errno::NOENT) => return None,
            Err(errno) => {
                unread = Some(flaw(Missing::Target, errno));
                Kind::Symlink { target: Vec::new() }
            }
        },
        FileType::CharacterDevice => Kind::CharDevice { major, minor },
        FileType::BlockDevice => Kind::BlockDevice { major, minor },
        FileType::Fifo => Kind::Fifo,
        FileType::Socket => Kind::Socket,
        _ => Kind::Unknown,
    };
    let mut facts = Inode::from(stat).facts(kind);
    facts.flaws.extend(unread);
    xattrs::of_name(parent, name, &mut facts, buffers);
    Some(facts)
}

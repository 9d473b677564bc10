//! Folders: opened, verified to be the one that was examined, and listed in full before anything in them is
//! looked at, so that names come in order.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Dir, Statx};
use rustix::io::Errno;

use super::examine::{self, Inode};
use super::{ATTEMPTS, At, MAX_DEPTH, MAX_FOLDER_ENTRIES, Names, flaw, flaw_without_errno, open, xattrs};
use crate::entry::{Facts, Flaw, Kind, Missing};

/// A folder that was looked into.
pub(super) struct Opened {
    pub(super) stat: Statx,
    pub(super) facts: Facts,
    /// Its descriptor and its sorted names; `None` when a flaw says why not.
    pub(super) listing: Option<(OwnedFd, Names)>,
}

/// Opens and lists a folder; `None` when it vanished.
pub(super) fn open(at: At<'_>, seen: &Statx, buffers: &mut xattrs::Buffers) -> Option<Opened> {
    let mut stat = *seen;
    for _ in 0..ATTEMPTS {
        let descriptor = match open::folder(at.parent, at.name) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOENT) => return None,
            Err(errno) => return Some(unlisted(at, stat, flaw(Missing::Listing, errno), buffers)),
        };
        match examine::opened(descriptor.as_fd()) {
            Ok(now) if examine::identity(&now) == examine::identity(&stat) => {
                return Some(listed(at, now, descriptor, buffers));
            }
            // Another folder stands here now, or something was mounted: look again.
            _ => stat = examine::named(at.parent, at.name).ok()?,
        }
    }
    Some(unlisted(at, stat, flaw_without_errno(Missing::Listing), buffers))
}

fn listed(at: At<'_>, stat: Statx, descriptor: OwnedFd, buffers: &mut xattrs::Buffers) -> Opened {
    let mut facts = Inode::from(&stat).facts(Kind::Directory);
    xattrs::of_descriptor(descriptor.as_fd(), &mut facts, buffers);
    let listing =
        if at.depth >= MAX_DEPTH { Err(flaw_without_errno(Missing::Limit)) } else { names(descriptor.as_fd()) };
    match listing {
        Ok(names) => Opened { stat, facts, listing: Some((descriptor, names)) },
        Err(flaw) => {
            facts.flaws.push(flaw);
            Opened { stat, facts, listing: None }
        }
    }
}

fn unlisted(at: At<'_>, stat: Statx, flaw: Flaw, buffers: &mut xattrs::Buffers) -> Opened {
    let mut facts = Inode::from(&stat).facts(Kind::Directory);
    facts.flaws.push(flaw);
    xattrs::of_name(at.parent, at.name, &mut facts, buffers);
    Opened { stat, facts, listing: None }
}

fn names(descriptor: BorrowedFd<'_>) -> Result<Names, Flaw> {
    let unread = |errno| flaw(Missing::Listing, errno);
    let mut names = Names::new();
    for entry in Dir::read_from(descriptor).map_err(unread)? {
        let entry = entry.map_err(unread)?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        if names.len() >= MAX_FOLDER_ENTRIES {
            return Err(flaw_without_errno(Missing::Limit));
        }
        names.push(name.to_owned());
    }
    names.sort_unstable();
    // A listing that is changed underneath may repeat a name.
    names.dedup();
    Ok(names)
}

//! Folders: opened, verified to be the one that was examined, and listed in full before anything in them is
//! looked at, so that names come in order.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::Statx;
use rustix::io::Errno;

use super::examine::{self, Inode};
use super::known::Remembered;
use super::names::{Names, Unlisted};
use super::{ATTEMPTS, At, MAX_DEPTH, MAX_FOLDER_ENTRIES, flaw, flaw_without_errno, open, xattrs};
use crate::entry::{Facts, Flaw, Kind, Missing};

/// A folder that is being walked. Its descriptor closes when the last batch of its names is done.
pub(super) struct Folder {
    pub(super) path: Vec<u8>,
    pub(super) descriptor: OwnedFd,
    pub(super) stat: Statx,
    pub(super) names: Names,
}

/// A folder that was looked into.
pub(super) struct Opened {
    pub(super) stat: Statx,
    pub(super) facts: Facts,
    /// `None` when a flaw says why not.
    pub(super) folder: Option<Folder>,
}

/// Opens and lists a folder; `None` when it vanished.
pub(super) fn open(
    at: At<'_>,
    seen: &Statx,
    remembered: Option<&Remembered>,
    buffers: &mut xattrs::Buffers,
) -> Option<Opened> {
    let mut stat = *seen;
    for _ in 0..ATTEMPTS {
        let descriptor = match open::folder(at.parent, at.name) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOENT) => return None,
            Err(errno) => return Some(unlisted(at, stat, flaw(Missing::Listing, errno), buffers)),
        };
        match examine::opened(descriptor.as_fd()) {
            Ok(now) if examine::identity(&now) == examine::identity(&stat) => {
                return Some(listed(at, now, descriptor, remembered, buffers));
            }
            // Another folder stands here now, or something was mounted: look again.
            _ => stat = examine::named(at.parent, at.name).ok()?,
        }
    }
    Some(unlisted(at, stat, flaw_without_errno(Missing::Listing), buffers))
}

fn listed(
    at: At<'_>,
    stat: Statx,
    descriptor: OwnedFd,
    remembered: Option<&Remembered>,
    buffers: &mut xattrs::Buffers,
) -> Opened {
    let mut facts = Inode::from(&stat).facts(Kind::Directory);
    match remembered.filter(|remembered| remembered.is_of(&stat)) {
        Some(remembered) => facts.xattrs.clone_from(&remembered.facts.xattrs),
        None => xattrs::of_descriptor(descriptor.as_fd(), &mut facts, buffers),
    }
    let names = if at.depth >= MAX_DEPTH { Err(flaw_without_errno(Missing::Limit)) } else { names(descriptor.as_fd()) };
    match names {
        Ok(names) => {
            let folder = Folder { path: at.path.to_vec(), descriptor, stat, names };
            Opened { stat, facts, folder: Some(folder) }
        }
        Err(flaw) => {
            facts.flaws.push(flaw);
            Opened { stat, facts, folder: None }
        }
    }
}

fn unlisted(at: At<'_>, stat: Statx, flaw: Flaw, buffers: &mut xattrs::Buffers) -> Opened {
    let mut facts = Inode::from(&stat).facts(Kind::Directory);
    facts.flaws.push(flaw);
    xattrs::of_name(at.parent, at.name, &mut facts, buffers);
    Opened { stat, facts, folder: None }
}

fn names(descriptor: BorrowedFd<'_>) -> Result<Names, Flaw> {
    Names::read(descriptor, MAX_FOLDER_ENTRIES).map_err(|unlisted| match unlisted {
        Unlisted::Errno(errno) => flaw(Missing::Listing, errno),
        Unlisted::TooMany => flaw_without_errno(Missing::Limit),
    })
}

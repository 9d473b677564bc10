//! Neighbouring names of one folder, looked at by whichever thread is free.

use std::ffi::CStr;
use std::ops::Range;
use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::fs::{FileType, Statx};
use rustix::io::Errno;

use super::examine::{self, Inode};
use super::folder::Folder;
use super::known::{Identity, Remembered};
use super::mounts::{self, Class, Mounts};
use super::{Buffers, content, flaw, flaw_without_errno, names, open};
use crate::entry::{Facts, Kind, Missing, Times};

/// So many names are looked at in one go: few enough to spread well, enough that handing them over costs nothing.
pub(super) const MOST: usize = 32;

/// What every thread needs.
pub(super) struct Rules {
    pub(super) mounts: Mounts,
    pub(super) cross_mounts: bool,
    pub(super) skip: Option<(u64, u64)>,
}

/// Names of one folder that are in order and none of which the listing called a folder.
pub(super) struct Batch {
    pub(super) folder: Arc<Folder>,
    pub(super) range: Range<usize>,
    /// What is remembered of each, in the same order; empty when nothing is.
    pub(super) remembered: Vec<Option<Remembered>>,
}

/// What became of one name.
pub(super) enum Outcome {
    /// It is an entry.
    Entry(Found),
    /// A file system is mounted on it.
    Mount { file_system: Vec<u8>, is_local: bool },
    /// It was gone.
    Vanished,
    /// It is the inode to pass over.
    Skipped,
}

/// An entry but for its path.
pub(super) struct Found {
    pub(super) facts: Facts,
    pub(super) times: Times,
    pub(super) identity: Identity,
    /// How many names the inode has.
    pub(super) names: u32,
}

impl Found {
    pub(super) fn new(facts: Facts, stat: &Statx) -> Self {
        Self { facts, times: Inode::from(stat).times, identity: stat.into(), names: stat.stx_nlink }
    }

    /// Of something that could not even be examined.
    pub(super) fn unexamined(errno: Errno) -> Self {
        let mut facts = Facts::bare(Kind::Unknown);
        facts.flaws.push(flaw(Missing::Metadata, errno));
        Self { facts, times: Times::default(), identity: Identity::default(), names: 1 }
    }
}

impl Batch {
    /// Looks at every name.
    pub(super) fn run(&mut self, rules: &Rules, buffers: &mut Buffers) -> Vec<Outcome> {
        let mut remembered = std::mem::take(&mut self.remembered).into_iter();
        self.range.clone().map(|position| self.one(position, remembered.next().flatten(), rules, buffers)).collect()
    }

    fn one(&self, position: usize, known: Option<Remembered>, rules: &Rules, buffers: &mut Buffers) -> Outcome {
        if known.is_none()
            && self.folder.names.is_regular(position)
            && let Some(outcome) = self.regular(position, rules, buffers)
        {
            return outcome;
        }
        let (parent, name) = (self.folder.descriptor.as_fd(), self.folder.names.name(position));
        let stat = match examine::named(parent, name) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Outcome::Vanished,
            Err(errno) => return Outcome::Entry(Found::unexamined(errno)),
        };
        if let Some(mount) = not_entered(&stat, &self.folder, name, rules) {
            return mount;
        }
        if rules.skip == Some(examine::identity(&stat)) {
            return Outcome::Skipped;
        }
        if let Some(known) = known.filter(|known| known.is_of(&stat)) {
            return Outcome::Entry(Found::new(Inode::from(&stat).facts_as(known.facts), &stat));
        }
        match examine::file_type(&stat) {
            // It was something else a moment ago, and the walk has passed: nobody looks into it this time.
            FileType::Directory => {
                let mut facts = Inode::from(&stat).facts(Kind::Directory);
                facts.flaws.push(flaw_without_errno(Missing::Listing));
                Outcome::Entry(Found::new(facts, &stat))
            }
            FileType::RegularFile => content::file(parent, name, &stat, buffers)
                .map_or(Outcome::Vanished, |(facts, stat)| Outcome::Entry(Found::new(facts, &stat))),
            other => examine::special(parent, name, other, &stat, &mut buffers.xattrs)
                .map_or(Outcome::Vanished, |facts| Outcome::Entry(Found::new(facts, &stat))),
        }
    }

    /// What became of a name that the listing called a regular file; `None` when it has to be looked at as any other.
    ///
    /// Most of what there is are regular files, and they are opened anyway: their own descriptor is asked what they are,
    /// which spares looking up the name twice.
    fn regular(&self, position: usize, rules: &Rules, buffers: &mut Buffers) -> Option<Outcome> {
        let (parent, name) = (self.folder.descriptor.as_fd(), self.folder.names.name(position));
        let descriptor = open::file_of_this_mount(parent, name).ok()?;
        let stat = examine::opened(descriptor.as_fd()).ok()?;
        if examine::file_type(&stat) != FileType::RegularFile {
            return None;
        }
        if rules.skip == Some(examine::identity(&stat)) {
            return Some(Outcome::Skipped);
        }
        let found = content::opened(parent, name, descriptor, &stat, buffers);
        Some(found.map_or(Outcome::Vanished, |(facts, stat)| Outcome::Entry(Found::new(facts, &stat))))
    }
}

/// The outcome for a mount point that is not entered. A folder or file that is mounted on itself is what it was: service
/// managers do so to give a service its own rights of writing.
pub(super) fn not_entered(stat: &Statx, folder: &Folder, name: &CStr, rules: &Rules) -> Option<Outcome> {
    if !mounts::is_mount_point(stat, &folder.stat) {
        return None;
    }
    let is_same_device = examine::identity(stat).0 == examine::identity(&folder.stat).0;
    if is_same_device && names::listed_inode(folder.descriptor.as_fd(), name) == Some(stat.stx_ino) {
        return None;
    }
    let file_system = rules.mounts.type_of(stat).to_vec();
    let is_local = mounts::class(&file_system) == Class::Local;
    (!(rules.cross_mounts && is_local)).then_some(Outcome::Mount { file_system, is_local })
}

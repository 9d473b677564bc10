//! What an earlier walk found, for walks that do not read again what looks untouched.

use rustix::fs::Statx;

use super::examine::{self, Inode};
use crate::entry::{Facts, Times};

/// By what an untouched inode is known, beside its times. Only this machine can make sense of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// `st_size`, of folders too.
    pub size: u64,
}

impl From<&Statx> for Identity {
    fn from(stat: &Statx) -> Self {
        let (device, inode) = examine::identity(stat);
        Self { device, inode, size: stat.stx_size }
    }
}

/// One entry as an earlier walk found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Of the inode.
    pub identity: Identity,
    /// Of the inode.
    pub times: Times,
    /// Without flaws. The first path of the same inode is not relied on.
    pub facts: Facts,
}

impl Remembered {
    /// Whether an inode looks as it did. Writing, renaming, linking and every change of metadata moves the
    /// inode-change time, which no system call sets.
    pub(super) fn is_of(&self, stat: &Statx) -> bool {
        self.identity == Identity::from(stat) && self.times == Inode::from(stat).times
    }
}

/// Hands out what is remembered. Paths are asked for in the order of [`crate::path::compare`].
pub trait Known {
    /// What is remembered of a path.
    fn recall(&mut self, path: &[u8]) -> Option<Remembered>;
}

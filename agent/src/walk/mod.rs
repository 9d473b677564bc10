//! I/O: the ordered walk of the roots, by descriptor. No symbolic link is followed, no mount is crossed unless
//! asked, nothing but regular files and folders is opened. What cannot be read is reported in the entry itself.
//!
//! Input: [`crate::settings::Settings`] and the folder that stands for `/`. Output: entries, in the order of
//! [`crate::path::compare`], handed to a visitor one at a time, and a [`Tally`]. Files are read by several threads;
//! what is under way at once is bounded, whatever the size of the tree.

mod batch;
mod content;
mod examine;
mod folder;
mod known;
mod links;
mod mounts;
mod names;
mod open;
mod order;
mod pool;
mod xattrs;

use std::ffi::CStr;
use std::num::NonZero;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

use rustix::io::Errno;

use crate::entry::{Entry, Flaw, Missing};

pub use known::{Identity, Known, Remembered};
pub use order::walk;

/// Folders nested deeper than this are reported, not entered: each level holds a descriptor, and the usual limit
/// of a process is 1,024.
pub const MAX_DEPTH: usize = 512;

/// Entries of one folder beyond this are reported, not listed: their names must be sorted in memory.
pub const MAX_FOLDER_ENTRIES: usize = 4_000_000;

/// How often a file or folder that changes underneath is looked at again before it is reported as such.
const ATTEMPTS: usize = 3;

/// Where a walk starts.
#[derive(Clone, Debug)]
pub struct Start {
    /// The folder that stands for `/`; symbolic links in this path alone are followed.
    pub sysroot: PathBuf,
    /// An inode to pass over, as device and inode number: the manifest that is being written.
    pub skip: Option<(u64, u64)>,
    /// How many threads read files.
    pub threads: NonZero<usize>,
}

impl Start {
    /// More threads than this do not help: listing folders and comparing are one thread's.
    const MOST_THREADS: usize = 4;

    /// As many threads as there are processors, within reason.
    pub fn at(sysroot: impl Into<PathBuf>) -> Self {
        let threads = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        let threads = NonZero::new(threads.get().min(Self::MOST_THREADS)).unwrap_or(NonZero::<usize>::MIN);
        Self { sysroot: sysroot.into(), skip: None, threads }
    }
}

/// An entry, with what tells its inode from all others of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The entry.
    pub entry: Entry,
    /// Its inode; `None` when it could not be examined or is a mount.
    pub identity: Option<Identity>,
}

/// What a walk did besides handing out entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Entries gone between being listed and being looked at. They are absent, which is a state like any other.
    pub vanished: u64,
    /// Places left out by the settings.
    pub excluded: u64,
    /// Roots that are not there.
    pub missing_roots: Vec<Vec<u8>>,
    /// Mount points met and not entered.
    pub mounts: Vec<MountPoint>,
}

/// A mount that was not entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountPoint {
    /// Where.
    pub path: Vec<u8>,
    /// File system type.
    pub file_system: Vec<u8>,
    /// Whether it holds local files that nothing judges.
    pub is_local: bool,
}

/// A walk that could not be done at all.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// The folder that stands for `/` cannot be opened.
    #[error("cannot open `{path}`")]
    Sysroot {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// `/proc` is needed to read attributes of links and to know file system types.
    #[error("/proc is not readable: mount it (in a chroot too) before running the agent")]
    NoProc(#[source] std::io::Error),
    /// A thread of the walk ended in the middle of its work.
    #[error("a thread of the walk failed: this is a bug")]
    Broken,
    /// A root on a file system that has no stored content.
    #[error("root `{path}` is on a {file_system} file system, which stores nothing to fingerprint")]
    KernelRoot {
        /// Which.
        path: String,
        /// Its type.
        file_system: String,
    },
}

/// Memory used again for each entry.
#[derive(Default)]
struct Buffers {
    content: Vec<u8>,
    xattrs: xattrs::Buffers,
}

/// An entry as the walk reaches it.
#[derive(Clone, Copy)]
struct At<'a> {
    parent: BorrowedFd<'a>,
    name: &'a CStr,
    path: &'a [u8],
    depth: usize,
}

fn flaw(what: Missing, errno: Errno) -> Flaw {
    Flaw { what, errno: u16::try_from(errno.raw_os_error()).unwrap_or(u16::MAX) }
}

/// A flaw that no system call reported.
fn flaw_without_errno(what: Missing) -> Flaw {
    Flaw { what, errno: 0 }
}

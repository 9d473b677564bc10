//! I/O: the ordered walk of the roots, by descriptor. No symbolic link is followed, no mount is crossed unless
//! asked, nothing but regular files and folders is opened. What cannot be read is reported in the entry itself.
//!
//! Input: [`Settings`] and the folder that stands for `/`. Output: entries, in the order of [`path::compare`],
//! handed to a visitor one at a time, and a [`Tally`].

mod content;
mod examine;
mod folder;
mod mounts;
mod open;
mod xattrs;

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;

use rustix::fs::{FileType, Statx};
use rustix::io::Errno;

use crate::entry::{Entry, Facts, Flaw, Kind, Missing, Times};
use crate::path;
use crate::pattern::Matcher;
use crate::settings::Settings;
use examine::Inode;
use mounts::Mounts;

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
}

impl Start {
    /// The running system.
    pub fn at(sysroot: impl Into<PathBuf>) -> Self {
        Self { sysroot: sysroot.into(), skip: None }
    }
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
    /// A root on a file system that has no stored content.
    #[error("root `{path}` is on a {file_system} file system, which stores nothing to fingerprint")]
    KernelRoot {
        /// Which.
        path: String,
        /// Its type.
        file_system: String,
    },
}

/// Walks every root and hands each entry to `visit`.
///
/// # Errors
/// When the walk cannot start, or with what `visit` returned.
pub fn walk<E: From<WalkError>>(
    start: &Start,
    settings: &Settings,
    visit: &mut dyn FnMut(Entry) -> Result<(), E>,
) -> Result<Tally, E> {
    let sysroot = open::sysroot(&start.sysroot)?;
    let mut walker = Walker {
        matcher: Matcher::new(settings.exclusions().iter().map(|exclusion| &exclusion.pattern)),
        mounts: Mounts::read()?,
        cross_mounts: settings.cross_mounts(),
        skip: start.skip,
        links: HashMap::new(),
        buffers: Buffers::default(),
        tally: Tally::default(),
        visit,
    };
    for root in settings.roots() {
        walker.root(sysroot.as_fd(), root)?;
    }
    Ok(walker.tally)
}

struct Walker<'v, E> {
    matcher: Matcher,
    mounts: Mounts,
    cross_mounts: bool,
    skip: Option<(u64, u64)>,
    /// First path of each inode that has several names.
    links: HashMap<(u64, u64), Vec<u8>>,
    buffers: Buffers,
    tally: Tally,
    visit: &'v mut dyn FnMut(Entry) -> Result<(), E>,
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

impl<E: From<WalkError>> Walker<'_, E> {
    fn root(&mut self, sysroot: BorrowedFd<'_>, root: &[u8]) -> Result<(), E> {
        let (parent, name) = match open::parent_of(sysroot, root) {
            Ok(found) => found,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {
                self.tally.missing_roots.push(root.to_vec());
                return Ok(());
            }
            Err(errno) => return self.unexamined(root, errno),
        };
        let at = At { parent: parent.as_fd(), name: &name, path: root, depth: 0 };
        match examine::named(at.parent, at.name) {
            Ok(stat) => {
                let file_system = self.mounts.type_of(&stat);
                if mounts::class(file_system) == mounts::Class::Kernel {
                    let file_system = String::from_utf8_lossy(file_system).into_owned();
                    return Err(WalkError::KernelRoot { path: crate::escape::text(root), file_system }.into());
                }
                self.examined(at, &stat)
            }
            Err(Errno::NOENT) => {
                self.tally.missing_roots.push(root.to_vec());
                Ok(())
            }
            Err(errno) => self.unexamined(root, errno),
        }
    }

    fn child(&mut self, at: At<'_>, folder: &Statx) -> Result<(), E> {
        if self.matcher.matches(at.path) {
            self.tally.excluded += 1;
            return Ok(());
        }
        let stat = match examine::named(at.parent, at.name) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return self.vanished(),
            Err(errno) => return self.unexamined(at.path, errno),
        };
        if mounts::is_mount_point(&stat, folder) {
            let file_system = self.mounts.type_of(&stat).to_vec();
            let is_local = mounts::class(&file_system) == mounts::Class::Local;
            if !(self.cross_mounts && is_local) {
                self.tally.mounts.push(MountPoint {
                    path: at.path.to_vec(),
                    file_system: file_system.clone(),
                    is_local,
                });
                return self.emit(at.path, Facts::bare(Kind::Mount { file_system }), Times::default());
            }
        }
        self.examined(at, &stat)
    }

    fn examined(&mut self, at: At<'_>, stat: &Statx) -> Result<(), E> {
        if self.skip == Some(examine::identity(stat)) {
            return Ok(());
        }
        match examine::file_type(stat) {
            FileType::Directory => self.folder(at, stat),
            FileType::RegularFile => {
                let link = self.link(at.path, stat);
                match content::file(at.parent, at.name, stat, link, &mut self.buffers) {
                    Some((facts, times)) => self.emit(at.path, facts, times),
                    None => self.vanished(),
                }
            }
            other => match examine::special(at.parent, at.name, other, stat, &mut self.buffers.xattrs) {
                Some(facts) => self.emit(at.path, facts, Inode::from(stat).times),
                None => self.vanished(),
            },
        }
    }

    fn folder(&mut self, at: At<'_>, stat: &Statx) -> Result<(), E> {
        let Some(opened) = folder::open(at, stat, &mut self.buffers.xattrs) else { return self.vanished() };
        self.emit(at.path, opened.facts, Inode::from(&opened.stat).times)?;
        let Some((descriptor, names)) = opened.listing else { return Ok(()) };
        for name in &names {
            let path = path::join(at.path, name.to_bytes());
            let child = At { parent: descriptor.as_fd(), name, path: &path, depth: at.depth + 1 };
            self.child(child, &opened.stat)?;
        }
        Ok(())
    }

    /// The first path of the same inode, if this is not it.
    fn link(&mut self, path: &[u8], stat: &Statx) -> Option<Vec<u8>> {
        if stat.stx_nlink < 2 {
            return None;
        }
        let identity = examine::identity(stat);
        let first = self.links.get(&identity).cloned();
        if first.is_none() {
            self.links.insert(identity, path.to_vec());
        }
        first
    }

    fn unexamined(&mut self, path: &[u8], errno: Errno) -> Result<(), E> {
        let mut facts = Facts::bare(Kind::Unknown);
        facts.flaws.push(flaw(Missing::Metadata, errno));
        self.emit(path, facts, Times::default())
    }

    fn vanished(&mut self) -> Result<(), E> {
        self.tally.vanished += 1;
        Ok(())
    }

    fn emit(&mut self, path: &[u8], facts: Facts, times: Times) -> Result<(), E> {
        (self.visit)(Entry { path: path.to_vec(), facts, times, package: None })
    }
}

fn flaw(what: Missing, errno: Errno) -> Flaw {
    Flaw { what, errno: u16::try_from(errno.raw_os_error()).unwrap_or(u16::MAX) }
}

/// A flaw that no system call reported.
fn flaw_without_errno(what: Missing) -> Flaw {
    Flaw { what, errno: 0 }
}

/// Names of one folder, sorted.
type Names = Vec<CString>;

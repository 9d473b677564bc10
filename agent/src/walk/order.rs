//! The one thread that keeps the order: it lists folders, hands out their names, and takes back what became of them.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use rustix::fs::{FileType, Statx};
use rustix::io::Errno;

use super::batch::{Batch, Found, MOST, Outcome, Rules, not_entered};
use super::folder::{self, Folder};
use super::known::{Known, Remembered};
use super::links::Links;
use super::mounts::{self, Mounts};
use super::pool::{Pool, UNDER_WAY};
use super::{At, Buffers, MountPoint, Seen, Start, Tally, WalkError, content, examine, open};
use crate::entry::{Entry, Facts, Kind, Times};
use crate::path;
use crate::pattern::Matcher;
use crate::settings::Settings;

/// Walks every root and hands each entry to `visit`, on the calling thread and in order. What `known` remembers of an
/// inode that looks untouched is not read again.
///
/// # Errors
/// When the walk cannot start, or with what `visit` returned.
pub fn walk<E: From<WalkError>>(
    start: &Start,
    settings: &Settings,
    known: Option<&mut dyn Known>,
    visit: &mut dyn FnMut(Seen) -> Result<(), E>,
) -> Result<Tally, E> {
    let sysroot = open::sysroot(&start.sysroot)?;
    let rules = Rules { mounts: Mounts::read()?, cross_mounts: settings.cross_mounts(), skip: start.skip };
    let pool = Pool::new(&rules);
    std::thread::scope(|scope| {
        for _ in 1..start.threads.get() {
            scope.spawn(|| pool.work());
        }
        let mut walker = Walker {
            matcher: Arc::new(Matcher::new(settings.exclusions().iter().map(|exclusion| &exclusion.pattern))),
            rules: &rules,
            pool: &pool,
            window: VecDeque::new(),
            under_way: 0,
            links: Links::default(),
            buffers: Buffers::default(),
            tally: Tally::default(),
            known,
            visit,
        };
        let outcome = settings.roots().iter().try_for_each(|root| walker.root(sysroot.as_fd(), root));
        let outcome = outcome.and_then(|()| walker.drain(0));
        // Also after an error: a scope waits for its threads.
        pool.end();
        outcome.map(|()| walker.tally)
    })
}

struct Walker<'k, 'v, 'p, E> {
    matcher: Arc<Matcher>,
    rules: &'p Rules,
    pool: &'p Pool<'p>,
    /// What is still to be handed to the visitor, in order.
    window: VecDeque<Due>,
    /// Batches in `window`.
    under_way: usize,
    links: Links,
    buffers: Buffers,
    tally: Tally,
    known: Option<&'k mut dyn Known>,
    visit: &'v mut dyn FnMut(Seen) -> Result<(), E>,
}

/// Something of which the visitor is to hear next.
enum Due {
    One(Vec<u8>, Box<Outcome>),
    Batch,
}

impl<E: From<WalkError>> Walker<'_, '_, '_, E> {
    fn root(&mut self, sysroot: BorrowedFd<'_>, root: &[u8]) -> Result<(), E> {
        let (parent, name) = match open::parent_of(sysroot, root) {
            Ok(found) => found,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return self.missing_root(root),
            Err(errno) => return self.put(root, Outcome::Entry(Found::unexamined(errno))),
        };
        let at = At { parent: parent.as_fd(), name: &name, path: root, depth: 0 };
        let stat = match examine::named(at.parent, at.name) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return self.missing_root(root),
            Err(errno) => return self.put(root, Outcome::Entry(Found::unexamined(errno))),
        };
        let file_system = self.rules.mounts.type_of(&stat);
        if mounts::class(file_system) == mounts::Class::Kernel {
            let file_system = String::from_utf8_lossy(file_system).into_owned();
            return Err(WalkError::KernelRoot { path: crate::escape::text(root), file_system }.into());
        }
        match examine::file_type(&stat) {
            FileType::Directory => self.folder(at, &stat),
            // Not what a root should be; the visitor decides.
            FileType::RegularFile => match content::file(at.parent, at.name, &stat, &mut self.buffers) {
                Some((facts, stat)) => self.put(root, Outcome::Entry(Found::new(facts, &stat))),
                None => self.put(root, Outcome::Vanished),
            },
            other => match examine::special(at.parent, at.name, other, &stat, &mut self.buffers.xattrs) {
                Some(facts) => self.put(root, Outcome::Entry(Found::new(facts, &stat))),
                None => self.put(root, Outcome::Vanished),
            },
        }
    }

    fn missing_root(&mut self, root: &[u8]) -> Result<(), E> {
        self.tally.missing_roots.push(root.to_vec());
        Ok(())
    }

    fn folder(&mut self, at: At<'_>, stat: &Statx) -> Result<(), E> {
        let remembered = self.recall(at.path);
        let Some(opened) = folder::open(at, stat, remembered.as_ref(), &mut self.buffers.xattrs) else {
            return self.put(at.path, Outcome::Vanished);
        };
        self.put(at.path, Outcome::Entry(Found::new(opened.facts, &opened.stat)))?;
        let Some(folder) = opened.folder.map(Arc::new) else { return Ok(()) };
        let matcher = Arc::clone(&self.matcher);
        let excluded = matcher.within(at.path);
        let mut first = 0;
        for position in 0..folder.names.len() {
            let name = folder.names.bytes(position);
            if excluded.matches(name) {
                self.hand_out(&folder, first, position)?;
                first = position + 1;
                self.tally.excluded += 1;
            } else if folder.names.may_be_folder(position) {
                self.hand_out(&folder, first, position)?;
                first = position + 1;
                let (path, name) = (path::join(at.path, name), folder.names.name(position));
                let parent = folder.descriptor.as_fd();
                self.subfolder(At { parent, name, path: &path, depth: at.depth + 1 }, &folder, position)?;
            } else if position + 1 - first >= MOST {
                self.hand_out(&folder, first, position + 1)?;
                first = position + 1;
            }
        }
        self.hand_out(&folder, first, folder.names.len())
    }

    /// What the listing called a folder, or did not know.
    fn subfolder(&mut self, at: At<'_>, folder: &Arc<Folder>, position: usize) -> Result<(), E> {
        let stat = match examine::named(at.parent, at.name) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return self.put(at.path, Outcome::Vanished),
            Err(errno) => return self.put(at.path, Outcome::Entry(Found::unexamined(errno))),
        };
        if examine::file_type(&stat) != FileType::Directory {
            return self.hand_out(folder, position, position + 1);
        }
        match not_entered(&stat, folder, at.name, self.rules) {
            Some(mount) => self.put(at.path, mount),
            None => self.folder(at, &stat),
        }
    }

    /// Has the names from `first` to before `end` looked at.
    fn hand_out(&mut self, folder: &Arc<Folder>, first: usize, end: usize) -> Result<(), E> {
        if first >= end {
            return Ok(());
        }
        let mut remembered = Vec::new();
        if self.known.is_some() {
            for position in first..end {
                let path = path::join(&folder.path, folder.names.bytes(position));
                remembered.push(self.recall(&path));
            }
        }
        self.pool.submit(Batch { folder: Arc::clone(folder), range: first..end, remembered });
        self.window.push_back(Due::Batch);
        self.under_way += 1;
        self.drain(UNDER_WAY)
    }

    fn recall(&mut self, path: &[u8]) -> Option<Remembered> {
        self.known.as_mut()?.recall(path)
    }

    fn put(&mut self, path: &[u8], outcome: Outcome) -> Result<(), E> {
        self.window.push_back(Due::One(path.to_vec(), Box::new(outcome)));
        if self.under_way == 0 { self.drain(0) } else { Ok(()) }
    }

    /// Hands to the visitor what is due, until no more than `most` batches are under way.
    fn drain(&mut self, most: usize) -> Result<(), E> {
        while self.under_way > most || most == 0 {
            match self.window.pop_front() {
                None => return Ok(()),
                Some(Due::One(path, outcome)) => self.visit(path, *outcome)?,
                Some(Due::Batch) => {
                    let (batch, outcomes) = self.pool.oldest(&mut self.buffers).ok_or(WalkError::Broken)?;
                    self.under_way -= 1;
                    for (position, outcome) in batch.range.zip(outcomes) {
                        let path = path::join(&batch.folder.path, batch.folder.names.bytes(position));
                        self.visit(path, outcome)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn visit(&mut self, path: Vec<u8>, outcome: Outcome) -> Result<(), E> {
        match outcome {
            Outcome::Entry(Found { mut facts, times, identity, names }) => {
                if let Kind::File { link, .. } = &mut facts.kind {
                    *link = self.links.first(&path, identity, names);
                }
                let identity = (identity.inode != 0).then_some(identity);
                (self.visit)(Seen { entry: Entry { path, facts, times, package: None }, identity })
            }
            Outcome::Mount { file_system, is_local } => {
                let facts = Facts::bare(Kind::Mount { file_system: file_system.clone() });
                self.tally.mounts.push(MountPoint { path: path.clone(), file_system, is_local });
                let entry = Entry { path, facts, times: Times::default(), package: None };
                (self.visit)(Seen { entry, identity: None })
            }
            Outcome::Vanished => {
                self.tally.vanished += 1;
                Ok(())
            }
            Outcome::Skipped => Ok(()),
        }
    }
}

//! rpm: its database, read as it lies. What a program of the host would say of it is the host's word, and that program may
//! be what was changed.
//!
//! Databases have had three formats (rpm.org manual, "Database"): SQLite, ndb and Berkeley DB. The last, and one in which
//! a transaction is not finished, is left to the `rpm` program.

mod header;
mod ndb;
mod program;
mod sqlite;
#[cfg(test)]
mod tests;

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use self::header::Header;
use super::merged::Merged;
use super::{Claims, Manager, Package, Wanted, bounded};

/// Where a database may be: since long, and in distributions that keep `/var` apart from images.
const FOLDERS: [&str; 2] = ["var/lib/rpm", "usr/lib/sysimage/rpm"];

/// A database that changes while it is read is read again this often.
const ATTEMPTS: u32 = 3;

/// Largest header that is looked at, in bytes. Those of kernels with all their modules are 3 MB.
const MAX_HEADER: usize = 16 << 20;

/// What is done with each header of a database.
type Visit<'v> = dyn FnMut(&[u8]) -> Result<(), String> + 'v;

/// A database, by what can read it.
enum Database {
    Sqlite(PathBuf),
    Ndb(PathBuf),
    Program,
}

impl Database {
    /// The first that is there.
    fn find(sysroot: &Path) -> Option<Self> {
        FOLDERS.iter().find_map(|folder| {
            let file = |name: &str| Some(sysroot.join(folder).join(name)).filter(|path| path.exists());
            if let Some(path) = file("rpmdb.sqlite") {
                let logs = ["rpmdb.sqlite-wal", "rpmdb.sqlite-journal"].into_iter().filter_map(file);
                let is_finished = logs.filter_map(|log| fs::metadata(log).ok()).all(|log| log.len() == 0);
                return Some(if is_finished { Self::Sqlite(path) } else { Self::Program });
            }
            file("Packages.db").map(Self::Ndb).or_else(|| file("Packages").map(|_| Self::Program))
        })
    }
}

/// Whether there is a database that needs the program.
pub(super) fn needs_a_program(sysroot: &Path) -> bool {
    matches!(Database::find(sysroot), Some(Database::Program))
}

/// Installed packages with the wanted files they own; `None` when there is no database.
pub(super) fn read(sysroot: &Path, wanted: Wanted<'_>) -> Result<Option<(Vec<Package>, Claims)>, String> {
    let failed = |why: String| format!("the database of rpm cannot be read: {why}");
    match Database::find(sysroot) {
        None => Ok(None),
        Some(Database::Program) => program::read(sysroot, wanted).map(Some),
        Some(Database::Sqlite(path)) => settled(&path, sqlite::each, sysroot, wanted).map(Some).map_err(failed),
        Some(Database::Ndb(path)) => settled(&path, ndb::each, sysroot, wanted).map(Some).map_err(failed),
    }
}

/// What is in a file that nobody changed meanwhile.
fn settled(
    path: &Path,
    each: fn(&Path, &mut Visit<'_>) -> Result<(), String>,
    sysroot: &Path,
    wanted: Wanted<'_>,
) -> Result<(Vec<Package>, Claims), String> {
    let state = || fs::metadata(path).map(|known| signs(&known)).map_err(|error| error.to_string());
    let mut taken = Taken { wanted, merged: Merged::of(sysroot), packages: Vec::new(), claims: Claims::new() };
    for _ in 0..ATTEMPTS {
        let before = state()?;
        taken.packages.clear();
        taken.claims.clear();
        let read = each(path, &mut |blob| taken.header(blob));
        if state()? == before {
            return read.map(|()| (taken.packages, taken.claims));
        }
    }
    Err(format!("it changed each of {ATTEMPTS} times"))
}

/// What changes with a file.
fn signs(known: &Metadata) -> (u64, u64, i64, i64) {
    (known.ino(), known.len(), known.mtime(), known.mtime_nsec())
}

/// What was read so far.
struct Taken<'w> {
    wanted: Wanted<'w>,
    merged: Merged,
    packages: Vec<Package>,
    claims: Claims,
}

impl Taken<'_> {
    fn header(&mut self, blob: &[u8]) -> Result<(), String> {
        let header = Header::parse(blob)?;
        let place = self.packages.len();
        self.packages.push(Package {
            manager: Manager::Rpm,
            name: bounded(header.name()?),
            // As the program writes it, of keys that were imported.
            architecture: bounded(header.architecture().unwrap_or(b"(none)")),
            version: bounded(&header.version()?),
        });
        if matches!(self.wanted, Wanted::Only(paths) if paths.is_empty()) {
            return Ok(());
        }
        header.files(&mut |path| {
            let path = self.merged.real(&path);
            if self.wanted.includes(&path) {
                self.claims.push((place, path));
            }
        })
    }
}

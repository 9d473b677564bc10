//! The package managers' own books: which package, in which version, owns which file.
//!
//! Packages only group and explain differences; they never make one disappear. The books themselves are files and are
//! judged as such.

mod dpkg;
mod merged;
mod rpm;
mod snap;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde::Serialize;

use crate::codec::{CodecError, Cursor, put_bytes};
use crate::digest::Digest;

/// Names, versions and architectures beyond this many bytes are cut: no real one comes near.
const MAX_TEXT: usize = 256;

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Manager {
    /// Debian's.
    Dpkg,
    /// Red Hat's.
    Rpm,
    /// Canonical's.
    Snap,
}

/// An installed package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Package {
    /// Who installed it.
    pub manager: Manager,
    /// Name.
    pub name: String,
    /// Architecture, as the manager writes it.
    pub architecture: String,
    /// Full version.
    pub version: String,
}

/// Which files' owners are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// Of every file: for a bake.
    All,
    /// Of these files: for the differences of a check.
    Only(&'a BTreeSet<Vec<u8>>),
}

impl Wanted<'_> {
    fn includes(self, path: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Only(paths) => paths.contains(path),
        }
    }
}

/// What the books say.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Installed packages in order; `None` when there is no package database.
    pub packages: Option<Vec<Package>>,
    owners: HashMap<Vec<u8>, Option<u32>>,
    /// What could not be read, for a human.
    pub problems: Vec<String>,
}

impl Books {
    /// The position in `packages` of the package that owns a path; `None` for nobody's and for shared folders.
    pub fn owner(&self, path: &[u8]) -> Option<u32> {
        self.owners.get(path).copied().flatten()
    }

    /// The package that owns a path.
    pub fn owning(&self, path: &[u8]) -> Option<&Package> {
        self.packages.as_ref()?.get(usize::try_from(self.owner(path)?).ok()?)
    }
}

/// A book entry: the place of a package in the list beside it, and a file of it.
type Claims = Vec<(usize, Vec<u8>)>;

/// Whether a database is there that only its own program can read.
pub fn needs_a_program(sysroot: &Path) -> bool {
    rpm::needs_a_program(sysroot)
}

/// Reads every package database below `sysroot`.
pub fn read(sysroot: &Path, wanted: Wanted<'_>) -> Books {
    let mut books = Books::default();
    let mut packages = Vec::new();
    // By manager: the names of its packages in its own order, and the files of each.
    let mut claims: Vec<(Vec<Package>, Claims)> = Vec::new();
    let mut is_known = false;
    for result in [dpkg::read(sysroot, wanted), rpm::read(sysroot, wanted), snap::read(sysroot, wanted)] {
        match result {
            Ok(None) => {}
            Ok(Some((installed, owned))) => {
                is_known = true;
                packages.extend_from_slice(&installed);
                claims.push((installed, owned));
            }
            Err(problem) => books.problems.push(problem),
        }
    }
    packages.sort_unstable();
    packages.dedup();
    let key = |package: &Package| (package.manager, package.name.clone(), package.architecture.clone());
    let positions: HashMap<_, u32> =
        packages.iter().zip(0_u32..).map(|(package, position)| (key(package), position)).collect();
    books.owners.reserve(claims.iter().map(|(_, owned)| owned.len()).sum());
    for (installed, owned) in claims {
        let places: Vec<Option<u32>> = installed.iter().map(|package| positions.get(&key(package)).copied()).collect();
        for (package, path) in owned {
            let Some(position) = places.get(package).copied().flatten() else { continue };
            // A folder that several packages own belongs to none of them.
            books
                .owners
                .entry(path)
                .and_modify(|owner| *owner = owner.filter(|known| *known == position))
                .or_insert(Some(position));
        }
    }
    books.packages = is_known.then_some(packages);
    books
}

fn bounded(text: &[u8]) -> String {
    String::from_utf8_lossy(text.get(..MAX_TEXT).unwrap_or(text)).into_owned()
}

/// One package that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackageDifference {
    /// Who installed it.
    pub manager: Manager,
    /// Name.
    pub name: String,
    /// Architecture.
    pub architecture: String,
    /// Versions in the golden, sorted, with commas between; `None` when it was not installed.
    pub before: Option<String>,
    /// Versions now; `None` when it is not installed.
    pub after: Option<String>,
}

/// Compares two package lists. Several versions of one package (kernels) are one entry.
pub fn compare(before: &[Package], after: &[Package]) -> Vec<PackageDifference> {
    type Versions<'a> = (BTreeSet<&'a str>, BTreeSet<&'a str>);
    let mut all: BTreeMap<(Manager, &str, &str), Versions<'_>> = BTreeMap::new();
    for Package { manager, name, architecture, version } in before {
        all.entry((*manager, name, architecture)).or_default().0.insert(version);
    }
    for Package { manager, name, architecture, version } in after {
        all.entry((*manager, name, architecture)).or_default().1.insert(version);
    }
    let versions = |set: &BTreeSet<&str>| {
        let list: Vec<&str> = set.iter().copied().collect();
        (!list.is_empty()).then(|| list.join(", "))
    };
    all.into_iter()
        .filter(|(_, (before, after))| before != after)
        .map(|((manager, name, architecture), (before, after))| PackageDifference {
            manager,
            name: name.to_owned(),
            architecture: architecture.to_owned(),
            before: versions(&before),
            after: versions(&after),
        })
        .collect()
}

/// Appends a package in its manifest form.
pub fn put(out: &mut Vec<u8>, package: &Package) {
    let Package { manager, name, architecture, version } = package;
    out.push(match manager {
        Manager::Dpkg => 1,
        Manager::Rpm => 2,
        Manager::Snap => 3,
    });
    for text in [name, architecture, version] {
        put_bytes(out, text.as_bytes());
    }
}

/// Reads what [`put`] wrote.
///
/// # Errors
/// On any byte that it does not write.
pub fn take(record: &[u8]) -> Result<Package, CodecError> {
    let mut cursor = Cursor::new(record);
    let manager = match cursor.byte()? {
        1 => Manager::Dpkg,
        2 => Manager::Rpm,
        3 => Manager::Snap,
        other => return Err(CodecError::Tag(other)),
    };
    let mut text = || {
        let bytes = cursor.bytes()?.to_vec();
        if bytes.len() > MAX_TEXT * 3 {
            return Err(CodecError::Range);
        }
        String::from_utf8(bytes).map_err(|_| CodecError::Range)
    };
    let package = Package { manager, name: text()?, architecture: text()?, version: text()? };
    cursor.end()?;
    Ok(package)
}

/// The digest of a package list.
pub fn digest(packages: &[Package]) -> Digest {
    let mut out = b"cattleguard packages v1\0".to_vec();
    for package in packages {
        put(&mut out, package);
    }
    Digest::of(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str) -> Package {
        Package {
            manager: Manager::Rpm,
            name: name.to_owned(),
            architecture: "x86_64".to_owned(),
            version: version.to_owned(),
        }
    }

    #[test]
    fn an_added_kernel_is_one_changed_package() {
        let before = [package("bash", "5-1"), package("gone", "1"), package("kernel", "6.1-1")];
        let after =
            [package("bash", "5-1"), package("kernel", "6.1-1"), package("kernel", "6.1-2"), package("new", "2")];
        let found = compare(&before, &after);
        let told: Vec<_> =
            found.iter().map(|item| (item.name.as_str(), item.before.as_deref(), item.after.as_deref())).collect();
        assert_eq!(
            told,
            [("gone", Some("1"), None), ("kernel", Some("6.1-1"), Some("6.1-1, 6.1-2")), ("new", None, Some("2")),]
        );
    }

    #[test]
    fn records_round_trip_and_damage_is_refused() {
        let one = package("a", "1");
        let mut record = Vec::new();
        put(&mut record, &one);
        assert_eq!(take(&record), Ok(one));
        for length in 0..record.len() {
            assert!(take(&record[..length]).is_err());
        }
        record[0] = 9;
        assert_eq!(take(&record), Err(CodecError::Tag(9)));
    }
}

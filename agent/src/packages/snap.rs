//! snap: `NAME_REVISION.snap` files in snapd's folder, one for each revision that is kept (snapd's `dirs.SnapBlobDir`).
//! The image of a snap is one file, and its content is mounted from it.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Claims, Manager, Package, Wanted, bounded};

const FOLDER: &str = "var/lib/snapd/snaps";

/// Kept revisions with the file of each; `None` when there is no snapd.
pub(super) fn read(sysroot: &Path, wanted: Wanted<'_>) -> Result<Option<(Vec<Package>, Claims)>, String> {
    let failed = |error: std::io::Error| format!("snapd's folder cannot be listed: {error}");
    let entries = match fs::read_dir(sysroot.join(FOLDER)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let (mut packages, mut claims) = (Vec::new(), Claims::new());
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let Some((snap, revision)) = parts(name.as_bytes()) else { continue };
        let package = Package {
            manager: Manager::Snap,
            name: bounded(snap),
            architecture: String::new(),
            version: bounded(revision),
        };
        let path = [b"/", FOLDER.as_bytes(), b"/", name.as_bytes()].concat();
        if wanted.includes(&path) {
            claims.push((packages.len(), path));
        }
        packages.push(package);
    }
    Ok(Some((packages, claims)))
}

/// Name and revision; snaps have neither `_` nor `.` in their names, but instances of one have `NAME_KEY`.
fn parts(file: &[u8]) -> Option<(&[u8], &[u8])> {
    let stem = file.strip_suffix(b".snap")?;
    let at = stem.iter().rposition(|byte| *byte == b'_')?;
    let (name, revision) = (stem.get(..at)?, stem.get(at + 1..)?);
    (!name.is_empty() && !revision.is_empty()).then_some((name, revision))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kept_revision_is_one_and_owns_its_image() {
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir_all(tree.path().join(FOLDER)).unwrap();
        for name in ["core22_1033.snap", "core22_1122.snap", "app_key_x1.snap", "partial", "_1.snap", "x_.snap"] {
            fs::write(tree.path().join(FOLDER).join(name), "").unwrap();
        }
        let books = super::super::read(tree.path(), Wanted::All);
        let told: Vec<_> = books.packages.as_ref().unwrap().iter().map(|one| (&*one.name, &*one.version)).collect();
        assert_eq!(told, [("app_key", "x1"), ("core22", "1033"), ("core22", "1122")]);
        assert_eq!(books.owning(b"/var/lib/snapd/snaps/core22_1122.snap").unwrap().name, "core22");
    }
}

//! Folders that became links into others: packages still book files under the old names.

use std::fs;
use std::path::Path;

/// Such folders, and what they may have become (file-hierarchy(7); Fedora 42 merged `sbin` into `bin`). The later apply to
/// what the earlier made.
const FOLDERS: [(&str, &str); 7] = [
    ("bin", "usr/bin"),
    ("sbin", "usr/sbin"),
    ("lib", "usr/lib"),
    ("lib32", "usr/lib32"),
    ("lib64", "usr/lib64"),
    ("libx32", "usr/libx32"),
    ("usr/sbin", "usr/bin"),
];

/// Old and new prefixes, e.g. `/bin/` and `/usr/bin/`.
pub(super) struct Merged(Vec<(Vec<u8>, Vec<u8>)>);

impl Merged {
    /// Of a tree.
    pub(super) fn of(sysroot: &Path) -> Self {
        let is_link = |(old, new): &(&str, &str)| {
            let beside = Path::new(old).parent().unwrap_or(Path::new("")).to_owned();
            fs::read_link(sysroot.join(old)).is_ok_and(|target| {
                target.strip_prefix("/").map_or_else(|_| beside.join(&target), Path::to_owned) == Path::new(new)
            })
        };
        let prefix = |folder: &str| format!("/{folder}/").into_bytes();
        Self(FOLDERS.iter().filter(|pair| is_link(pair)).map(|(old, new)| (prefix(old), prefix(new))).collect())
    }

    /// Where a file is that is booked under this path.
    pub(super) fn real(&self, path: &[u8]) -> Vec<u8> {
        self.0.iter().fold(path.to_vec(), |path, (old, new)| match path.strip_prefix(old.as_slice()) {
            Some(rest) => [new.as_slice(), rest].concat(),
            None => path,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_folder_counts_where_it_is_a_link_to_its_like() {
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir_all(tree.path().join("usr/bin")).unwrap();
        symlink("/usr/bin", tree.path().join("bin")).unwrap();
        symlink("usr/sbin", tree.path().join("sbin")).unwrap();
        symlink("bin", tree.path().join("usr/sbin")).unwrap();
        symlink("/opt/lib", tree.path().join("lib")).unwrap();
        let merged = Merged::of(tree.path());
        for (booked, real) in [
            ("/bin/sh", "/usr/bin/sh"),
            ("/sbin/ip", "/usr/bin/ip"),
            ("/usr/sbin/ip", "/usr/bin/ip"),
            ("/lib/x", "/lib/x"),
            ("/lib64/x", "/lib64/x"),
            ("/binary", "/binary"),
            ("/bin", "/bin"),
        ] {
            assert_eq!(merged.real(booked.as_bytes()), real.as_bytes(), "{booked}");
        }
    }
}

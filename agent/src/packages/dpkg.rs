//! dpkg: `/var/lib/dpkg/status`, `info/*.list` and `diversions`, read as text (deb-src-control(5), dpkg(1), dpkg-divert(1)).

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::merged::Merged;
use super::{Claims, Manager, Package, Wanted, bounded};

/// A status file is a few megabytes; a larger one is not one.
const MAX_STATUS: u64 = 256 << 20;

/// Lists of one package are far shorter.
const MAX_LIST: u64 = 256 << 20;

/// Installed packages with the wanted files they own; `None` when there is no database.
pub(super) fn read(sysroot: &Path, wanted: Wanted<'_>) -> Result<Option<(Vec<Package>, Claims)>, String> {
    let base = sysroot.join("var/lib/dpkg");
    let status = match File::open(base.join("status")) {
        Ok(status) => status,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("the dpkg status file cannot be opened: {error}")),
    };
    let packages = installed(BufReader::new(status.take(MAX_STATUS)))
        .map_err(|error| format!("the dpkg status file cannot be read: {error}"))?;
    let moved = Moved { merged: Merged::of(sysroot), diverted: diversions(&base) };
    if matches!(wanted, Wanted::Only(paths) if paths.is_empty()) {
        return Ok(Some((packages, Claims::new())));
    }
    // Half of the lists each: they are many small files.
    let half = packages.len() / 2;
    let (first, second) = packages.split_at(half);
    let claims = std::thread::scope(|scope| {
        let other = scope.spawn(|| listed(&base, second, half, &moved, wanted));
        let mut claims = listed(&base, first, 0, &moved, wanted);
        claims.extend(other.join().map_err(|_| "a thread that read the lists of dpkg failed")?);
        Ok::<_, &str>(claims)
    })?;
    Ok(Some((packages, claims)))
}

/// Where files are that are booked elsewhere.
struct Moved {
    merged: Merged,
    /// By the path that is booked: where the file is, and the one package whose file is not moved.
    diverted: HashMap<Vec<u8>, (Vec<u8>, Vec<u8>)>,
}

impl Moved {
    fn real(&self, booked: &[u8], package: &str) -> Vec<u8> {
        let diverted = self.diverted.get(booked).filter(|(_, by)| by != package.as_bytes());
        self.merged.real(diverted.map_or(booked, |(to, _)| to))
    }
}

/// Three lines each: from, to, and for which package (`:` for an administrator's, which holds for all).
fn diversions(base: &Path) -> HashMap<Vec<u8>, (Vec<u8>, Vec<u8>)> {
    let mut text = Vec::new();
    // It may not be there. What was read before an error counts.
    if let Ok(file) = File::open(base.join("diversions")) {
        let _ = file.take(MAX_LIST).read_to_end(&mut text);
    }
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec);
    let mut diverted = HashMap::new();
    while let (Some(from), Some(to), Some(by)) = (lines.next(), lines.next(), lines.next()) {
        diverted.insert(from, (to, by));
    }
    diverted
}

/// The wanted files of some packages, whose places begin at `from`.
fn listed(base: &Path, packages: &[Package], from: usize, moved: &Moved, wanted: Wanted<'_>) -> Claims {
    let (mut claims, mut line) = (Claims::new(), Vec::new());
    for (place, package) in packages.iter().enumerate() {
        for file in [format!("{}.list", package.name), format!("{}:{}.list", package.name, package.architecture)] {
            // A package without files may have no list.
            let Ok(list) = File::open(base.join("info").join(file)) else { continue };
            let mut list = BufReader::new(list.take(MAX_LIST));
            loop {
                line.clear();
                // What was read before an error counts.
                match list.read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {}
                }
                let path = moved.real(line.strip_suffix(b"\n").unwrap_or(&line), &package.name);
                if wanted.includes(&path) {
                    claims.push((from + place, path));
                }
            }
        }
    }
    claims
}

/// Parses the paragraphs of a status file; packages that are removed but still configured are not installed.
fn installed(mut status: impl BufRead) -> std::io::Result<Vec<Package>> {
    let mut packages = Vec::new();
    let (mut line, mut current, mut is_installed) = (Vec::new(), blank(), false);
    loop {
        line.clear();
        let length = status.read_until(b'\n', &mut line)?;
        let text = line.trim_ascii_end();
        if text.is_empty() {
            let done = std::mem::replace(&mut current, blank());
            if std::mem::take(&mut is_installed) && is_plain(&done.name) {
                packages.push(done);
            }
            if length == 0 {
                return Ok(packages);
            }
        } else if let Some(value) = field(text, b"Package") {
            current.name = bounded(value);
        } else if let Some(value) = field(text, b"Version") {
            current.version = bounded(value);
        } else if let Some(value) = field(text, b"Architecture") {
            current.architecture = bounded(value);
        } else if let Some(value) = field(text, b"Status") {
            is_installed = value.split(u8::is_ascii_whitespace).nth(2) == Some(b"installed");
        }
    }
}

fn blank() -> Package {
    let (name, version, architecture) = (String::new(), String::new(), String::new());
    Package { manager: Manager::Dpkg, name, architecture, version }
}

/// Names become file names: none may leave the folder.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\0']) && !name.starts_with('.')
}

fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    Some(line.strip_prefix(name)?.strip_prefix(b":")?.trim_ascii())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const STATUS: &str = "Package: alpha\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2.0-3\n\
        Description: x\n Package: not a field\n\nPackage: beta\nStatus: deinstall ok config-files\n\
        Architecture: all\nVersion: 1\n\nPackage: ../evil\nStatus: install ok installed\nVersion: 1\n\n\
        Package: gamma\nVersion: 7\nArchitecture: all\nStatus: hold ok installed\n";

    #[test]
    fn only_installed_packages_with_plain_names_count() {
        let packages = installed(STATUS.as_bytes()).unwrap();
        let told: Vec<_> = packages.iter().map(|item| (item.name.as_str(), item.version.as_str())).collect();
        assert_eq!(told, [("alpha", "1:2.0-3"), ("gamma", "7")]);
    }

    #[test]
    fn files_of_merged_folders_are_found_where_they_are() {
        let tree = tempfile::tempdir().unwrap();
        let info = tree.path().join("var/lib/dpkg/info");
        fs::create_dir_all(&info).unwrap();
        fs::write(tree.path().join("var/lib/dpkg/status"), STATUS).unwrap();
        fs::write(info.join("alpha:amd64.list"), "/.\n/bin\n/bin/tool\n/opt/x\n").unwrap();
        fs::write(info.join("gamma.list"), "/.\n/opt/y\n").unwrap();
        std::os::unix::fs::symlink("usr/bin", tree.path().join("bin")).unwrap();
        let books = super::super::read(tree.path(), Wanted::All);
        assert_eq!(books.problems, Vec::<String>::new());
        assert_eq!(books.owning(b"/usr/bin/tool").unwrap().name, "alpha");
        assert_eq!(books.owning(b"/opt/y").unwrap().name, "gamma");
        assert_eq!(books.owner(b"/."), None, "a folder of two packages belongs to neither");
        let wanted = [b"/opt/y".to_vec()].into();
        let few = super::super::read(tree.path(), Wanted::Only(&wanted));
        assert_eq!((few.owner(b"/opt/x"), few.owner(b"/opt/y").is_some()), (None, true));
    }

    #[test]
    fn a_diverted_file_is_owned_where_it_went() {
        let tree = tempfile::tempdir().unwrap();
        let info = tree.path().join("var/lib/dpkg/info");
        fs::create_dir_all(&info).unwrap();
        fs::write(tree.path().join("var/lib/dpkg/status"), STATUS).unwrap();
        fs::write(info.join("alpha.list"), "/usr/bin/tool\n/usr/bin/other\n").unwrap();
        fs::write(info.join("gamma.list"), "/usr/bin/tool\n").unwrap();
        let diversions = "/usr/bin/tool\n/usr/bin/tool.real\ngamma\n/usr/bin/other\n/usr/bin/other.mine\n:\n";
        fs::write(tree.path().join("var/lib/dpkg/diversions"), diversions).unwrap();
        let books = super::super::read(tree.path(), Wanted::All);
        let owner = |path: &str| books.owning(path.as_bytes()).map(|package| package.name.as_str());
        assert_eq!([owner("/usr/bin/tool"), owner("/usr/bin/tool.real")], [Some("gamma"), Some("alpha")]);
        assert_eq!([owner("/usr/bin/other"), owner("/usr/bin/other.mine")], [None, Some("alpha")]);
    }

    #[test]
    fn a_tree_without_a_database_has_no_list_rather_than_an_empty_one() {
        let tree = tempfile::tempdir().unwrap();
        assert!(super::super::read(tree.path(), Wanted::All).packages.is_none());
    }
}

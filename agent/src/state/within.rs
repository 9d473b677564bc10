//! Opening a path of a tree as if the tree were all there is.

use std::ffi::CString;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2, readlinkat};
use rustix::io::Errno;

/// Links that may follow each other: as many as the kernel follows (path_resolution(7)).
const MAX_LINKS: u32 = 40;

/// Links of the path lead to where they lead in the tree, the last as well; none leads out of it.
///
/// # Errors
/// As openat(2); `ELOOP` for too many links.
pub(super) fn open(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    match openat2(root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS) {
        // Before Linux 5.6, and where a container's filter does not know the call.
        Err(Errno::NOSYS | Errno::PERM) => by_steps(root, path, flags),
        other => other,
    }
}

/// One name after the other, no link followed by the kernel: what changes meanwhile cannot lead out.
fn by_steps(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    const STEP: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
    let mut folders: Vec<OwnedFd> = Vec::new();
    // What is left, the next name last.
    let mut names = reversed(path);
    let mut links = 0;
    while let Some(name) = names.pop() {
        if name == b".." {
            // Above the root is the root.
            folders.pop();
            continue;
        }
        let folder = folders.last().map_or(root, |folder| folder.as_fd());
        let name = CString::new(name).map_err(|_| Errno::INVAL)?;
        let found = openat(folder, &name, STEP, Mode::empty())?;
        if FileType::from_raw_mode(fstat(&found)?.st_mode) == FileType::Symlink {
            links += 1;
            if links > MAX_LINKS {
                return Err(Errno::LOOP);
            }
            let target = readlinkat(&found, c"", Vec::new())?.into_bytes();
            if target.starts_with(b"/") {
                folders.clear();
            }
            names.extend(reversed(&target));
        } else if names.is_empty() {
            return openat(folder, &name, flags | OFlags::NOFOLLOW, Mode::empty());
        } else {
            folders.push(found);
        }
    }
    openat(folders.last().map_or(root, |folder| folder.as_fd()), c".", flags, Mode::empty())
}

/// The names of a path, the first last.
fn reversed(path: &[u8]) -> Vec<Vec<u8>> {
    let names = path.split(|byte| *byte == b'/').filter(|name| !matches!(*name, b"" | b"."));
    names.rev().map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Read as _;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn both_ways_lead_to_the_same_file_and_never_out() {
        let outer = tempfile::tempdir().unwrap();
        fs::write(outer.path().join("secret"), "outside").unwrap();
        let tree = outer.path().join("tree");
        fs::create_dir_all(tree.join("a/b")).unwrap();
        fs::write(tree.join("a/b/file"), "inside").unwrap();
        fs::write(tree.join("secret"), "own").unwrap();
        for (link, target) in [
            ("a/up", "../../../secret"),
            ("a/absolute", "/a/b/file"),
            ("a/relative", "b/./file"),
            ("folder", "/a//b"),
            ("chain", "a/relative"),
            ("loop", "loop"),
            ("dangling", "/nowhere"),
            ("a/b/above", ".."),
        ] {
            symlink(target, tree.join(link)).unwrap();
        }
        let root = File::open(&tree).unwrap();
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let read = |opened: Result<OwnedFd, Errno>| {
            opened.map(|file| {
                let mut text = String::new();
                // A folder cannot be read; that it was opened counts.
                let _ = File::from(file).read_to_string(&mut text);
                text
            })
        };
        for (path, expected) in [
            ("a/b/file", Ok("inside")),
            ("a/up", Ok("own")),
            ("/a/absolute", Ok("inside")),
            ("folder/file", Ok("inside")),
            ("chain", Ok("inside")),
            ("a/b/above/relative", Ok("inside")),
            ("../../secret", Ok("own")),
            ("folder", Ok("")),
            ("a/b/..", Ok("")),
            ("loop", Err(Errno::LOOP)),
            ("dangling", Err(Errno::NOENT)),
            ("a/b/file/more", Err(Errno::NOTDIR)),
        ] {
            let by_steps = read(by_steps(root.as_fd(), path.as_bytes(), flags));
            assert_eq!(by_steps.as_deref(), expected.as_ref().copied(), "{path}");
            assert_eq!(read(open(root.as_fd(), path.as_bytes(), flags)), by_steps, "{path}");
        }
    }
}

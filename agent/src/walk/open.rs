//! The only places that open anything.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

use super::WalkError;
use crate::path;

const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// `O_NONBLOCK`: should a pipe or device take the file's place, opening it must not wait. `O_NOCTTY`: nor become our
/// terminal.
const FILE: OFlags =
    OFlags::RDONLY.union(OFlags::NOCTTY).union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// The folder that stands for `/`.
pub(super) fn sysroot(path: &Path) -> Result<OwnedFd, WalkError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(CWD, path, flags, Mode::empty()).map_err(|errno| WalkError::Sysroot {
        path: crate::escape::text(path.as_os_str().as_encoded_bytes()),
        source: errno.into(),
    })
}

/// A folder for listing.
pub(super) fn folder(parent: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    quietly(parent, name, FOLDER)
}

/// A file for reading.
pub(super) fn file(parent: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    quietly(parent, name, FILE)
}

/// A file for reading that no file system is mounted on, and no link: it is on the same mount as its folder, so that
/// opening it waits for no server. `ENOSYS` before Linux 5.6.
pub(super) fn file_of_this_mount(parent: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS;
    openat2(parent, name, FILE | OFlags::NOATIME, Mode::empty(), resolve)
}

/// Leaves access times alone where that is allowed: only the owner and `CAP_FOWNER` may ask for it (open(2)).
fn quietly(parent: BorrowedFd<'_>, name: &CStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    match openat(parent, name, flags | OFlags::NOATIME, Mode::empty()) {
        Err(Errno::PERM) => openat(parent, name, flags, Mode::empty()),
        other => other,
    }
}

/// The folder a root is in, reached one component at a time without following a link, and the root's name in it.
pub(super) fn parent_of(sysroot: BorrowedFd<'_>, root: &[u8]) -> Result<(OwnedFd, CString), Errno> {
    let mut current = openat(sysroot, c".", FOLDER, Mode::empty())?;
    let mut last = c".".to_owned();
    let mut components = path::components(root).peekable();
    while let Some(component) = components.next() {
        let name = CString::new(component).map_err(|_| Errno::INVAL)?;
        if components.peek().is_some() {
            current = openat(current.as_fd(), &name, FOLDER, Mode::empty())?;
        } else {
            last = name;
        }
    }
    Ok((current, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mounted_or_linked_is_not_opened_as_a_file_of_this_mount() {
        let root = sysroot(Path::new("/")).unwrap();
        let refused = file_of_this_mount(root.as_fd(), c"proc/version").unwrap_err();
        assert!(matches!(refused, Errno::XDEV | Errno::NOSYS), "{refused}");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "1").unwrap();
        std::os::unix::fs::symlink("file", folder.path().join("link")).unwrap();
        let parent = sysroot(folder.path()).unwrap();
        let refused = file_of_this_mount(parent.as_fd(), c"link").unwrap_err();
        assert!(matches!(refused, Errno::LOOP | Errno::NOSYS), "{refused}");
        let opened = file_of_this_mount(parent.as_fd(), c"file");
        assert!(matches!(opened, Ok(_) | Err(Errno::NOSYS)), "{opened:?}");
    }
}

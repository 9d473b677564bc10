//! Small files of a tree, read without leaving it.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use rustix::fs::{Dir, FileType, Mode, OFlags, fstat, open};
use rustix::io::Errno;

use super::within;

/// None of these files is longer on a real host.
const MAX_BYTES: u64 = 16 << 20;

/// The tree of a host or a mounted image. Links in it lead to where they lead once it is booted, never out of it.
pub(super) struct Tree(Result<OwnedFd, Errno>);

impl Tree {
    pub(super) fn open(sysroot: &Path) -> Self {
        Self(open(sysroot, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()))
    }

    fn at(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        let root = self.0.as_ref().map_err(|errno| *errno)?;
        let flags = flags | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        within::open(root.as_fd(), path, flags)
    }

    /// The content of a regular file; `None` when it is not there or is something else.
    pub(super) fn content(&self, path: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let failed = |error: std::io::Error| format!("`{}` cannot be read: {error}", crate::escape::text(path));
        let descriptor = match self.at(path, OFlags::empty()) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NXIO) => return Ok(None),
            Err(errno) => return Err(failed(errno.into())),
        };
        let stat = fstat(&descriptor).map_err(|errno| failed(errno.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok(None);
        }
        let mut content = Vec::new();
        File::from(descriptor).take(MAX_BYTES).read_to_end(&mut content).map_err(failed)?;
        if content.len() as u64 == MAX_BYTES {
            return Err(failed(std::io::Error::other("it is too long")));
        }
        Ok(Some(content))
    }

    /// The names in a folder, sorted; none when it is not there.
    pub(super) fn names(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let failed = |errno: Errno| {
            let error = std::io::Error::from(errno);
            format!("`{}` cannot be listed: {error}", crate::escape::text(path))
        };
        let descriptor = match self.at(path, OFlags::DIRECTORY) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(Vec::new()),
            Err(errno) => return Err(failed(errno)),
        };
        let mut names = Vec::new();
        for entry in Dir::read_from(&descriptor).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// Lines without their ends.
pub(super) fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

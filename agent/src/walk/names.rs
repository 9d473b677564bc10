//! The names of one folder, sorted, in one piece of memory: a folder may have a million of them.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;

use rustix::fs::{FileType, RawDir};
use rustix::io::Errno;

/// Memory for one `getdents64` call; larger ones are not faster.
const LISTING: usize = 32 * 1024;

/// Names in byte order, each with the type that the listing gave.
#[derive(Default)]
pub(super) struct Names {
    /// Each name with its NUL.
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// Where a name is in `bytes`, without its NUL.
#[derive(Clone, Copy)]
struct Place {
    at: u32,
    length: u16,
    file_type: FileType,
}

/// A folder that could not be listed in full.
pub(super) enum Unlisted {
    /// The system call failed.
    Errno(Errno),
    /// It has more entries than the walk follows.
    TooMany,
}

impl Names {
    /// Lists a folder. `most`: names beyond this many are refused.
    pub(super) fn read(folder: BorrowedFd<'_>, most: usize) -> Result<Self, Unlisted> {
        let mut buffer = [MaybeUninit::uninit(); LISTING];
        let mut listing = RawDir::new(folder, &mut buffer);
        let mut names = Self::default();
        while let Some(entry) = listing.next() {
            let entry = entry.map_err(Unlisted::Errno)?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            let at = u32::try_from(names.bytes.len()).map_err(|_| Unlisted::TooMany)?;
            let length = u16::try_from(name.to_bytes().len()).map_err(|_| Unlisted::Errno(Errno::NAMETOOLONG))?;
            if names.places.len() >= most {
                return Err(Unlisted::TooMany);
            }
            names.bytes.extend_from_slice(name.to_bytes_with_nul());
            names.places.push(Place { at, length, file_type: entry.file_type() });
        }
        names.sort();
        Ok(names)
    }

    fn sort(&mut self) {
        let Self { bytes, places } = self;
        places.sort_unstable_by(|left, right| text(bytes, left).cmp(text(bytes, right)));
        // A listing that is changed underneath may repeat a name.
        places.dedup_by(|left, right| text(bytes, left) == text(bytes, right));
        places.shrink_to_fit();
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The name at a position; empty past the end.
    pub(super) fn bytes(&self, position: usize) -> &[u8] {
        self.places.get(position).map_or(&[], |place| text(&self.bytes, place))
    }

    /// The same for system calls.
    pub(super) fn name(&self, position: usize) -> &CStr {
        let rest = self.places.get(position).and_then(|place| self.bytes.get(usize::try_from(place.at).ok()?..));
        rest.and_then(|rest| CStr::from_bytes_until_nul(rest).ok()).unwrap_or_default()
    }

    /// Whether the listing called it a regular file.
    pub(super) fn is_regular(&self, position: usize) -> bool {
        self.places.get(position).is_some_and(|place| place.file_type == FileType::RegularFile)
    }

    /// Whether it may be a folder: some file systems do not say.
    pub(super) fn may_be_folder(&self, position: usize) -> bool {
        self.places
            .get(position)
            .is_some_and(|place| matches!(place.file_type, FileType::Directory | FileType::Unknown))
    }
}

/// The inode that a folder's own listing gives for a name: what stands there below anything mounted on it. `None` when
/// it cannot be told.
pub(super) fn listed_inode(folder: BorrowedFd<'_>, name: &CStr) -> Option<u64> {
    // A listing is read once from each descriptor.
    let again = super::open::folder(folder, c".").ok()?;
    let mut buffer = [MaybeUninit::uninit(); LISTING];
    let mut listing = RawDir::new(again, &mut buffer);
    while let Some(entry) = listing.next() {
        let entry = entry.ok()?;
        if entry.file_name() == name {
            return Some(entry.ino());
        }
    }
    None
}

fn text<'a>(bytes: &'a [u8], place: &Place) -> &'a [u8] {
    let rest = usize::try_from(place.at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
    rest.get(..usize::from(place.length)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn names_come_sorted_by_byte_and_too_many_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b", "a", "ab", "B", "a-"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("c")).unwrap();
        let descriptor = super::super::open::sysroot(folder.path()).unwrap();
        let Ok(names) = Names::read(descriptor.as_fd(), 6) else { panic!("unlisted") };
        let list: Vec<_> = (0..names.len()).map(|at| names.name(at).to_str().unwrap()).collect();
        assert_eq!(list, ["B", "a", "a-", "ab", "b", "c"]);
        assert!(names.may_be_folder(5));
        // A descriptor is listed once.
        let again = super::super::open::sysroot(folder.path()).unwrap();
        assert!(matches!(Names::read(again.as_fd(), 5), Err(Unlisted::TooMany)));
    }
}

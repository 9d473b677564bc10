//! Whose a new file is. A command that somebody types as root must not keep the service, which runs as a user of its
//! own, from the state and the evidence.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::Path;

const ROOT: u32 = 0;

/// Gives a file or folder that root has just made to the owner of the folder that it is in, as `SQLite` does with what
/// it puts beside the state. What anybody else made stays theirs, and so does what root may not give away.
///
/// # Errors
/// When either cannot be looked at.
pub fn leave_to_the_folders_owner(made: &File, folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let around = fs::metadata(folder)?;
    let Some((user, group)) = heir(made.metadata()?.uid(), around.uid(), around.gid()) else { return Ok(()) };
    match fchown(made, Some(user), Some(group)) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        given => given,
    }
}

/// User and group that a file goes to, where it goes to anybody.
fn heir(maker: u32, user: u32, group: u32) -> Option<(u32, u32)> {
    (maker == ROOT && user != ROOT).then_some((user, group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_root_makes_in_anothers_folder_is_given_away() {
        assert_eq!(heir(0, 997, 998), Some((997, 998)));
        assert_eq!(heir(0, 0, 0), None);
        assert_eq!(heir(1000, 997, 998), None);
        assert_eq!(heir(997, 997, 998), None);
    }

    /// As root it changes hands; as anybody else nothing can, and nothing fails.
    #[test]
    fn a_file_goes_to_the_owner_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::metadata(folder.path()).unwrap().uid() == ROOT;
        if root {
            std::os::unix::fs::chown(folder.path(), Some(12_345), Some(12_346)).unwrap();
        }
        let made = File::create_new(folder.path().join("file")).unwrap();
        let before = made.metadata().unwrap();
        leave_to_the_folders_owner(&made, folder.path()).unwrap();
        let after = made.metadata().unwrap();
        let expected = if root { (12_345, 12_346) } else { (before.uid(), before.gid()) };
        assert_eq!((after.uid(), after.gid()), expected);
    }
}

//! I/O: files that are either the old or the new, never half of one, also after a power cut; and where SSM's agent
//! looks for them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where SSM's agent keeps a folder for each node id ("Working with custom inventory", AWS Systems Manager User
/// Guide).
const SSM_DATA: &str = "var/lib/amazon/ssm";

/// cloud-init's note of the instance it runs on (cloud-init documentation, "Instance metadata").
const CLOUD_INSTANCE_ID: &str = "var/lib/cloud/data/instance-id";

/// No folder to deliver to, or too many.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// SSM's agent has never run here.
    #[error("no SSM node folder below {0}: has the SSM agent registered? Name one with --out-dir or --instance-id")]
    None(String),
    /// An image that was baked with its builder's folder left in place.
    #[error("several SSM node folders ({0}): name the right one with --instance-id, or --out-dir")]
    Several(String),
    /// Not a node id.
    #[error("`{0}` is not an SSM node id (i-… or mi-… and hexadecimal digits)")]
    NotANode(String),
}

/// The custom-inventory folder of this node below `sysroot`.
///
/// # Errors
/// When it cannot be told which node this is.
pub fn folder(sysroot: &Path, instance: Option<&str>) -> Result<PathBuf, FolderError> {
    let base = sysroot.join(SSM_DATA);
    let custom = |node: &str| base.join(node).join("inventory/custom");
    if let Some(node) = instance {
        return if is_node(node) {
            Ok(custom(node))
        } else {
            Err(FolderError::NotANode(crate::escape::text(node.as_bytes())))
        };
    }
    let mut nodes: Vec<String> = fs::read_dir(&base)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_node(name))
        .collect();
    nodes.sort_unstable();
    let current = fs::read_to_string(sysroot.join(CLOUD_INSTANCE_ID)).unwrap_or_default();
    match nodes.as_slice() {
        [] => Err(FolderError::None(base.display().to_string())),
        [only] => Ok(custom(only)),
        several => match several.iter().find(|node| node.as_str() == current.trim()) {
            Some(node) => Ok(custom(node)),
            None => Err(FolderError::Several(several.join(", "))),
        },
    }
}

/// EC2 and hybrid node ids (SSM API reference, `InstanceId`: `i-` or `mi-` and 8 to 17 hexadecimal digits).
fn is_node(name: &str) -> bool {
    let digits = name.strip_prefix("mi-").or_else(|| name.strip_prefix("i-"));
    digits.is_some_and(|digits| (8..=17).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A file that appears under its name only when it is whole.
#[derive(Debug)]
pub struct Pending {
    file: Option<File>,
    temporary: PathBuf,
    target: PathBuf,
}

impl Pending {
    /// Opens a temporary file next to `target`. Its name does not end like the target's, so that nobody who looks for
    /// `*.json` takes it for one. What a killed run left under that name is replaced.
    ///
    /// # Errors
    /// When it cannot be created, or `target` is there and no regular file: `/dev/null` and `/dev/stdout` would be replaced
    /// as well, and nobody who names them means that.
    pub fn create(target: &Path, mode: u32) -> io::Result<Self> {
        let name = target.file_name().ok_or_else(|| io::Error::other("the path names no file"))?;
        if fs::symlink_metadata(target).is_ok_and(|known| !known.is_file()) {
            return Err(io::Error::other("it is there and no regular file; name a file to be made or replaced"));
        }
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(".partial");
        let temporary = target.with_file_name(hidden);
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // `create_new` follows no symbolic link.
        let file = File::options().write(true).create_new(true).mode(mode).open(&temporary)?;
        Ok(Self { file: Some(file), temporary, target: target.to_owned() })
    }

    /// Device and inode number: a walk passes over the file it is writing.
    ///
    /// # Errors
    /// When the file cannot be examined.
    pub fn identity(&self) -> io::Result<(u64, u64)> {
        let meta = self.file()?.metadata()?;
        Ok((meta.dev(), meta.ino()))
    }

    /// A second handle for writing, for those that must own theirs.
    ///
    /// # Errors
    /// When the descriptor cannot be duplicated.
    pub fn output(&self) -> io::Result<File> {
        self.file()?.try_clone()
    }

    /// Syncs the content, gives it its name, and syncs the folder.
    ///
    /// # Errors
    /// When any of it fails; the old file then stays as it was.
    pub fn commit(mut self) -> io::Result<()> {
        self.file()?.sync_all()?;
        fs::rename(&self.temporary, &self.target)?;
        self.file = None;
        let folder = self.target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }

    fn file(&self) -> io::Result<&File> {
        self.file.as_ref().ok_or_else(|| io::Error::other("the file is closed"))
    }
}

impl Write for &Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.file.is_some() {
            // Nothing more can be done about a temporary file that does not go away.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Replaces a file as a whole.
///
/// # Errors
/// When it fails; the old file then stays as it was.
pub fn replace(target: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let pending = Pending::create(target, mode)?;
    (&pending).write_all(content)?;
    pending.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(names: &[&str]) -> tempfile::TempDir {
        let tree = tempfile::tempdir().unwrap();
        for name in names {
            fs::create_dir_all(tree.path().join(SSM_DATA).join(name)).unwrap();
        }
        tree
    }

    #[test]
    fn the_only_node_is_found_among_other_folders() {
        let tree = nodes(&["i-0123456789abcdef0", "runtimeconfig", "i-xyz", "..i-0123456789abcdef0"]);
        let found = folder(tree.path(), None).unwrap();
        assert!(found.ends_with("i-0123456789abcdef0/inventory/custom"));
    }

    #[test]
    fn a_folder_left_by_the_image_builder_is_not_mistaken_for_this_node() {
        let tree = nodes(&["i-0123456789abcdef0", "i-0fedcba9876543210"]);
        assert!(matches!(folder(tree.path(), None), Err(FolderError::Several(_))));
        fs::create_dir_all(tree.path().join("var/lib/cloud/data")).unwrap();
        fs::write(tree.path().join(CLOUD_INSTANCE_ID), "i-0fedcba9876543210\n").unwrap();
        assert!(folder(tree.path(), None).unwrap().ends_with("i-0fedcba9876543210/inventory/custom"));
        assert!(matches!(folder(tree.path(), Some("../../etc")), Err(FolderError::NotANode(_))));
        assert!(matches!(folder(nodes(&[]).path(), None), Err(FolderError::None(_))));
    }

    #[test]
    fn an_unfinished_file_leaves_the_old_one_and_no_trace() {
        let tree = tempfile::tempdir().unwrap();
        let target = tree.path().join("a.json");
        replace(&target, b"old", 0o600).unwrap();
        let pending = Pending::create(&target, 0o600).unwrap();
        (&pending).write_all(b"half").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        drop(pending);
        assert_eq!(fs::read_dir(tree.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_regular_file_is_not_replaced() {
        let tree = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/null", tree.path().join("link")).unwrap();
        fs::create_dir(tree.path().join("folder")).unwrap();
        for target in [tree.path().join("link"), tree.path().join("folder"), PathBuf::from("/dev/null")] {
            let refused = replace(&target, b"new", 0o600).unwrap_err();
            assert!(refused.to_string().contains("no regular file"), "{refused}");
        }
        assert_eq!(fs::read_dir(tree.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_a_killed_run_left_does_not_stop_the_next() {
        let tree = tempfile::tempdir().unwrap();
        let target = tree.path().join("a.json");
        std::os::unix::fs::symlink("/nonexistent/elsewhere", tree.path().join(".a.json.partial")).unwrap();
        replace(&target, b"new", 0o600).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
    }
}

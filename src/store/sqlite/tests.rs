//! What only a file can suffer: damage, crashes, a full disk, other processes and other versions.

mod bulk;
mod crash;
mod file;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::SqliteStore;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("state.db");
    (folder, path)
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path).expect("opens")
}

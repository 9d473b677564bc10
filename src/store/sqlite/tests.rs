//! What only a file can suffer: damage, crashes, a full disk, other processes and other versions.

mod bulk;
mod crash;
mod file;
mod journal;
mod upkeep;

use std::fs;
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

/// Copies the file with its log as they are on disk at this moment: what a killed process leaves.
fn as_if_killed_now(path: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        fs::copy(name(path), name(to)).expect("copied");
    }
}

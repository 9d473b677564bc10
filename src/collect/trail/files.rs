//! Which files hold logs: what was named, and in folders what CloudTrail's bucket layout has.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::text::{clean, set_aside};
use crate::types::SetAside;

/// Folders beside the management events in a trail's bucket ("Finding your CloudTrail log files", user guide).
pub(super) const OTHER_LOGS: [&str; 4] =
    ["CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated"];
/// The folder of management events below an account.
const LOGS: &str = "CloudTrail";
/// What stands above the accounts.
const ROOT: &str = "AWSLogs";
const EXTENSIONS: [&str; 6] = [".json", ".json.gz", ".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz"];

/// One thing found.
#[derive(Debug)]
pub(super) enum Found {
    File(PathBuf),
    Stdin,
    /// Something that cannot be read.
    Problem(SetAside),
}

/// Files in the order of the paths given and of their names; folders are listed when their turn comes.
#[derive(Debug)]
pub(super) struct Files {
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
enum Waiting {
    Given(PathBuf),
    Folder(PathBuf),
    Found(Found),
}

impl Files {
    pub(super) fn new(paths: &[PathBuf]) -> Self {
        Self { waiting: paths.iter().cloned().map(Waiting::Given).collect() }
    }

    fn list(&mut self, folder: &Path) -> Option<Found> {
        match children(folder) {
            Ok(found) => {
                found.into_iter().rev().for_each(|item| self.waiting.push_front(item));
                None
            }
            Err(error) => Some(unreadable(folder, &error)),
        }
    }
}

impl Iterator for Files {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let found = match self.waiting.pop_front()? {
                Waiting::Given(path) if path == Path::new("-") => Some(Found::Stdin),
                Waiting::Given(path) => match fs::metadata(&path) {
                    Ok(meta) if meta.is_dir() => self.list(&path),
                    Ok(_) => Some(Found::File(path)),
                    Err(error) => Some(unreadable(&path, &error)),
                },
                Waiting::Folder(path) => self.list(&path),
                Waiting::Found(found) => Some(found),
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

fn children(folder: &Path) -> io::Result<Vec<Waiting>> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    Ok(entries.iter().filter_map(child).collect())
}

fn child(entry: &fs::DirEntry) -> Option<Waiting> {
    let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
    let kind = match entry.file_type() {
        Ok(kind) => kind,
        Err(error) => return Some(Waiting::Found(unreadable(&path, &error))),
    };
    if kind.is_dir() {
        return (!is_of_others(&path, &name)).then_some(Waiting::Folder(path));
    }
    if !kind.is_symlink() {
        return is_log_name(&name).then(|| file(path, kind.is_file()));
    }
    match fs::metadata(&path) {
        Ok(meta) if meta.is_dir() => {
            let why = "a link to a folder is not followed, it could lead in a circle; name that folder as well";
            Some(Waiting::Found(Found::Problem(set_aside(shown(&path), why, ""))))
        }
        _ if !is_log_name(&name) => None,
        Ok(meta) => Some(file(path, meta.is_file())),
        Err(error) => Some(Waiting::Found(unreadable(&path, &error))),
    }
}

/// Whether a folder holds something else than management events. Other services deliver to a trail's bucket as well, each
/// into a folder of its own below the account: `AWSLogs/[o-id/]ACCOUNT/Config`.
fn is_of_others(path: &Path, name: &str) -> bool {
    if OTHER_LOGS.contains(&name) {
        return true;
    }
    let account =
        path.parent().filter(|above| above.file_name().is_some_and(|name| is_account(&name.to_string_lossy())));
    let in_a_tree = |above: &Path| {
        above.ancestors().any(|folder| folder.file_name().is_some_and(|name| name == ROOT)) || above.join(LOGS).is_dir()
    };
    name != LOGS && account.is_some_and(in_a_tree)
}

fn is_account(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reading a pipe or a device that only looks like a log would never end.
fn file(path: PathBuf, is_file: bool) -> Waiting {
    if is_file {
        return Waiting::Found(Found::File(path));
    }
    let why = "it is a pipe, a socket or a device, which only reads if it is named itself";
    Waiting::Found(Found::Problem(set_aside(shown(&path), why, "")))
}

/// Whether a file is a log by its name.
pub fn is_log_name(name: &str) -> bool {
    EXTENSIONS.iter().any(|extension| name.ends_with(extension))
}

pub(super) fn cannot_be_read(name: &str, error: &io::Error) -> SetAside {
    set_aside(name, format!("cannot be read: {error}"), "")
}

fn unreadable(path: &Path, error: &io::Error) -> Found {
    Found::Problem(cannot_be_read(&shown(path), error))
}

/// A path as text for messages.
pub(super) fn shown(path: &Path) -> String {
    clean(&path.display().to_string())
}

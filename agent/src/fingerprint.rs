//! Pure: entries in, digests out. A Merkle tree by folder, built in one pass over ordered entries and never
//! held: only the folders on the way down to the current entry are open.
//!
//! ```text
//! leaf    BLAKE3("L" name facts)
//! folder  BLAKE3("D" name facts digest-of-each-child… number-of-children)
//! root    BLAKE3("cattleguard root v1\0" digest-of-settings number-of-roots digest-of-each-root…)
//! ```
#![deny(clippy::disallowed_methods)]

use crate::codec::{put_bytes, put_number};
use crate::digest::Digest;
use crate::entry::encode::put_facts;
use crate::entry::{Entry, Kind};
use crate::settings::Settings;
use crate::{escape, path};

/// Digest of one folder with all that is below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderDigest {
    /// Of the folder's own facts and everything below.
    pub digest: Digest,
    /// How many entries are below it.
    pub below: u64,
}

/// A direct child folder of a root: the level at which reports localise drift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subtree {
    /// Its path.
    pub path: Vec<u8>,
    /// Its digest.
    pub folder: FolderDigest,
}

/// How much was fingerprinted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Entries of all types.
    pub entries: u64,
    /// Regular files among them.
    pub files: u64,
    /// Folders among them.
    pub directories: u64,
    /// Bytes of content covered by digests.
    pub bytes: u64,
    /// Entries of which something could not be seen.
    pub flawed: u64,
}

/// The result of a whole pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The digest that stands for everything.
    pub root: Digest,
    /// How much it covers.
    pub counts: Counts,
    /// Folders in entry order.
    pub folders: Vec<FolderDigest>,
    /// Direct children of the roots that are folders.
    pub subtrees: Vec<Subtree>,
}

/// Entries that cannot be one tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// An entry is not after the one before it.
    #[error("entry `{0}` is out of order")]
    Order(String),
    /// An entry whose folder is not there.
    #[error("entry `{0}` is in no folder of the tree")]
    Orphan(String),
}

/// Takes entries in order and digests folders as they end.
#[derive(Debug)]
pub struct Fold {
    settings: Settings,
    open: Vec<OpenFolder>,
    previous: Vec<u8>,
    roots: Vec<Digest>,
    counts: Counts,
    folders: Vec<FolderDigest>,
    subtrees: Vec<Subtree>,
    scratch: Vec<u8>,
}

#[derive(Debug)]
struct OpenFolder {
    path: Vec<u8>,
    hasher: blake3::Hasher,
    children: u64,
    /// Entries seen before it, itself included: what is below is counted from here.
    before: u64,
    /// Its place in `folders`.
    slot: usize,
}

impl Fold {
    /// Starts on an empty tree.
    pub fn new(settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            open: Vec::new(),
            previous: Vec::new(),
            roots: Vec::new(),
            counts: Counts::default(),
            folders: Vec::new(),
            subtrees: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Adds the next entry.
    ///
    /// # Errors
    /// When it does not come after the one before, or its folder is not in the tree.
    pub fn push(&mut self, entry: &Entry) -> Result<(), TreeError> {
        if path::compare(&entry.path, &self.previous).is_le() {
            return Err(TreeError::Order(escape::text(&entry.path)));
        }
        while self.open.last().is_some_and(|folder| !path::is_below(&entry.path, &folder.path)) {
            self.close();
        }
        let is_root = self.settings.roots().contains(&entry.path);
        let parent = self.open.last().map(|folder| folder.path.as_slice());
        if is_root != parent.is_none() || (!is_root && parent != path::parent(&entry.path)) {
            return Err(TreeError::Orphan(escape::text(&entry.path)));
        }
        self.count(entry);
        self.digest_entry(entry, is_root);
        self.previous.clone_from(&entry.path);
        Ok(())
    }

    fn digest_entry(&mut self, entry: &Entry, is_root: bool) {
        let name = if is_root { entry.path.as_slice() } else { path::name(&entry.path) };
        let is_folder = entry.facts.kind == Kind::Directory;
        self.scratch.clear();
        self.scratch.push(if is_folder { b'D' } else { b'L' });
        put_bytes(&mut self.scratch, name);
        put_facts(&mut self.scratch, &entry.facts);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.scratch);
        if is_folder {
            let slot = self.folders.len();
            self.folders.push(FolderDigest { digest: Digest::from_bytes([0; 32]), below: 0 });
            let (path, before) = (entry.path.clone(), self.counts.entries);
            self.open.push(OpenFolder { path, hasher, children: 0, before, slot });
        } else {
            self.add(Digest::finish(&hasher));
        }
    }

    /// Hands a finished digest to the folder it is in.
    fn add(&mut self, digest: Digest) {
        match self.open.last_mut() {
            Some(folder) => {
                folder.hasher.update(digest.as_bytes());
                folder.children += 1;
            }
            None => self.roots.push(digest),
        }
    }

    fn close(&mut self) {
        let Some(OpenFolder { path, mut hasher, children, before, slot }) = self.open.pop() else { return };
        hasher.update(&children.to_le_bytes());
        let folder = FolderDigest { digest: Digest::finish(&hasher), below: self.counts.entries - before };
        if let Some(reserved) = self.folders.get_mut(slot) {
            *reserved = folder;
        }
        self.add(folder.digest);
        if self.open.len() == 1 {
            self.subtrees.push(Subtree { path, folder });
        }
    }

    fn count(&mut self, entry: &Entry) {
        let counts = &mut self.counts;
        counts.entries += 1;
        counts.flawed += u64::from(!entry.facts.flaws.is_empty());
        match &entry.facts.kind {
            Kind::Directory => counts.directories += 1,
            Kind::File { size, content, link: _ } => {
                counts.files += 1;
                counts.bytes = counts.bytes.saturating_add(if content.is_some() { *size } else { 0 });
            }
            _ => {}
        }
    }

    /// Closes every folder and computes the root.
    pub fn finish(mut self) -> Fingerprint {
        while !self.open.is_empty() {
            self.close();
        }
        let mut out = b"cattleguard root v1\0".to_vec();
        out.extend_from_slice(self.settings.digest().as_bytes());
        put_number(&mut out, self.roots.len() as u64);
        for root in &self.roots {
            out.extend_from_slice(root.as_bytes());
        }
        let Self { counts, folders, subtrees, .. } = self;
        Fingerprint { root: Digest::of(&out), counts, folders, subtrees }
    }
}

#[cfg(test)]
mod tests;

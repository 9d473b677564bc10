//! Evidence of an operation: files in a folder of its own, each with its digest in a manifest.
//!
//! A file appears whole or not at all, so a process that was killed leaves either what was before or what was to be.
//! Nothing here is shown or parsed again; whoever judges it later checks it against the manifest, and the manifest
//! against the digest in the journal.

mod bundle;
mod file;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

pub use bundle::BundleParts;

use self::file::{Folder, read_bounded};
use super::OperationRecord;
use crate::types::{Digest, OperationId};

/// Largest file that is kept. Console output is 64 KiB; what is larger than this was not made by an honest server.
const MOST_BYTES: usize = 64 << 20;
/// Longest name of a file or folder.
const MOST_NAME: usize = 128;
/// The file that names all others.
pub(super) const MANIFEST: &str = "manifest.json";
/// Console output.
pub(super) const CONSOLE: &str = "console.txt";

/// What can go wrong with evidence.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// A name that would be more than one file in the folder.
    #[error("`{0}` is no name for a file of evidence")]
    Name(String),
    /// More than is kept.
    #[error("{name} has {bytes} bytes, {MOST_BYTES} are the most that is kept")]
    TooLarge {
        /// File.
        name: String,
        /// Its size.
        bytes: usize,
    },
    /// A file or folder could not be written or read.
    #[error("evidence at {path}: {source}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A part cannot be written as JSON.
    #[error("evidence cannot be written as JSON: {0}")]
    Encode(#[from] serde_json::Error),
    /// A bundle is not what its manifest says.
    #[error("evidence in {path} is not what its manifest says: {detail}")]
    Altered {
        /// Folder.
        path: String,
        /// How.
        detail: String,
    },
}

/// Keeps evidence in a folder, one folder within it for each operation.
#[derive(Clone, Debug)]
pub struct EvidenceStore {
    /// The folder. It is made when it is first needed, readable by its owner only.
    pub folder: PathBuf,
}

impl EvidenceStore {
    /// Keeps evidence there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Keeps one file and returns its SHA-256. Keeping the same again changes nothing.
    ///
    /// # Errors
    /// A name that is no plain file name, too many bytes, or the disk's error.
    pub fn keep(&self, operation: &OperationId, name: &str, bytes: &[u8]) -> Result<Digest, EvidenceError> {
        if bytes.len() > MOST_BYTES {
            return Err(EvidenceError::TooLarge { name: name.to_owned(), bytes: bytes.len() });
        }
        check_name(name)?;
        self.open(operation)?.write(name, bytes)?;
        Ok(sha256(bytes))
    }

    /// Writes the bundle of an operation; returns its folder and the SHA-256 of its manifest. A bundle that is
    /// complete already is left as it is.
    ///
    /// # Errors
    /// As for [`Self::keep`].
    pub fn bundle(&self, record: &OperationRecord, parts: &BundleParts<'_>) -> Result<(String, Digest), EvidenceError> {
        let path = self.path_of(&record.id)?.display().to_string();
        if let Ok(digest) = self.verify(&record.id) {
            return Ok((path, digest));
        }
        let folder = self.open(&record.id)?;
        let mut files = bundle::files(record, parts)?;
        // Kept by an earlier step, before the cut.
        if let Some(console) = read_bounded(&folder.path.join(CONSOLE), MOST_BYTES)? {
            files.insert(CONSOLE, console);
        }
        for (name, bytes) in &files {
            self.keep(&record.id, name, bytes)?;
        }
        // Last: where there is a manifest, everything that it names is there.
        let manifest = bundle::manifest(record, parts, &files)?;
        let digest = self.keep(&record.id, MANIFEST, &manifest)?;
        Ok((path, digest))
    }

    /// Checks every file of a bundle against its manifest, and returns the manifest's SHA-256.
    ///
    /// # Errors
    /// When a file is missing or another one than the manifest says.
    pub fn verify(&self, operation: &OperationId) -> Result<Digest, EvidenceError> {
        let path = self.path_of(operation)?;
        let altered = |detail: String| EvidenceError::Altered { path: path.display().to_string(), detail };
        let manifest =
            read_bounded(&path.join(MANIFEST), MOST_BYTES)?.ok_or_else(|| altered("no manifest".to_owned()))?;
        for (name, digest) in bundle::named_in(&manifest).ok_or_else(|| altered("no list of files".to_owned()))? {
            check_name(&name)?;
            let bytes = read_bounded(&path.join(&name), MOST_BYTES)?;
            if bytes.map(|bytes| sha256(&bytes)) != Some(digest) {
                return Err(altered(format!("{name} is missing or another file")));
            }
        }
        Ok(sha256(&manifest))
    }

    fn path_of(&self, operation: &OperationId) -> Result<PathBuf, EvidenceError> {
        check_name(operation.as_str())?;
        Ok(self.folder.join(operation.as_str()))
    }

    fn open(&self, operation: &OperationId) -> Result<Folder, EvidenceError> {
        let path = self.path_of(operation)?;
        Folder::configured(&self.folder)?;
        Folder::own(&path)
    }
}

/// One plain name: never a path, never hidden, never anything that a shell or another system reads differently.
fn check_name(name: &str) -> Result<(), EvidenceError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let fine = !name.is_empty() && name.len() <= MOST_NAME && !name.starts_with(['.', '-']) && name.chars().all(plain);
    if fine { Ok(()) } else { Err(EvidenceError::Name(crate::report::text::clean(name, MOST_NAME))) }
}

fn sha256(bytes: &[u8]) -> Digest {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Digest::new(format!("sha256:{hex}"))
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> EvidenceError + use<> {
    let path = path.display().to_string();
    move |source| EvidenceError::Io { path, source }
}

//! The golden manifest on disk, `*.cgm`. docs/AGENT.md describes it byte by byte.
//!
//! ```text
//! "CGM2"  zstd frame of records:  H  P*  S*  E*  I*  T  Z  G?
//! record  tag (1 byte)  length (LEB128)  payload
//! ```
//!
//! `H` is the header, `P` a package, `S` an item of state, `E` an entry, `I` a folder's digest, `T` the totals, `Z` the
//! digest of everything before it, `G` a signature of that. Version 1 has neither `S` nor `G`, and is still read. Both sides stream: neither reading nor writing holds the entries.

mod ahead;
mod read;
mod write;

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::codec::CodecError;
use crate::digest::Digest;
use crate::fingerprint::{Counts, Fingerprint, TreeError};
use crate::settings::{RecordedSettings, SettingsError};
use crate::sign::Signature;
use crate::state::Section;
use crate::state::volatile::StateExclusion;

pub use ahead::Ahead;
pub use read::Reader;
pub use write::{Preface, Writer};

/// What a manifest starts with; its fourth byte is the format's version.
pub const MAGIC: [u8; 4] = *b"CGM2";

/// The version before.
const MAGIC_1: [u8; 4] = *b"CGM1";

/// No record is longer. A path of [`crate::walk::MAX_DEPTH`] names and the attributes kept inline fit well inside.
pub const MAX_RECORD: usize = 1 << 20;

/// Decompression may ask for this much memory, as a power of two (8 MiB); writing stays below it.
pub(crate) const WINDOW_LOG: u32 = 23;

const HEADER: u8 = b'H';
const PACKAGE: u8 = b'P';
const STATE: u8 = b'S';
const ENTRY: u8 = b'E';
const INDEX: u8 = b'I';
const TOTALS: u8 = b'T';
const SEAL: u8 = b'Z';
const SIGNATURE: u8 = b'G';

/// The first record, JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the agent that wrote it.
    pub agent: String,
    /// When the walk began.
    pub created_at: jiff::Timestamp,
    /// What the walk covered.
    pub settings: RecordedSettings,
    /// Whether a package database was read; without one packages are not compared.
    pub packages_known: bool,
    /// Sections of state that were read in full; from version 2 on.
    #[serde(default)]
    pub state: Vec<Section>,
    /// State that is left out; from version 2 on.
    #[serde(default)]
    pub state_exclusions: Vec<StateExclusion>,
}

/// What reading a whole manifest proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Its totals.
    pub totals: Totals,
    /// Its digests, computed anew.
    pub print: Fingerprint,
    /// Its signature, which is the named key's; whether that key is trusted is another question.
    pub signature: Option<Signature>,
}

/// The record before the last, JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// The root digest.
    pub root: Digest,
    /// Digest of the package list.
    pub packages: Digest,
    /// How much it covers.
    pub counts: Counts,
    /// Entries that vanished during the walk.
    pub vanished: u64,
    /// Places left out by the settings.
    pub excluded: u64,
}

/// Opens a manifest without waiting for anybody: a pipe in its place would have the agent wait for ever.
///
/// # Errors
/// It is not there, cannot be read, or is no regular file.
pub fn open(path: &Path) -> Result<File, ManifestError> {
    let no_wait = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(no_wait).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(ManifestError::NotAFile) }
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It could not be read or written.
    #[error("input or output failed")]
    Io(#[from] std::io::Error),
    /// The thread that reads it ended.
    #[error("reading it broke off: this is a bug")]
    Reader,
    /// Its compressed form is broken.
    #[error("damaged: it does not decompress")]
    Compression(#[source] std::io::Error),
    /// It is a folder, a pipe, a device: reading one could last for ever.
    #[error("not a regular file")]
    NotAFile,
    /// It is something else.
    #[error("not a cattleguard manifest")]
    Magic,
    /// It was written by a later version.
    #[error("format version {0} is not known to this agent")]
    Version(char),
    /// It ends before its last record.
    #[error("truncated: it ends before its last record")]
    Truncated,
    /// Bytes follow the last record.
    #[error("damaged: bytes follow its last record")]
    Trailing,
    /// A record is longer than [`MAX_RECORD`].
    #[error("damaged: a record of {0} bytes is longer than any can be")]
    Oversize(u64),
    /// A record of an unknown type, or at the wrong place.
    #[error("damaged: record `{0}` where it cannot be")]
    Record(String),
    /// A record whose content is not what its type says.
    #[error("damaged: record {position} {source}")]
    Codec {
        /// Counted from one.
        position: u64,
        /// How.
        #[source]
        source: CodecError,
    },
    /// Header or totals are not the JSON it should be.
    #[error("damaged: header or totals are not what they should be")]
    Json(#[from] serde_json::Error),
    /// Its settings make no sense.
    #[error("damaged: its settings make no sense")]
    Settings(#[from] SettingsError),
    /// Its entries are no tree.
    #[error("damaged: its entries are no tree")]
    Tree(#[from] TreeError),
    /// Its signature is not of this manifest.
    #[error("the signature does not match its content")]
    Signature,
    /// A digest over its content is not the one that it carries.
    #[error("damaged: the {0} digest does not match its content")]
    Digest(&'static str),
}

impl ManifestError {
    /// Tells a file that is damaged from one that could not be read: only the latter has an error number.
    fn from_decoder(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            Self::Truncated
        } else if error.raw_os_error().is_some() {
            Self::Io(error)
        } else {
            Self::Compression(error)
        }
    }
}

#[cfg(test)]
mod tests;

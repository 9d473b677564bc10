//! The cache behind `--quick`: what the last full pass on this machine found, so that files whose inode looks untouched
//! need not be read again. It says nothing of what is right: every entry is still compared with the golden.
//!
//! ```text
//! "CGQ1"  zstd frame:  header length, header (JSON)  entry*  00  BLAKE3 of all bytes before it in the frame
//! entry   01  path (shared length, rest)  device  inode  size  mtime  ctime  facts
//! ```
//!
//! It is for one golden, one version of the agent and one machine, and is thrown away whenever anything about it is
//! not as expected: then everything is read.

mod read;
mod write;

use std::io;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

pub use read::Cache;
pub use write::Recorder;

/// What a cache starts with; its fourth byte is the format's version.
const MAGIC: [u8; 4] = *b"CGQ1";

/// Between entries, and after the last.
const ENTRY: u8 = 1;
const END: u8 = 0;

/// An inode that changed less than this before a pass is not remembered. Timestamps are as coarse as a tick of the
/// kernel, and a page that is mapped for writing moves the times once, then can be written unnoticed until the kernel
/// has cleaned it: after 30 s by default (`dirty_expire_centisecs`, proc(5)).
pub const SETTLED: SignedDuration = SignedDuration::from_secs(60);

/// A full pass is due after this time, unless the settings say otherwise.
pub const FULL_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What a cache is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the agent that wrote it.
    pub agent: String,
    /// Digest of the golden's file, whose settings led the walk.
    pub golden: Digest,
    /// When the full pass began.
    pub full_at: Timestamp,
}

/// Why everything has to be read.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// There is none yet.
    #[error("there is no cache of an earlier full pass")]
    Absent,
    /// It is not private to this user.
    #[error("the cache can be written by others")]
    Exposed,
    /// It is of another golden or agent.
    #[error("the cache is of another golden or agent")]
    Other,
    /// A full pass is due.
    #[error("the last full pass was at {0}: another is due")]
    Due(Timestamp),
    /// The clock went back.
    #[error("the cache is from the future ({0})")]
    Future(Timestamp),
    /// It is damaged.
    #[error("the cache is damaged")]
    Damaged,
    /// It cannot be read.
    #[error("the cache cannot be read: {0}")]
    Io(io::Error),
}

impl Header {
    /// Whether a pass at `now` against the golden may rely on it.
    fn agrees(&self, golden: Digest, now: Timestamp, full_every: SignedDuration) -> Result<(), Unusable> {
        if self.golden != golden || self.agent != crate::VERSION {
            return Err(Unusable::Other);
        }
        if self.full_at > now {
            return Err(Unusable::Future(self.full_at));
        }
        if now.duration_since(self.full_at) >= full_every {
            return Err(Unusable::Due(self.full_at));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

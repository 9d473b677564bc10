//! CloudTrail's log file integrity validation: are the log files what CloudTrail delivered, and are they all there?
//!
//! ```text
//!  objects ──digest files──▶ chain (newest to oldest: signature, hash, link, times) ──listed logs──▶ workers (hash)
//!  (folder, bucket)                                                            └──▶ unlisted (what nobody lists)
//! ```
//!
//! CloudTrail writes a digest file every hour for each trail, account and region. It lists the log files of the hour
//! with their hashes, names the digest before it with its hash and signature, and is signed itself; the signature
//! lies in the metadata of the object ("Validating CloudTrail log file integrity", user guide). What is checked is
//! either proven, broken, or unproven with a reason; never silently passed over.

mod bucket;
mod chain;
mod content;
mod file;
mod folder;
mod key;
mod keys;
mod link;
mod listing;
mod objects;
mod remote;
mod report;
mod signature;
mod unlisted;
mod verify;
mod workers;

#[cfg(test)]
mod tests;

pub use bucket::{Bucket, BucketScope};
pub use file::DigestFile;
pub use folder::Folder;
pub use key::{DigestKey, Site};
pub use keys::{KeyError, PublicKey, PublicKeys};
pub use listing::survey;
pub use objects::{ObjectSignature, TrailObjects};
pub use remote::BucketReader;
pub use report::{ChainReport, Tally, Unproven, VerifyReport};
pub use signature::signed_text;
pub use verify::{VerifyRequest, verify};

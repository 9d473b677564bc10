//! Heads of the audit log in a bucket with object lock, and what they prove.
//!
//! The chain of the log shows an edit in it, and its recorded head one that was cut. Whoever replaces the whole state
//! replaces both. Heads that were put where nobody can take them away show that as well: an entry that is not where it was.

mod compare;
mod key;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

pub use compare::{Compared, compare};
pub use key::{key, parse};

use crate::collect::{LogAccess, ObjectName, Page, PageToken, ReadError};

/// Schema of an anchor's body.
pub const ANCHOR_SCHEMA: &str = "cattleguard.dev/audit-anchor/v1";

/// How the audit log stood at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Sequence number of its last entry.
    pub seq: i64,
    /// The entry's hash, hex.
    pub hash: String,
    /// When the anchor was made.
    pub at: Timestamp,
}

impl Anchor {
    /// What the object holds. Its key says as much: this is for people.
    pub fn body(&self) -> Value {
        let Self { seq, hash, at } = self;
        json!({ "schema": ANCHOR_SCHEMA, "seq": seq, "hash": hash, "at": at })
    }
}

/// How a locked object is protected until its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// Who has `s3:BypassGovernanceRetention` may delete it.
    Governance,
    /// Nobody may, the account's root user included.
    Compliance,
}

impl LockMode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Governance, Self::Compliance];

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Governance => "governance",
            Self::Compliance => "compliance",
        }
    }
}

/// Where anchors are put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    /// Where the bucket is, and as whom it is used.
    pub access: LogAccess,
    /// Bucket.
    pub bucket: String,
    /// What keys begin with: empty, or ending in `/`.
    pub prefix: String,
    /// For how long nobody may take an anchor away.
    pub retain: Duration,
    /// How it is protected.
    pub mode: LockMode,
}

/// What came of putting an object that must not be there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It was put.
    New,
    /// There is one of this key already; it was left as it is.
    There,
}

/// A version of an object, or the mark that hides all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Key.
    pub key: String,
    /// Whether it is a mark that hides the versions of its key from plain listings.
    pub hides: bool,
}

/// Access to a bucket with object lock.
#[async_trait]
pub trait AnchorVault: Send + Sync {
    /// `s3:PutObject` and `s3:PutObjectRetention`: puts an object that nobody may take away before `until`, unless there
    /// is one of this key.
    async fn put_locked(
        &self,
        at: &LogAccess,
        name: &ObjectName,
        body: Vec<u8>,
        mode: LockMode,
        until: Timestamp,
    ) -> Result<Put, ReadError>;

    /// `s3:ListBucketVersions`: every version of every object whose key begins with a prefix, up to 1,000 a page.
    async fn versions(
        &self,
        at: &LogAccess,
        bucket: &str,
        prefix: &str,
        next: Option<PageToken>,
    ) -> Result<Page<Version>, ReadError>;

    /// `s3:GetBucketObjectLockConfiguration`: whether objects can be locked in a bucket.
    async fn locks(&self, at: &LogAccess, bucket: &str) -> Result<bool, ReadError>;
}

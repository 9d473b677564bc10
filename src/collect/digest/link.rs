//! What one digest says of the one before it.

use jiff::Timestamp;

use super::file::DigestFile;
use super::key::{DigestKey, from_root};

/// What is known from the digest that follows.
#[derive(Clone, Debug)]
pub(super) struct Newer {
    /// Its key.
    pub(super) key: String,
    /// Its start.
    pub(super) start: Timestamp,
    /// The digest before it; `None` when it is the first of a chain.
    pub(super) previous: Option<Previous>,
}

#[derive(Clone, Debug)]
pub(super) struct Previous {
    pub(super) object: String,
    /// Its bucket, where that is not the one of the digest that names it.
    pub(super) elsewhere: Option<String>,
    pub(super) hash: Option<String>,
    pub(super) signature: Option<String>,
}

impl Newer {
    pub(super) fn of(key: &DigestKey, file: &DigestFile) -> Self {
        let previous = file.previous_digest_s3_object.clone().map(|object| Previous {
            object,
            elsewhere: file.previous_digest_s3_bucket.clone().filter(|bucket| *bucket != file.digest_s3_bucket),
            hash: file.previous_digest_hash_value.clone(),
            signature: file.previous_digest_signature.clone(),
        });
        Self { key: key.key.clone(), start: file.digest_start_time, previous }
    }
}

impl Previous {
    /// Whether this names the digest with that key.
    pub(super) fn is(&self, key: &DigestKey) -> bool {
        from_root(&self.object).is_some_and(|object| from_root(&key.key) == Some(object))
    }
}

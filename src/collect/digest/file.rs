//! What stands in a digest file ("CloudTrail digest file structure", user guide).

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

/// The content of a digest file. Unknown fields are ignored; a field that is there twice is an error.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigestFile {
    /// Start of the hour.
    pub digest_start_time: Timestamp,
    /// End of the hour, as it was signed.
    pub digest_end_time: String,
    /// Bucket that it was delivered to.
    pub digest_s3_bucket: String,
    /// Its key there.
    pub digest_s3_object: String,
    /// Names the public key.
    pub digest_public_key_fingerprint: String,
    /// How it was signed.
    #[serde(default)]
    pub digest_signature_algorithm: Option<String>,
    /// Bucket of the digest before: another one when the trail began to deliver elsewhere.
    #[serde(default)]
    pub previous_digest_s3_bucket: Option<String>,
    /// Key of the digest before; `null` in the first one after validation or logging began.
    #[serde(default)]
    pub previous_digest_s3_object: Option<String>,
    /// SHA-256 of the digest before, uncompressed, in hex.
    #[serde(default)]
    pub previous_digest_hash_value: Option<String>,
    /// Signature of the digest before, in hex. Required, for it is signed.
    #[serde(deserialize_with = "nullable")]
    pub previous_digest_signature: Option<String>,
    /// The log files of the hour.
    #[serde(default, deserialize_with = "list")]
    pub log_files: Vec<ListedLog>,
}

/// A log file as a digest lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedLog {
    /// Its key.
    pub s3_object: String,
    /// SHA-256 of the uncompressed content, in hex.
    pub hash_value: String,
    /// Always `SHA-256` so far.
    #[serde(default)]
    pub hash_algorithm: Option<String>,
}

impl DigestFile {
    /// Reads the uncompressed content.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn parse(content: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(content).map_err(|error| error.to_string())
    }

    /// End of the hour; `None` when it is not a time.
    pub(super) fn end(&self) -> Option<Timestamp> {
        self.digest_end_time.parse().ok()
    }
}

/// Unlike a plain `Option`, the field must be there.
fn nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ListedLog>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

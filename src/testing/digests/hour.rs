//! What one hour of a trail leaves.

use std::fs;
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::TrailFolder;

/// The files of one hour.
#[derive(Clone, Debug)]
pub struct DigestHour {
    /// The digest file.
    pub digest: PathBuf,
    /// Its signature, which S3 keeps in the object's metadata.
    pub signature: String,
    /// The log files that it lists.
    pub logs: Vec<PathBuf>,
}

impl DigestHour {
    /// Puts the signature beside the digest file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep_signature(&self) -> io::Result<()> {
        let mut path = self.digest.clone().into_os_string();
        path.push(".signature");
        fs::write(path, &self.signature)
    }
}

/// The digest file, in the form and order of fields that CloudTrail writes.
pub(super) fn content(
    trail: &TrailFolder,
    key: &str,
    (start, end): (Timestamp, Timestamp),
    logs: &[(String, String)],
) -> String {
    let log = |(key, hash): &(String, String)| {
        json!({
            "s3Bucket": trail.bucket, "s3Object": key, "hashValue": hash, "hashAlgorithm": "SHA-256",
            "newestEventTime": end, "oldestEventTime": start,
        })
    };
    let (object, hash, signature) = match &trail.last {
        Some((object, hash, signature)) => (json!(object), json!(hash), json!(signature)),
        None => (Value::Null, Value::Null, Value::Null),
    };
    let linked = trail.last.is_some();
    json!({
        "awsAccountId": trail.place.account,
        "digestStartTime": start,
        "digestEndTime": end,
        "digestS3Bucket": trail.bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": trail.signer.fingerprint(),
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": end,
        "oldestEventTime": start,
        "previousDigestS3Bucket": linked.then_some(&trail.bucket),
        "previousDigestS3Object": object,
        "previousDigestHashValue": hash,
        "previousDigestHashAlgorithm": linked.then_some("SHA-256"),
        "previousDigestSignature": signature,
        "logFiles": logs.iter().map(log).collect::<Vec<_>>(),
    })
    .to_string()
}

//! What one hour of a trail leaves.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::TrailFolder;
use crate::collect::ObjectName;
use crate::testing::FakeCloud;

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

    /// Puts the files of the hour, as they are now, into a bucket, with the metadata that CloudTrail gives to digest
    /// files. `root` is the folder that they are in; a file that is gone is left out.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn upload(&self, root: &Path, cloud: &FakeCloud, bucket: &str, prefix: &str) -> io::Result<()> {
        for path in self.logs.iter().chain([&self.digest]).filter(|path| path.exists()) {
            let key = path.strip_prefix(root).map_err(io::Error::other)?;
            let name = ObjectName { bucket: bucket.to_owned(), key: format!("{prefix}{}", key.display()) };
            let signature = [("signature", &*self.signature), ("signature-algorithm", "SHA256withRSA")];
            let metadata = signature.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let metadata = if *path == self.digest { metadata.into() } else { BTreeMap::new() };
            cloud.put_object_with(&name, fs::read(path)?, metadata);
        }
        Ok(())
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

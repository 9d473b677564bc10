//! The signature of a bundle: ed25519 over the digest of every file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cattleguard_agent::digest::Digest;
use cattleguard_agent::sign::{Signature, SigningKey};
use serde::{Deserialize, Serialize};

use super::{BundleError, SIGNATURE};

/// Nothing else that a key may sign begins like this.
pub(super) const CONTEXT: &str = "cattleguard policy bundle v1";

const SCHEMA: &str = "cattleguard.dev/bundle-signature/v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    /// The key, for people: what counts is inside the signature.
    key: String,
    /// Algorithm, key and signature, base64.
    signature: String,
}

/// Over name, length and content digest of each file; lengths before texts, so that no two lists come to the same.
pub(super) fn digest(files: &[(String, Digest)]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    for (name, content) in files {
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(content.as_bytes());
    }
    Digest::finish(&hasher)
}

pub(super) fn write(key: &SigningKey, files: &[(String, Digest)]) -> Vec<u8> {
    let mut record = Vec::new();
    key.sign_as(CONTEXT, digest(files)).put(&mut record);
    let (key, signature) = (key.public().to_string(), STANDARD.encode(record));
    let file = File { schema: SCHEMA.to_owned(), key, signature };
    serde_json::to_vec_pretty(&file).unwrap_or_default()
}

pub(super) fn parse(text: &[u8]) -> Result<Signature, BundleError> {
    let bad = |what: String| BundleError::Form(format!("{SIGNATURE}: {what}"));
    let file: File = serde_json::from_slice(text).map_err(|error| bad(error.to_string()))?;
    if file.schema != SCHEMA {
        return Err(bad(format!("its schema is not {SCHEMA}")));
    }
    let record = STANDARD.decode(file.signature.trim()).map_err(|_| bad("`signature` is not base64".to_owned()))?;
    let signature = Signature::take(&record).map_err(|_| bad("`signature` is none of ed25519".to_owned()))?;
    if signature.key().to_string() != file.key {
        return Err(bad("`key` is not the key of the signature".to_owned()));
    }
    Ok(signature)
}

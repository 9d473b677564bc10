//! Signatures of digest files ("Custom implementations of CloudTrail log file integrity validation", user guide).

use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use super::content::unhex;
use super::file::DigestFile;
use super::keys::PublicKeys;
use super::objects::ObjectSignature;
use crate::collect::trail::clean;

/// The one algorithm that CloudTrail has used so far.
const ALGORITHM: &str = "SHA256withRSA";

/// Whether a digest file is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    Yes,
    No,
    /// It cannot be told, for this reason.
    Unknown(String),
}

/// The text that is signed: end, place, hash of the content, and the signature before, a line each.
pub fn signed_text(file: &DigestFile, hash: &str) -> String {
    let previous = file.previous_digest_signature.as_deref().unwrap_or("null");
    let DigestFile { digest_end_time, digest_s3_bucket, digest_s3_object, .. } = file;
    format!("{digest_end_time}\n{digest_s3_bucket}/{digest_s3_object}\n{hash}\n{previous}")
}

/// Checks the signature that an object carries.
pub(super) fn check_own(file: &DigestFile, hash: &str, own: &ObjectSignature, keys: &PublicKeys) -> Signed {
    match own.algorithm.as_deref().filter(|name| *name != ALGORITHM) {
        Some(other) => unknown(other),
        None => check(file, hash, &own.hex, keys),
    }
}

fn unknown(algorithm: &str) -> Signed {
    Signed::Unknown(format!("it is signed with {}, which is not known here", clean(algorithm)))
}

/// Checks a signature in hex over a digest file with this hash.
pub(super) fn check(file: &DigestFile, hash: &str, signature: &str, keys: &PublicKeys) -> Signed {
    if let Some(algorithm) = file.digest_signature_algorithm.as_deref().filter(|name| *name != ALGORITHM) {
        return unknown(algorithm);
    }
    let fingerprint = &file.digest_public_key_fingerprint;
    let Some(key) = keys.get(fingerprint) else {
        return Signed::Unknown(format!("the public key {fingerprint} is not at hand"));
    };
    let Some(signature) = unhex(signature.trim()) else { return Signed::No };
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
    match key.verify(signed_text(file, hash).as_bytes(), &signature) {
        Ok(()) => Signed::Yes,
        Err(_) => Signed::No,
    }
}

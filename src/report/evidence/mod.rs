//! The evidence file: a zip that proves itself.
//!
//! ```text
//!  members ──SHA-256──▶ manifest.json ──ed25519──▶ manifest.sig
//!  every byte of the zip ──SHA-256──▶ seal, in the zip's comment at its very end
//! ```
//!
//! The manifest proves the members, by whatever tool an auditor has. The seal covers what no manifest can: the zip's own
//! tables. So one changed bit anywhere in the file is found, with or without a key; only the signature proves who made it.

mod pack;
mod seal;
#[cfg(test)]
mod tests;
mod verify;

pub use pack::{Facts, pack};
pub use verify::{Verified, verify};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Schema of the manifest.
pub const EVIDENCE_SCHEMA: &str = "cattleguard.dev/evidence/v1";

/// Names of members that are not listed in the manifest.
const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.sig";
/// The member with the audit log.
pub const AUDIT_LOG: &str = "audit-log.ndjson";

/// What a key signs: nothing else that it may sign begins like this.
const CONTEXT: &[u8] = b"cattleguard evidence v1\0";

/// The list of members with what the file as a whole is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Manifest {
    schema: String,
    /// Period, framework, counts, policy bundle, audit log head.
    about: Value,
    files: Vec<Listed>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Listed {
    name: String,
    bytes: u64,
    sha256: String,
}

/// `manifest.sig`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    algorithm: String,
    /// `ed25519:` and base64.
    key: String,
    /// Base64.
    signature: String,
}

/// What can be wrong with an evidence file.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceFault {
    /// It is something else.
    #[error("not an evidence file: {0}")]
    Form(String),
    /// The seal is not that of the bytes.
    #[error("the file was changed: its bytes are not those that were sealed")]
    Seal,
    /// The manifest and the members do not agree.
    #[error("{0}")]
    Member(String),
    /// The signature is missing, wrong, or somebody else's.
    #[error("{0}")]
    Signature(String),
    /// The audit log inside is broken.
    #[error("audit log: {0}")]
    Audit(String),
    /// It cannot be written.
    #[error("the zip cannot be written: {0}")]
    Write(String),
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

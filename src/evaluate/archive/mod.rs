//! Bundles: policies, their tests and their data in one file, in the layout of Open Policy Agent (a gzipped tar with
//! `.manifest`, `*.rego` and `data.json` files; openpolicyagent.org/docs/management-bundles).
//!
//! Inputs: the bytes of a file. Output: a [`Bundle`], read within fixed bounds, nothing ever written to disk.
//!
//! The signature is our own file beside the others, not OPA's `.signatures.json`: that is a JSON Web Token whose
//! algorithms leave out ed25519, let the file choose how it is verified, and hash JSON after parsing it again. Ours is one
//! algorithm over the bytes of every file. OPA ignores the file and loads the bundle as an unsigned one.

mod manifest;
mod read;
mod signature;
mod write;

#[cfg(test)]
mod tests;

use cattleguard_agent::digest::Digest;
use cattleguard_agent::sign::PublicKey;
use serde_json::Value;

pub use manifest::Manifest;
pub use read::package_of;
pub use write::{Contents, MOST_BYTES, pack};

use super::PolicySource;

/// The manifest's name in a bundle.
const MANIFEST: &str = ".manifest";

/// The signature's name in a bundle.
const SIGNATURE: &str = ".cattleguard-signature.json";

/// Why a bundle is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// It is no bundle, or one beyond the bounds.
    #[error("not a usable bundle: {0}")]
    Form(String),
    /// It says something of itself that is not so.
    #[error("the bundle contradicts its manifest: {0}")]
    Manifest(String),
    /// It carries no signature.
    #[error("the bundle is not signed")]
    Unsigned,
    /// The signature is of something else: a file was changed, added or taken away.
    #[error("the bundle was altered: its signature is not of these files")]
    Altered,
    /// The signature is right and nobody trusts its key.
    #[error("the bundle is signed by {0}, which is none of the trusted keys")]
    Stranger(String),
}

/// Most bytes of what is said of a bundle, as it is shown: what has to be escaped takes more room than it did.
const MOST_SAID: usize = 500;

impl BundleError {
    /// What is said may quote the file: names, keys of its data, and what the library for archives found in place of a
    /// number. None of it may steer a terminal or fill a screen.
    fn in_plain_words(self) -> Self {
        let plain = |text: String| {
            let mut said = String::new();
            for character in text.chars() {
                if said.len() >= MOST_SAID {
                    said.push('…');
                    break;
                }
                if character.is_control() { said.extend(character.escape_default()) } else { said.push(character) }
            }
            said
        };
        match self {
            Self::Form(text) => Self::Form(plain(text)),
            Self::Manifest(text) => Self::Manifest(plain(text)),
            other => other,
        }
    }
}

/// A bundle that was read.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Policies, by their names in the bundle.
    pub policies: Vec<PolicySource>,
    /// Tests.
    pub tests: Vec<PolicySource>,
    /// Its data files, merged.
    pub data: Value,
    /// Name and digest of every file but the signature, in the order of the names.
    pub files: Vec<(String, Digest)>,
    signature: Option<cattleguard_agent::sign::Signature>,
}

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    /// What is wrong with it, and in which file.
    pub fn read(packed: &[u8]) -> Result<Self, BundleError> {
        read::read(packed).map_err(BundleError::in_plain_words)
    }

    /// The digest that a signature is of: names and contents of all files.
    pub fn digest(&self) -> Digest {
        signature::digest(&self.files)
    }

    /// The key that its signature claims, verified or not.
    pub fn signed_by(&self) -> Option<PublicKey> {
        self.signature.map(|signature| signature.key())
    }

    /// Whose signature it carries, when it is right and the key is trusted.
    ///
    /// # Errors
    /// Unsigned, altered, or signed by a stranger.
    pub fn verify(&self, trusted: &[PublicKey]) -> Result<PublicKey, BundleError> {
        let signature = self.signature.ok_or(BundleError::Unsigned)?;
        if !signature.is_of_as(signature::CONTEXT, self.digest()) {
            return Err(BundleError::Altered);
        }
        let key = signature.key();
        if trusted.contains(&key) { Ok(key) } else { Err(BundleError::Stranger(key.to_string())) }
    }
}

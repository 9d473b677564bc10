//! Signatures of manifests: ed25519 (RFC 8032) over a fixed text and the seal, which is the digest of everything in
//! the manifest.
//!
//! Keys are PEM files as OpenSSL makes them: `openssl genpkey -algorithm ed25519 -out golden.key`, and
//! `openssl pkey -in golden.key -pubout -out golden.pub`.

use std::fmt;
use std::io;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::codec::{CodecError, Cursor};
use crate::digest::Digest;

/// Nothing else that a key may sign begins like this.
const CONTEXT: &[u8] = b"cattleguard manifest v2\0";

/// The algorithm byte of the record.
const ALGORITHM: u8 = 1;

/// What comes before the 32 bytes of an ed25519 key in a SubjectPublicKeyInfo (RFC 8410, section 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A key file that is longer than this is none.
const MAX_KEY_FILE: u64 = 64 * 1024;

/// A public key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// A private key. It is never printed.
pub struct SigningKey(Ed25519KeyPair);

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("the key file cannot be read")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("not an ed25519 {0} key in PEM")]
    Form(&'static str),
}

/// A signature with the key that made it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    key: PublicKey,
    bytes: [u8; 64],
}

impl SigningKey {
    /// Reads a private key.
    ///
    /// # Errors
    /// When it cannot be read or is no ed25519 key in PKCS#8 PEM.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        Self::from_pem(&text(path)?)
    }

    /// Reads a private key out of a text.
    ///
    /// # Errors
    /// When it is no ed25519 key in PKCS#8 PEM.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = pem(text, "PRIVATE KEY").ok_or(KeyError::Form("private"))?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| KeyError::Form("private"))?;
        Ok(Self(pair))
    }

    /// Signs the seal of a manifest.
    pub fn sign(&self, seal: Digest) -> Signature {
        let mut bytes = [0; 64];
        bytes.copy_from_slice(self.0.sign(&message(seal)).as_ref());
        Signature { key: self.public(), bytes }
    }

    /// Signs the digest of something that is no manifest. `context` says what; no two kinds of things share one.
    pub fn sign_as(&self, context: &str, digest: Digest) -> Signature {
        let mut bytes = [0; 64];
        bytes.copy_from_slice(self.0.sign(&message_as(context, digest)).as_ref());
        Signature { key: self.public(), bytes }
    }

    /// Signs something else than a manifest. `context` keeps the two apart: it must begin nothing else that is signed.
    pub fn sign_text(&self, context: &[u8], text: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes.copy_from_slice(self.0.sign(&[context, text].concat()).as_ref());
        bytes
    }

    /// The key that verifies.
    pub fn public(&self) -> PublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(key)
    }
}

impl PublicKey {
    /// Reads a public key.
    ///
    /// # Errors
    /// When it cannot be read or is no ed25519 key in PEM.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        Self::parse(&text(path)?).ok_or(KeyError::Form("public"))
    }

    /// Reads what [`fmt::Display`] writes.
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix("ed25519:")?).ok()?;
        bytes.try_into().map(Self).ok()
    }

    /// Whether this key signed a text, see [`SigningKey::sign_text`].
    pub fn has_signed(&self, context: &[u8], text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(&[context, text].concat(), signature).is_ok()
    }

    fn parse(text: &str) -> Option<Self> {
        let der = pem(text, "PUBLIC KEY")?;
        der.strip_prefix(&SPKI)?.try_into().map(Self).ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ed25519:{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signature by {}", self.key)
    }
}

impl Signature {
    /// The key that it claims to be made with.
    pub fn key(&self) -> PublicKey {
        self.key
    }

    /// Whether it is that key's signature of this seal.
    pub fn is_of(&self, seal: Digest) -> bool {
        UnparsedPublicKey::new(&ED25519, self.key.0).verify(&message(seal), &self.bytes).is_ok()
    }

    /// Whether it is that key's signature of the digest of such a thing: see [`SigningKey::sign_as`].
    pub fn is_of_as(&self, context: &str, digest: Digest) -> bool {
        UnparsedPublicKey::new(&ED25519, self.key.0).verify(&message_as(context, digest), &self.bytes).is_ok()
    }

    /// Appends it in its manifest form.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.push(ALGORITHM);
        out.extend_from_slice(&self.key.0);
        out.extend_from_slice(&self.bytes);
    }

    /// Reads what [`Signature::put`] wrote.
    ///
    /// # Errors
    /// On any byte that it does not write.
    pub fn take(record: &[u8]) -> Result<Self, CodecError> {
        let mut cursor = Cursor::new(record);
        match cursor.byte()? {
            ALGORITHM => {}
            other => return Err(CodecError::Tag(other)),
        }
        let key = PublicKey(*cursor.digest()?.as_bytes());
        let bytes = cursor.rest().try_into().map_err(|_| CodecError::Short)?;
        Ok(Self { key, bytes })
    }
}

fn message(seal: Digest) -> Vec<u8> {
    [CONTEXT, seal.as_bytes()].concat()
}

/// A zero byte ends the context, as it ends that of manifests.
fn message_as(context: &str, digest: Digest) -> Vec<u8> {
    [context.as_bytes(), b"\0", digest.as_bytes()].concat()
}

fn text(path: &Path) -> io::Result<String> {
    use io::Read;
    let mut text = String::new();
    std::fs::File::open(path)?.take(MAX_KEY_FILE).read_to_string(&mut text)?;
    Ok(text)
}

/// The bytes of the first block with this label (RFC 7468).
fn pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Made by OpenSSL for these tests; nothing trusts it.
    pub(crate) const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIE0alhrnalgXk2nGWGCqVrkis80g6RoPfojQ3ag78of8\n-----END PRIVATE KEY-----\n";
    pub(crate) const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAhszEGUg2bqaHp9mrqqDpIOmg+1RH7IRCMIGIjWFxlEI=\n-----END PUBLIC KEY-----\n";

    pub(crate) fn key() -> SigningKey {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), KEY).unwrap();
        SigningKey::read(file.path()).unwrap()
    }

    #[test]
    fn a_signature_is_of_one_seal_by_one_key() {
        let (key, seal) = (key(), Digest::of(b"x"));
        assert_eq!(Some(key.public()), PublicKey::parse(PUBLIC));
        let signature = key.sign(seal);
        assert!(signature.is_of(seal) && !signature.is_of(Digest::of(b"y")));
        let other = key.sign_as("something else", seal);
        assert!(other.is_of_as("something else", seal) && !other.is_of_as("another thing", seal) && !other.is_of(seal));
        let mut record = Vec::new();
        signature.put(&mut record);
        assert_eq!(Signature::take(&record), Ok(signature));
        record[1] ^= 1;
        assert!(!Signature::take(&record).unwrap().is_of(seal), "another key");
        assert!(Signature::take(&record[..96]).is_err());
        record[0] = 2;
        assert_eq!(Signature::take(&record), Err(CodecError::Tag(2)));
    }

    #[test]
    fn other_keys_are_refused_in_words() {
        assert_eq!(PublicKey::parse(KEY), None);
        assert_eq!(PublicKey::parse("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"), None);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), PUBLIC).unwrap();
        let refused = SigningKey::read(file.path()).err().unwrap().to_string();
        assert!(refused.contains("private key"), "{refused}");
    }
}

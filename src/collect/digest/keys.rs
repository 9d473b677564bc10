//! Public keys that digest files are signed with.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// One key of `cloudtrail:ListPublicKeys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name in digest files.
    pub fingerprint: String,
    /// PKCS #1 in DER.
    pub der: Vec<u8>,
}

/// Keys by fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicKeys(BTreeMap<String, Vec<u8>>);

/// A file of keys that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not the form of `aws cloudtrail list-public-keys`.
    #[error("it is not what `aws cloudtrail list-public-keys` prints")]
    Shape(#[source] serde_json::Error),
    /// A key is not base64.
    #[error("the key {0} is not base64")]
    Base64(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    public_key_list: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    value: String,
    fingerprint: String,
}

impl PublicKeys {
    /// Adds the keys in what `aws cloudtrail list-public-keys` prints, or in several such outputs one after the other.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn read(&mut self, text: &[u8]) -> Result<(), KeyError> {
        for list in serde_json::Deserializer::from_slice(text).into_iter::<List>() {
            for Listed { value, fingerprint } in list.map_err(KeyError::Shape)?.public_key_list {
                let Ok(der) = STANDARD.decode(value.trim()) else { return Err(KeyError::Base64(fingerprint)) };
                self.add(PublicKey { fingerprint, der });
            }
        }
        Ok(())
    }

    /// Adds a key.
    pub fn add(&mut self, key: PublicKey) {
        self.0.insert(key.fingerprint.to_ascii_lowercase(), key.der);
    }

    /// The key of a fingerprint.
    pub fn get(&self, fingerprint: &str) -> Option<&[u8]> {
        self.0.get(&fingerprint.to_ascii_lowercase()).map(Vec::as_slice)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

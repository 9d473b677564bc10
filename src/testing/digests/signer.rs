//! Keys that sign digest files of simulated trails.

use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::collect::digest::PublicKey;

/// A key of a simulated region.
#[derive(Clone, Debug)]
pub struct TrailSigner {
    der: Arc<[u8]>,
    fingerprint: &'static str,
}

impl TrailSigner {
    /// The key that CloudTrail signs with.
    pub fn trusted() -> Self {
        Self { der: Arc::from(&include_bytes!("trusted.pk8")[..]), fingerprint: "7e571e57000000000000000000000001" }
    }

    /// A key of somebody else who says that it is the trusted one.
    pub fn foreign() -> Self {
        Self { der: Arc::from(&include_bytes!("foreign.pk8")[..]), ..Self::trusted() }
    }

    /// As it stands in digest files.
    pub fn fingerprint(&self) -> &'static str {
        self.fingerprint
    }

    /// The public half.
    ///
    /// # Errors
    /// The key cannot be read.
    pub fn public(&self) -> io::Result<PublicKey> {
        let der = self.pair()?.public_key().as_ref().to_vec();
        Ok(PublicKey { fingerprint: self.fingerprint.to_owned(), der })
    }

    /// What `aws cloudtrail list-public-keys` prints.
    ///
    /// # Errors
    /// The key cannot be read.
    pub fn listing(&self) -> io::Result<Value> {
        let PublicKey { fingerprint, der } = self.public()?;
        Ok(json!({ "PublicKeyList": [{ "Value": STANDARD.encode(der), "Fingerprint": fingerprint }] }))
    }

    pub(super) fn sign(&self, text: &str) -> io::Result<String> {
        let pair = self.pair()?;
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| io::Error::other("the key cannot sign"))?;
        Ok(hex(&signature))
    }

    fn pair(&self) -> io::Result<RsaKeyPair> {
        RsaKeyPair::from_pkcs8(&self.der).map_err(|rejected| io::Error::other(rejected.to_string()))
    }
}

pub(super) fn sha256(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

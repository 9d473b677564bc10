//! The signature of what Slack posts ("Verifying requests from Slack", docs.slack.dev): `v0=` and the hex digits of an
//! HMAC-SHA256 over `v0:<timestamp>:<body>`, under the app's signing secret.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// A request that is older, or from further ahead, may be one that somebody recorded.
const WINDOW_S: u64 = 300;

/// Why a request is not believed. Says nothing about the secret or the right signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// No timestamp, or one that is no number.
    #[error("no timestamp")]
    NoTime,
    /// The timestamp is too far from now.
    #[error("its timestamp is more than five minutes from this host's clock")]
    Old,
    /// The signature is not of this secret.
    #[error("its signature is wrong")]
    Signature,
}

/// Verifies a request's body.
///
/// # Errors
/// Why it is not believed.
pub fn verify(
    secret: &SecretString,
    timestamp: Option<&str>,
    signature: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Forged> {
    let text = timestamp.filter(|text| text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit()));
    let at: i64 = text.and_then(|text| text.parse().ok()).ok_or(Forged::NoTime)?;
    if now.as_second().abs_diff(at) > WINDOW_S {
        return Err(Forged::Old);
    }
    let given = signature.and_then(|text| text.strip_prefix("v0=")).and_then(unhex).ok_or(Forged::Signature)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).map_err(|_| Forged::Signature)?;
    mac.update(format!("v0:{}:", text.unwrap_or_default()).as_bytes());
    mac.update(body);
    // Takes as long for a signature that is nearly right as for one that is not.
    mac.verify_slice(&given).map_err(|_| Forged::Signature)
}

/// 64 hex digits, in lower case as Slack writes them.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let mut out = [0; 32];
    if pairs.len() != out.len() {
        return None;
    }
    for (byte, [high, low]) in out.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(out)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

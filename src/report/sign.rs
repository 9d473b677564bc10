//! Standard Webhooks signatures, symmetric scheme `v1` (HMAC-SHA256).
//!
//! Source: the Standard Webhooks specification,
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// A signing secret that cannot be used. Says which one by position, never what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// This one, 1 for the first.
    #[error("signing secret {0} is not `whsec_` followed by base64 of a non-empty key")]
    Malformed(usize),
    /// There is none.
    #[error("it has no signing secret")]
    Missing,
}

/// Whether these secrets can sign.
///
/// # Errors
/// Which of them cannot, or that there is none.
pub fn judge(secrets: &[SecretString]) -> Result<(), BadSecret> {
    signature(secrets, "", Timestamp::UNIX_EPOCH, b"").map(drop)
}

/// The value of the `webhook-signature` header: one `v1,<base64>` for each secret, separated by spaces, so that
/// receivers can rotate without a gap.
///
/// # Errors
/// When a secret is not `whsec_` (optional) and standard base64, or there is none.
pub fn signature(secrets: &[SecretString], id: &str, at: Timestamp, body: &[u8]) -> Result<String, BadSecret> {
    if secrets.is_empty() {
        return Err(BadSecret::Missing);
    }
    let mut parts = Vec::with_capacity(secrets.len());
    for (index, secret) in secrets.iter().enumerate() {
        let bad = BadSecret::Malformed(index + 1);
        let text = secret.expose_secret().trim();
        let key = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).map_err(|_| bad)?;
        if key.is_empty() {
            return Err(bad);
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| bad)?;
        mac.update(format!("{id}.{}.", at.as_second()).as_bytes());
        mac.update(body);
        parts.push(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    }
    Ok(parts.join(" "))
}

#[cfg(test)]
mod tests {
    use sha2::Digest as _;

    use super::*;

    /// HMAC written out from RFC 2104, so that a wrong use of the crate would show.
    fn by_hand(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut block = [0_u8; 64];
        block[..key.len()].copy_from_slice(key);
        let pad = |byte: u8| block.iter().map(|b| b ^ byte).collect::<Vec<u8>>();
        let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
        Sha256::digest([pad(0x5c), inner.to_vec()].concat()).to_vec()
    }

    #[test]
    fn matches_the_published_vector() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signed = signature(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signed.as_deref(), Ok("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn a_rotation_signs_with_every_secret_in_order() {
        let keys: [&[u8]; 2] = [b"a new key of this receiver", b"its old one"];
        let secrets = keys.map(|key| SecretString::from(format!("whsec_{}", STANDARD.encode(key))));
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let expected =
            keys.map(|key| format!("v1,{}", STANDARD.encode(by_hand(key, b"evt_1.1700000000.body")))).join(" ");
        assert_eq!(signature(&secrets, "evt_1", at, b"body"), Ok(expected));
    }

    #[test]
    fn a_bad_secret_is_named_by_position_only() {
        let secrets = [SecretString::from("whsec_aGk="), SecretString::from("whsec_!hunter2!")];
        let error = signature(&secrets, "id", Timestamp::UNIX_EPOCH, b"").unwrap_err();
        assert_eq!(error, BadSecret::Malformed(2));
        assert!(!error.to_string().contains("hunter2"));
        assert!(signature(&[SecretString::from("whsec_")], "id", Timestamp::UNIX_EPOCH, b"").is_err());
        assert_eq!(judge(&[]), Err(BadSecret::Missing));
    }
}

//! Parsers of argument values.

use std::time::Duration;

use jiff::Timestamp;

use crate::app::config::{is_role_name, parse_duration};
use crate::types::{AccountId, GoldenRef, Severity};

/// `24h`, `7d`, …
pub fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text)
}

/// `info` to `critical`.
pub fn severity(text: &str) -> Result<Severity, String> {
    text.parse()
}

/// `LINE@VERSION`.
pub fn golden_ref(text: &str) -> Result<GoldenRef, String> {
    GoldenRef::parse(text).ok_or_else(|| "write LINE@VERSION, e.g. web@2026.11.1".to_owned())
}

/// 12 digits.
pub fn account(text: &str) -> Result<AccountId, String> {
    let fits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(AccountId::new(text)) } else { Err("an account id has 12 digits".to_owned()) }
}

/// `arn:PARTITION:iam::ACCOUNT:role/NAME`. It goes into policies, where a `*` would stand for every role.
pub fn role(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let letters = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    match parts.as_slice() {
        ["arn", partition, "iam", "", account, name] if letters(partition) && self::account(account).is_ok() => {
            match name.strip_prefix("role/") {
                Some(name) if is_role_name(name) => Ok(text.to_owned()),
                Some(name) if name.contains(['*', '?']) => {
                    Err("name each role: a pattern would let every role that it matches be passed to EC2".to_owned())
                }
                _ => Err("write the role's ARN, e.g. arn:aws:iam::111122223333:role/web".to_owned()),
            }
        }
        _ => Err("write the role's ARN, e.g. arn:aws:iam::111122223333:role/web".to_owned()),
    }
}

/// `KEY=VALUE` with a key that is not empty.
pub fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE".to_owned()),
    }
}

/// Text with something in it.
pub fn not_empty(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// A share in percent, 0 to 100.
pub fn percent(text: &str) -> Result<f64, String> {
    text.trim_end_matches('%')
        .parse()
        .ok()
        .filter(|number| (0.0..=100.0).contains(number))
        .ok_or_else(|| "write a number from 0 to 100".to_owned())
}

/// `SEQ:HASH` of an audit entry: a number and 64 hex digits.
pub fn audit_head(text: &str) -> Result<(i64, String), String> {
    let parts = text.split_once(':').and_then(|(seq, hash)| Some((seq.parse::<i64>().ok()?, hash)));
    match parts {
        Some((seq, hash)) if seq > 0 && hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok((seq, hash.to_ascii_lowercase()))
        }
        _ => Err("write SEQ:HASH as `audit verify` prints it".to_owned()),
    }
}

/// A day (its beginning in UTC) or an instant, RFC 3339.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    let day = |text: &str| format!("{text}T00:00:00Z").parse::<Timestamp>();
    text.parse()
        .or_else(|_| day(text))
        .map_err(|_| "write a day, 2026-10-01, or an instant, 2026-10-01T12:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_one_role() {
        assert!(role("arn:aws:iam::111122223333:role/web").is_ok());
        assert!(role("arn:aws-us-gov:iam::111122223333:role/some/path/we_b+=,.@-1").is_ok());
        let refused = |text: &str| role(text).expect_err(text);
        assert!(refused("arn:aws:iam::111122223333:role/*").contains("name each role"));
        assert!(refused("arn:aws:iam::111122223333:role/web-?").contains("name each role"));
        for name in ["", "web/", "we\"b", "${web}", "web\n", "wéb"] {
            assert!(
                refused(&format!("arn:aws:iam::111122223333:role/{name}")).starts_with("write the role's"),
                "{name}"
            );
        }
        assert!(role("arn:*:iam::111122223333:role/web").is_err() && role("arn:aws:iam::*:role/web").is_err());
        assert!(role("arn:aws:iam::111122223333:instance-profile/web").is_err());
    }
}

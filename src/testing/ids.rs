//! Identifiers in the formats AWS uses, derived from a seed: the same steps give the same ids in every run.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Makes identifiers. Each kind counts for itself, so a further event does not change the instance ids.
#[derive(Debug)]
pub(super) struct IdSource {
    seed: u64,
    counters: BTreeMap<&'static str, u64>,
}

impl IdSource {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, counters: BTreeMap::new() }
    }

    /// `<prefix>-0` and 16 hex digits: the long format of EC2 resources.
    pub(super) fn resource(&mut self, prefix: &'static str) -> String {
        let hex = self.next(prefix);
        format!("{prefix}-0{}", first(&hex, 16))
    }

    /// A random-looking UUID, as used for events, requests and commands.
    pub(super) fn uuid(&mut self, kind: &'static str) -> String {
        as_uuid(&self.next(kind))
    }

    /// Lower-case letters and digits, e.g. for the end of an SSM session id.
    pub(super) fn suffix(&mut self, kind: &'static str) -> String {
        first(&self.next(kind), 26).to_owned()
    }

    fn next(&mut self, kind: &'static str) -> String {
        let counter = self.counters.entry(kind).or_default();
        *counter += 1;
        stable_hex(&format!("{}:{kind}:{counter}", self.seed))
    }
}

/// 64 hex digits that depend on the text alone.
pub(super) fn stable_hex(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// A number that depends on the text alone.
pub(super) fn stable_number(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// An IAM unique id such as `AROA…`, stable for a name. The alphabet has no 0, 1, 8 and 9, as base32.
pub(super) fn iam_id(prefix: &str, name: &str) -> String {
    let letters: String = stable_hex(name).to_uppercase().chars().take(17).map(unlike_digits).collect();
    format!("{prefix}{letters}")
}

fn unlike_digits(letter: char) -> char {
    match letter {
        '0' => 'Q',
        '1' => 'R',
        '8' => 'S',
        '9' => 'T',
        other => other,
    }
}

/// 24 characters of base64 over 16 bytes, the form of the inventory `contentHash`. The agent takes MD5;
/// nobody outside the agent can recompute it, so any digest that is equal for equal content will do.
pub(super) fn content_hash(content: &[u8]) -> String {
    let hash = blake3::hash(content);
    STANDARD.encode(hash.as_bytes().iter().take(16).copied().collect::<Vec<u8>>())
}

fn as_uuid(hex: &str) -> String {
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

fn first(hex: &str, digits: usize) -> &str {
    hex.get(..digits).unwrap_or(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_those_of_aws_and_repeatable() {
        let mut ids = IdSource::new(7);
        let instance = ids.resource("i");
        assert_eq!(instance.len(), "i-".len() + 17);
        assert!(instance.chars().skip(2).all(|letter| letter.is_ascii_hexdigit()));
        assert_ne!(ids.resource("i"), instance);
        assert_eq!(IdSource::new(7).resource("i"), instance);
        assert_ne!(IdSource::new(8).resource("i"), instance);
        assert_eq!(uuid::Uuid::parse_str(&ids.uuid("event")).map(|id| id.get_version_num()), Ok(4));
        assert_eq!(iam_id("AROA", "ops").len(), 21);
        assert_eq!(content_hash(b"x").len(), 24);
    }

    #[test]
    fn one_kind_does_not_shift_another() {
        let (mut quiet, mut busy) = (IdSource::new(1), IdSource::new(1));
        busy.uuid("event");
        assert_eq!(quiet.resource("i"), busy.resource("i"));
    }
}

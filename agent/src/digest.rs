//! BLAKE3 digests as they are written everywhere: `blake3:` and 64 hex digits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The algorithm prefix of the text form.
const PREFIX: &str = "blake3:";

/// A BLAKE3 digest of 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Wraps 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest of `data`.
    pub fn of(data: &[u8]) -> Self {
        Self(*blake3::hash(data).as_bytes())
    }

    /// What a hasher has seen so far.
    pub fn finish(hasher: &blake3::Hasher) -> Self {
        Self(*hasher.finalize().as_bytes())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 12 hex digits: enough to tell two versions apart on a screen, not to prove anything.
    pub fn short(&self) -> String {
        self.hex().chars().take(12).collect()
    }

    fn hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Digests what comes in many small pieces. BLAKE3 is quickest on many blocks at once, and slow on one at a time.
#[derive(Debug, Default)]
pub struct Gathering {
    hasher: blake3::Hasher,
    /// What the hasher has not seen yet.
    pending: Vec<u8>,
}

impl Gathering {
    /// So much is handed over at once.
    const PIECE: usize = 64 * 1024;

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= Self::PIECE {
            self.hand_over();
        }
    }

    /// The digest of everything so far.
    pub fn finish(&mut self) -> Digest {
        self.hand_over();
        Digest::finish(&self.hasher)
    }

    fn hand_over(&mut self) {
        self.hasher.update(&self.pending);
        self.pending.clear();
    }
}

/// A text that is not a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is `blake3:` and 64 hex digits")]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let hex = text.strip_prefix(PREFIX).ok_or(NotADigest)?;
        blake3::Hash::from_hex(hex).map(|hash| Self(*hash.as_bytes())).map_err(|_| NotADigest)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_the_digest_of_the_whole() {
        let whole: Vec<u8> = (0..Gathering::PIECE * 2 + 7).map(|at| at.to_le_bytes()[0]).collect();
        for size in [1, 100, Gathering::PIECE - 1, Gathering::PIECE, whole.len()] {
            let mut gathering = Gathering::default();
            for piece in whole.chunks(size) {
                gathering.update(piece);
            }
            assert_eq!(gathering.finish(), Digest::of(&whole), "pieces of {size}");
        }
    }

    #[test]
    fn text_form_round_trips_and_nothing_else_parses() {
        let digest = Digest::of(b"x");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for bad in ["", "blake3:", "sha256:00", &digest.to_string()[7..], &format!("{digest}0")] {
            assert_eq!(bad.parse::<Digest>(), Err(NotADigest), "{bad}");
        }
    }
}

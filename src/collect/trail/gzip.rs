//! Decompresses a gzip file of one member at once.

use libdeflater::{Crc, Decompressor};
use memchr::memmem;

use super::dir::GZIP_MAGIC;

/// Magic, method, flags, time, extra flags, system (RFC 1952, 2.3).
const HEADER: usize = 10;
/// CRC-32 and length.
const TRAILER: usize = 8;
const DEFLATE: u8 = 8;
/// Flag: a file name follows the header.
const NAMED: u8 = 8;
/// Deflate cannot do better ("zlib Technical Details": 1032 to 1).
const MOST: usize = 1032;

/// Whether it says that it is gzip.
pub(super) fn is_gzip(stored: &[u8]) -> bool {
    stored.starts_with(&GZIP_MAGIC)
}

/// Decompresses; keeps its tables.
pub(super) struct Inflater {
    decompressor: Decompressor,
}

impl Default for Inflater {
    fn default() -> Self {
        Self { decompressor: Decompressor::new() }
    }
}

impl Inflater {
    /// The content of a file of one member that is not greater than `most`; `None` otherwise.
    ///
    /// The trailer at the very end must fit what was decompressed, and must not stand anywhere before: so a second
    /// member, or anything else after the first, is not overlooked, not even where the last member is the first once
    /// more.
    pub(super) fn inflate<'t>(&mut self, stored: &[u8], most: usize, text: &'t mut Vec<u8>) -> Option<Content<'t>> {
        let (rest, trailer) = stored.split_last_chunk::<TRAILER>()?;
        let (crc, length) = trailer.split_first_chunk::<4>()?;
        let crc = u32::from_le_bytes(*crc);
        let length = usize::try_from(u32::from_le_bytes(*length.first_chunk()?)).ok()?;
        let deflated = deflated(rest)?;
        if memmem::find(deflated, trailer).is_some() {
            return None;
        }
        if length > most || length > deflated.len().saturating_mul(MOST) {
            return None;
        }
        if text.len() < length {
            text.resize(length, 0);
        }
        let room = text.get_mut(..length)?;
        let got = self.decompressor.deflate_decompress(deflated, room).ok()?;
        (got == length).then_some(Content { text: room, expected: Some(crc), found: Crc::new(), at: 0 })
    }
}

/// What a log holds, with the sum that shows whether that is sound. The sum is made while the text is read: each part of
/// it is then fetched from memory once.
pub(super) struct Content<'t> {
    text: &'t [u8],
    /// `None` where nobody has said what the sum should be.
    expected: Option<u32>,
    found: Crc,
    /// How far the sum goes.
    at: usize,
}

impl<'t> Content<'t> {
    /// What is stored as it is.
    pub(super) fn plain(text: &'t [u8]) -> Self {
        Self { text, expected: None, found: Crc::new(), at: 0 }
    }

    pub(super) fn text(&self) -> &'t [u8] {
        self.text
    }

    /// Sums up so far, if nobody did before.
    pub(super) fn sum_to(&mut self, end: usize) {
        if self.expected.is_some()
            && let Some(part) = self.text.get(self.at..end)
        {
            self.found.update(part);
            self.at = end;
        }
    }

    /// Whether all of it is as it was when it was compressed.
    pub(super) fn is_sound(&mut self) -> bool {
        self.sum_to(self.text.len());
        self.expected.is_none_or(|expected| expected == self.found.sum())
    }

    /// The text, if it is sound.
    pub(super) fn sound(mut self) -> Option<&'t [u8]> {
        self.is_sound().then_some(self.text)
    }
}

/// What follows the header, if that is of the simple kind that log files have.
fn deflated(stored: &[u8]) -> Option<&[u8]> {
    let (header, rest) = stored.split_first_chunk::<HEADER>()?;
    let [_, _, method, flags, ..] = *header;
    match flags {
        _ if method != DEFLATE => None,
        0 => Some(rest),
        NAMED => rest.iter().position(|byte| *byte == 0).and_then(|end| rest.get(end + 1..)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::collect::trail::agree::agree;

    fn stored(members: &[&str]) -> Vec<u8> {
        let mut stored = Vec::new();
        for member in members {
            let mut encoder = GzEncoder::new(&mut stored, Compression::fast());
            encoder.write_all(member.as_bytes()).unwrap();
            encoder.finish().unwrap();
        }
        stored
    }

    fn inflated(members: &[&str]) -> Option<String> {
        let mut text = Vec::new();
        let content = Inflater::default().inflate(&stored(members), 1024, &mut text)?;
        content.sound().map(|text| String::from_utf8(text.to_vec()).unwrap())
    }

    #[test]
    fn one_member_is_decompressed_and_several_are_left_to_others() {
        let (a, b) = (r#"{"Records":[{"eventName":"StopInstances"}]}"#, r#"{"Records":[]}"#);
        assert_eq!(inflated(&[a]).as_deref(), Some(a));
        assert_eq!(inflated(&[""]).as_deref(), Some(""));
        // The last three end as they begin: by its trailer alone, what is between would be overlooked.
        for members in [&[a, b][..], &["", a], &[a, a], &[a, b, a], &["", a, ""]] {
            assert_eq!(inflated(members), None, "{members:?}");
            assert_eq!(agree(&stored(members)), Ok(()), "{members:?}");
        }
    }

    #[test]
    fn the_sum_is_the_same_in_parts_and_shows_what_is_damaged() {
        let (text, mut room) = (r#"{"Records":[{"eventName":"StopInstances"}]}"#, Vec::new());
        let mut stored = stored(&[text]);
        let mut inflater = Inflater::default();
        for parts in [vec![], vec![7], vec![7, 3, 20, 1_000], vec![text.len()]] {
            let mut content = inflater.inflate(&stored, 1024, &mut room).unwrap();
            parts.iter().for_each(|end| content.sum_to(*end));
            assert!(content.is_sound(), "{parts:?}");
        }
        let sum = stored.len() - TRAILER;
        stored[sum] ^= 1;
        assert!(!inflater.inflate(&stored, 1024, &mut room).unwrap().is_sound());
        assert_eq!(agree(&stored), Ok(()));
    }
}

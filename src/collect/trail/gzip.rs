//! Decompresses a gzip file of one member at once.

use libdeflater::{Crc, Decompressor};

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
    /// The content of a file of one member that is sound and not greater than `most`; `None` otherwise.
    ///
    /// The trailer at the very end must fit what was decompressed: so a second member, or anything else after the
    /// first, is not overlooked, unless it is the first once more.
    pub(super) fn inflate<'t>(&mut self, stored: &[u8], most: usize, text: &'t mut Vec<u8>) -> Option<&'t [u8]> {
        let (rest, trailer) = stored.split_last_chunk::<TRAILER>()?;
        let (crc, length) = trailer.split_first_chunk::<4>()?;
        let crc = u32::from_le_bytes(*crc);
        let length = usize::try_from(u32::from_le_bytes(*length.first_chunk()?)).ok()?;
        let deflated = deflated(rest)?;
        if length > most || length > deflated.len().saturating_mul(MOST) {
            return None;
        }
        if text.len() < length {
            text.resize(length, 0);
        }
        let room = text.get_mut(..length)?;
        let got = self.decompressor.deflate_decompress(deflated, room).ok()?;
        let mut found = Crc::new();
        found.update(room);
        (got == length && found.sum() == crc).then_some(&*room)
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

//! Content of objects, decompressed as a stream and hashed on the way.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

const BUFFER: usize = 64 * 1024;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// A digest lists the log files of an hour at about 500 bytes each: room for some 60,000 of them.
const LARGEST_DIGEST: u64 = 32 << 20;
/// CloudTrail cuts log files at some tens of MB. What is larger was made to keep us busy.
const LARGEST_LOG: u64 = 8 << 30;

/// The uncompressed content of a digest file with its SHA-256 in hex.
pub(super) fn read_digest(input: Box<dyn Read + Send>) -> io::Result<(Vec<u8>, String)> {
    let mut content = Vec::new();
    let hash = hash_into(input, LARGEST_DIGEST, &mut |piece| content.extend_from_slice(piece))?;
    Ok((content, hash))
}

/// SHA-256 in hex of the uncompressed content of a log file, and its size.
pub(super) fn hash_log(input: Box<dyn Read + Send>) -> io::Result<(String, u64)> {
    let mut size = 0;
    let hash = hash_into(input, LARGEST_LOG, &mut |piece| size += piece.len() as u64)?;
    Ok((hash, size))
}

/// All members of a gzip file count: what is appended to the first one is read by everybody else as well.
fn hash_into(input: impl Read, largest: u64, sink: &mut dyn FnMut(&[u8])) -> io::Result<String> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    if input.fill_buf()?.starts_with(&GZIP_MAGIC) {
        pump(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(input)), largest, sink)
    } else {
        pump(input, largest, sink)
    }
}

fn pump(mut input: impl BufRead, largest: u64, sink: &mut dyn FnMut(&[u8])) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut total = 0_u64;
    loop {
        let piece = match input.fill_buf() {
            Ok([]) => return Ok(hex(&hasher.finalize())),
            Ok(piece) => piece,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let length = piece.len();
        total = total.saturating_add(length as u64);
        if total > largest {
            let message = format!("it is larger than {largest} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        hasher.update(piece);
        sink(piece);
        input.consume(length);
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of an even number of hex digits.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

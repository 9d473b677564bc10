//! Frames between scanner and worker: one byte of kind, four of length (little-endian), then the payload.

use std::io;

/// The protocol's version, in [`Hello`](super::level::Hello). Both sides are one program, so another version means that
/// something is wrong with the installation.
pub(super) const VERSION: u16 = 2;

/// Bytes before the payload.
pub(super) const HEADER: usize = 5;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Worker: version and sandbox.
    Hello,
    /// Scanner: files and data.
    Load,
    /// Worker: the packages that decide.
    Loaded,
    /// Worker: what is wrong with the files.
    Refused,
    /// Scanner: an input document, after two bytes that choose a package.
    Ask,
    /// Worker: what the rules said.
    Answer,
    /// Scanner: the packages that are not asked any more when all are, each as two bytes.
    Aside,
}

impl Kind {
    const ALL: [Self; 7] = [Self::Hello, Self::Load, Self::Loaded, Self::Refused, Self::Ask, Self::Answer, Self::Aside];

    fn code(self) -> u8 {
        match self {
            Self::Hello => 1,
            Self::Load => 2,
            Self::Loaded => 3,
            Self::Refused => 4,
            Self::Ask => 5,
            Self::Answer => 6,
            Self::Aside => 7,
        }
    }

    /// Most bytes of its payload.
    fn limit(self) -> usize {
        const MIB: usize = 1024 * 1024;
        match self {
            Self::Hello => 64 * 1024,
            Self::Aside => 2 * (u16::MAX as usize),
            Self::Load => 256 * MIB,
            Self::Loaded | Self::Refused => 4 * MIB,
            Self::Ask => crate::evaluate::MAX_INPUT_BYTES + 2,
            Self::Answer => crate::evaluate::MAX_ANSWER_BYTES,
        }
    }
}

/// The header of a frame.
///
/// # Errors
/// When the payload is larger than such a frame may be.
pub(super) fn header(kind: Kind, length: usize) -> io::Result<[u8; HEADER]> {
    let too_large = || io::Error::other(format!("a frame {kind:?} of {length} bytes"));
    if length > kind.limit() {
        return Err(too_large());
    }
    let [a, b, c, d] = u32::try_from(length).map_err(|_| too_large())?.to_le_bytes();
    Ok([kind.code(), a, b, c, d])
}

/// Kind and length that a header announces; `None` when there are too few bytes for one.
///
/// # Errors
/// When it is no header, or announces more than such a frame may hold.
pub(super) fn announced(bytes: &[u8]) -> io::Result<Option<(Kind, usize)>> {
    let Some(&[code, a, b, c, d]) = bytes.first_chunk::<HEADER>() else { return Ok(None) };
    let kind = Kind::ALL.into_iter().find(|kind| kind.code() == code);
    let kind = kind.ok_or_else(|| io::Error::other(format!("a frame of the unknown kind {code}")))?;
    let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    if length > kind.limit() {
        return Err(io::Error::other(format!("a frame {kind:?} of {length} bytes")));
    }
    Ok(Some((kind, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written() {
        for kind in Kind::ALL {
            let bytes = header(kind, 777).unwrap();
            assert_eq!(announced(&bytes).unwrap(), Some((kind, 777)));
        }
        assert_eq!(announced(&[1, 0, 0, 0]).unwrap(), None);
    }

    #[test]
    fn what_is_too_large_or_unknown_is_refused_on_both_sides() {
        assert!(header(Kind::Answer, crate::evaluate::MAX_ANSWER_BYTES + 1).is_err());
        assert!(announced(&[6, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(announced(&[0, 0, 0, 0, 0]).is_err());
        assert!(announced(b"HTTP/1.1").is_err());
    }
}

//! Entries as bytes. The bytes of [`put_facts`] are what digests cover, so one set of facts has exactly one form.
//! The layout is part of the manifest format (docs/AGENT.md): change it only with the format's version.

use super::{Entry, Facts, Flaw, Kind, Missing, Times, Xattr, XattrValue};
use crate::codec::{CodecError, Cursor, put_bytes, put_number, put_signed};

/// Appends the judged facts.
pub fn put_facts(out: &mut Vec<u8>, facts: &Facts) {
    let Facts { kind, mode, uid, gid, attributes, xattrs, flaws } = facts;
    out.push(kind_tag(kind));
    put_number(out, u64::from(*mode));
    put_number(out, u64::from(*uid));
    put_number(out, u64::from(*gid));
    out.push(*attributes);
    put_kind(out, kind);
    put_number(out, xattrs.len() as u64);
    for Xattr { name, value } in xattrs {
        put_bytes(out, name);
        match value {
            XattrValue::Bytes(bytes) => {
                out.push(0);
                put_bytes(out, bytes);
            }
            XattrValue::Digest(digest) => {
                out.push(1);
                out.extend_from_slice(digest.as_bytes());
            }
        }
    }
    put_number(out, flaws.len() as u64);
    for Flaw { what, errno } in flaws {
        out.push(missing_tag(*what));
        put_number(out, u64::from(*errno));
    }
}

fn put_kind(out: &mut Vec<u8>, kind: &Kind) {
    match kind {
        Kind::File { size, content, link } => {
            put_number(out, *size);
            out.push(u8::from(content.is_some()));
            if let Some(digest) = content {
                out.extend_from_slice(digest.as_bytes());
            }
            out.push(u8::from(link.is_some()));
            if let Some(path) = link {
                put_bytes(out, path);
            }
        }
        Kind::Symlink { target } => put_bytes(out, target),
        Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } => {
            put_number(out, u64::from(*major));
            put_number(out, u64::from(*minor));
        }
        Kind::Mount { file_system } => put_bytes(out, file_system),
        Kind::Directory | Kind::Fifo | Kind::Socket | Kind::Unknown => {}
    }
}

/// Reads what [`put_facts`] wrote.
///
/// # Errors
/// On any byte that it does not write.
pub fn take_facts(cursor: &mut Cursor<'_>) -> Result<Facts, CodecError> {
    let tag = cursor.byte()?;
    let mode = cursor.small::<u16>()?;
    if mode > 0o7777 {
        return Err(CodecError::Range);
    }
    let (uid, gid, attributes) = (cursor.small()?, cursor.small()?, cursor.byte()?);
    let kind = take_kind(tag, cursor)?;
    let mut xattrs = Vec::new();
    for _ in 0..cursor.number()? {
        let name = cursor.bytes()?.to_vec();
        let value = match cursor.byte()? {
            0 => XattrValue::Bytes(cursor.bytes()?.to_vec()),
            1 => XattrValue::Digest(cursor.digest()?),
            other => return Err(CodecError::Tag(other)),
        };
        xattrs.push(Xattr { name, value });
    }
    let mut flaws = Vec::new();
    for _ in 0..cursor.number()? {
        flaws.push(Flaw { what: missing(cursor.byte()?)?, errno: cursor.small()? });
    }
    Ok(Facts { kind, mode, uid, gid, attributes, xattrs, flaws })
}

fn take_kind(tag: u8, cursor: &mut Cursor<'_>) -> Result<Kind, CodecError> {
    Ok(match tag {
        1 => Kind::Directory,
        2 => Kind::File {
            size: cursor.number()?,
            content: if take_flag(cursor)? { Some(cursor.digest()?) } else { None },
            link: if take_flag(cursor)? { Some(cursor.bytes()?.to_vec()) } else { None },
        },
        3 => Kind::Symlink { target: cursor.bytes()?.to_vec() },
        4 => Kind::CharDevice { major: cursor.small()?, minor: cursor.small()? },
        5 => Kind::BlockDevice { major: cursor.small()?, minor: cursor.small()? },
        6 => Kind::Fifo,
        7 => Kind::Socket,
        8 => Kind::Mount { file_system: cursor.bytes()?.to_vec() },
        9 => Kind::Unknown,
        other => return Err(CodecError::Tag(other)),
    })
}

fn take_flag(cursor: &mut Cursor<'_>) -> Result<bool, CodecError> {
    match cursor.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(CodecError::Tag(other)),
    }
}

fn kind_tag(kind: &Kind) -> u8 {
    match kind {
        Kind::Directory => 1,
        Kind::File { .. } => 2,
        Kind::Symlink { .. } => 3,
        Kind::CharDevice { .. } => 4,
        Kind::BlockDevice { .. } => 5,
        Kind::Fifo => 6,
        Kind::Socket => 7,
        Kind::Mount { .. } => 8,
        Kind::Unknown => 9,
    }
}

fn missing_tag(what: Missing) -> u8 {
    match what {
        Missing::Metadata => 1,
        Missing::Content => 2,
        Missing::StableContent => 3,
        Missing::Listing => 4,
        Missing::Limit => 5,
        Missing::Xattrs => 6,
        Missing::Target => 7,
    }
}

fn missing(tag: u8) -> Result<Missing, CodecError> {
    Ok(match tag {
        1 => Missing::Metadata,
        2 => Missing::Content,
        3 => Missing::StableContent,
        4 => Missing::Listing,
        5 => Missing::Limit,
        6 => Missing::Xattrs,
        7 => Missing::Target,
        other => return Err(CodecError::Tag(other)),
    })
}

/// Appends a path without what it shares with the one before it.
pub fn put_path(out: &mut Vec<u8>, path: &[u8], previous: &[u8]) {
    let shared = path.iter().zip(previous).take_while(|(left, right)| left == right).count();
    put_number(out, shared as u64);
    put_bytes(out, path.get(shared..).unwrap_or_default());
}

/// Appends a whole entry; `previous` is the path of the entry before it, whose beginning is not repeated.
pub fn put_entry(out: &mut Vec<u8>, entry: &Entry, previous: &[u8]) {
    let Entry { path, facts, times: Times { modified, changed }, package } = entry;
    put_path(out, path, previous);
    put_facts(out, facts);
    for (seconds, nanoseconds) in [modified, changed] {
        put_signed(out, *seconds);
        put_number(out, u64::from(*nanoseconds));
    }
    put_number(out, package.map_or(0, |index| u64::from(index) + 1));
}

/// Reads what [`put_entry`] wrote.
///
/// # Errors
/// On any byte that it does not write.
pub fn take_entry(record: &[u8], previous: &[u8]) -> Result<Entry, CodecError> {
    let mut cursor = Cursor::new(record);
    let path = take_path_at(&mut cursor, previous)?;
    let facts = take_facts(&mut cursor)?;
    let mut time = || Ok::<_, CodecError>((cursor.signed()?, cursor.small::<u32>()?));
    let times = Times { modified: time()?, changed: time()? };
    let package = match cursor.number()? {
        0 => None,
        position => Some(u32::try_from(position - 1).map_err(|_| CodecError::Range)?),
    };
    cursor.end()?;
    Ok(Entry { path, facts, times, package })
}

/// The path alone of what [`put_entry`] wrote, and whether it is a folder.
///
/// # Errors
/// As [`take_entry`].
pub fn take_path(record: &[u8], previous: &[u8]) -> Result<(Vec<u8>, bool), CodecError> {
    let mut cursor = Cursor::new(record);
    let path = take_path_at(&mut cursor, previous)?;
    Ok((path, cursor.byte()? == kind_tag(&Kind::Directory)))
}

/// Reads what [`put_path`] wrote.
///
/// # Errors
/// On any byte that it does not write.
pub fn take_path_at(cursor: &mut Cursor<'_>, previous: &[u8]) -> Result<Vec<u8>, CodecError> {
    let shared = cursor.small::<usize>()?;
    let mut path = previous.get(..shared).ok_or(CodecError::Range)?.to_vec();
    path.extend_from_slice(cursor.bytes()?);
    Ok(path)
}

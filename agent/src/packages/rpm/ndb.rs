//! `Packages.db`: pages of slots, each of which says where a header lies (rpm's `lib/backend/ndb/rpmpkg.c`). Numbers are
//! little-endian.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::{MAX_HEADER, Visit};

/// Bytes before the first slot, of a slot, and of a page of slots with those before it.
const HEAD: usize = 32;
const SLOT: usize = 16;
const PAGE: usize = 4096;

/// Headers take blocks of this many bytes.
const BLOCK: usize = 16;

/// Before and after each header.
const BLOB_HEAD: usize = 16;
const BLOB_TAIL: usize = 12;

/// More packages than any system has: a page has 256.
const MAX_PAGES: u32 = 4096;

/// Shows each header.
pub(super) fn each(path: &Path, visit: &mut Visit<'_>) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let head: [u8; HEAD] = at(&file, 0, HEAD)?.try_into().map_err(|_| "it is too short")?;
    let (magic, pages) = (&head[..4], word(&head, 12));
    if magic != b"RpmP" || word(&head, 4) != Some(0) {
        return Err("it is not one, or of an unknown version".to_owned());
    }
    let pages = pages.filter(|pages| *pages <= MAX_PAGES).ok_or("it has too many pages")?;
    for page in 0..u64::from(pages) {
        let slots = at(&file, page * PAGE as u64, PAGE)?;
        // The head stands where the first page's first slots would be.
        let first = if page == 0 { HEAD } else { 0 };
        for slot in slots.get(first..).unwrap_or_default().chunks_exact(SLOT) {
            let number = word(slot, 4);
            if slot.get(..4) != Some(b"Slot") {
                return Err("a slot is damaged".to_owned());
            }
            if let (Some(number @ 1..), Some(block), Some(blocks)) = (number, word(slot, 8), word(slot, 12)) {
                visit(&header(&file, number, block, blocks)?)?;
            }
        }
    }
    Ok(())
}

/// The header of a package: between a head and a tail, which ends the last of its blocks.
fn header(file: &File, number: u32, block: u32, blocks: u32) -> Result<Vec<u8>, String> {
    let damaged = || format!("the entry of package {number} is damaged");
    let length = usize::try_from(blocks).ok().and_then(|blocks| blocks.checked_mul(BLOCK));
    let length = length.filter(|length| *length <= MAX_HEADER).ok_or_else(damaged)?;
    let mut entry = at(file, u64::from(block) * BLOCK as u64, length)?;
    let (head, tail) = (entry.first_chunk::<BLOB_HEAD>(), entry.last_chunk::<BLOB_TAIL>());
    let (head, tail) = head.zip(tail).ok_or_else(damaged)?;
    let told = word(head, 12).filter(|told| Some(*told) == word(tail, 4));
    if !head.starts_with(b"BlbS") || word(head, 4) != Some(number) || !tail.ends_with(b"BlbE") {
        return Err(damaged());
    }
    let told = told.and_then(|told| usize::try_from(told).ok()).ok_or_else(damaged)?;
    entry.drain(..BLOB_HEAD);
    if told.saturating_add(BLOB_TAIL) > entry.len() {
        return Err(damaged());
    }
    entry.truncate(told);
    Ok(entry)
}

fn at(file: &File, place: u64, length: usize) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, place).map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn word(bytes: &[u8], place: usize) -> Option<u32> {
    bytes.get(place..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

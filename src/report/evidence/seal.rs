//! The seal: a SHA-256 of every byte before it, in the comment that ends a zip (PKWARE APPNOTE 6.3.10, section 4.3.16).

use sha2::{Digest as _, Sha256};

use super::{EvidenceFault, hex};

const MARK: &str = "cattleguard-evidence/v1 sha256=";
/// The mark and 64 hex digits.
const LENGTH: usize = MARK.len() + 64;
/// The length of the comment, in the two bytes before it.
const LENGTH_FIELD: usize = 2;

/// Ends a zip without a comment with its seal.
pub(super) fn seal(mut zip: Vec<u8>) -> Result<Vec<u8>, EvidenceFault> {
    let form = || EvidenceFault::Write("it does not end as a zip does".to_owned());
    let at = zip.len().checked_sub(LENGTH_FIELD).ok_or_else(form)?;
    if zip.split_off(at) != [0, 0] {
        return Err(form());
    }
    let length = u16::try_from(LENGTH).map_err(|_| form())?;
    zip.extend(length.to_le_bytes());
    let digest = hex(Sha256::digest(&zip));
    zip.extend(MARK.bytes().chain(digest.bytes()));
    Ok(zip)
}

/// Checks the seal of a whole file.
pub(super) fn check(file: &[u8]) -> Result<(), EvidenceFault> {
    let form = || EvidenceFault::Form("it does not end with a seal".to_owned());
    let at = file.len().checked_sub(LENGTH).ok_or_else(form)?;
    let (body, comment) = file.split_at(at);
    let given = comment.strip_prefix(MARK.as_bytes()).ok_or_else(form)?;
    if hex(Sha256::digest(body)).as_bytes() == given { Ok(()) } else { Err(EvidenceFault::Seal) }
}

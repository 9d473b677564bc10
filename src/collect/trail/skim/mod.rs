//! Finds the records of a log file that may matter, without parsing the others.
//!
//! One pass over the text, 64 bytes at a time, knows for every byte whether it is in a string and how deep it is
//! nested; so a string or a nested object that looks like a record can neither forge nor hide one. A record is
//! passed over when its outermost `eventSource` and `eventName` say surely that it cannot matter. What is in
//! doubt is handed on to be parsed, and a text that is laid out in another way than CloudTrail lays out its files
//! is not judged at all: the caller then cuts and parses it plainly ([`super::split`]), which gives the same answer.
//!
//! Beyond brackets, strings, depth and UTF-8, the inside of a record that is passed over is not checked.

mod lanes;
mod marks;
mod names;
mod record;
mod walk;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(super) use names::Names;

use super::classify::IgnoredReason;
use super::gzip::Content;

/// How CloudTrail begins its files.
const HEAD: &[u8] = b"{\"Records\":[";

/// Takes a record that has to be parsed: its number, from 1, and its text. `None` when the whole text has to be read
/// plainly.
pub(super) type Candidates<'c> = &'c mut dyn FnMut(u64, &[u8]) -> Option<()>;

/// What skimming a text came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Skimmed {
    /// Records in it.
    pub(super) records: u64,
    /// Those that cannot matter, by reason.
    pub(super) ignored: BTreeMap<IgnoredReason, u64>,
}

/// Skims one file, and sums it up on the way; `None` when it has to be read plainly, whatever was handed on by then.
///
/// A record is handed on soon after the walk has come to its end: it is still in a near cache then.
pub(super) fn skim(whole: &mut Content<'_>, names: &mut Names, candidates: Candidates<'_>) -> Option<Skimmed> {
    let text = whole.text().trim_ascii_end();
    let body = text.strip_prefix(HEAD).filter(|body| body.first() == Some(&b'{'))?;
    lanes::best(walk::Walk { body, names, whole, candidates })
}

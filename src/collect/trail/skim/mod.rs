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
use std::ops::Range;

pub(super) use names::Names;

use super::classify::IgnoredReason;

/// How CloudTrail begins its files.
const HEAD: &[u8] = b"{\"Records\":[";

/// What skimming a text came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Skimmed {
    /// Records in it.
    pub(super) records: u64,
    /// Those that cannot matter, by reason.
    pub(super) ignored: BTreeMap<IgnoredReason, u64>,
    /// Those to be parsed.
    pub(super) candidates: Vec<Candidate>,
}

/// A record to be parsed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Its number, from 1.
    pub(super) number: u64,
    /// Where it stands in the text.
    pub(super) range: Range<usize>,
}

/// Skims one file; `None` when it has to be read plainly.
pub(super) fn skim(text: &[u8], names: &mut Names) -> Option<Skimmed> {
    let text = text.trim_ascii_end();
    let body = text.strip_prefix(HEAD).filter(|body| body.first() == Some(&b'{'))?;
    let mut skimmed = lanes::best(walk::Walk { body, names })?;
    for candidate in &mut skimmed.candidates {
        candidate.range = candidate.range.start + HEAD.len()..candidate.range.end + HEAD.len();
    }
    Some(skimmed)
}

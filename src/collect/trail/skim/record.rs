//! What the pass has seen of the record that it is in.

use super::names::{Names, Verdict};

const NAME: &[u8] = b"\"eventName\":\"";
const ID: &[u8] = b"\"eventID\":\"";
const SOURCE: &[u8] = b",\"eventSource\":\"";
/// CloudTrail writes times in one way only.
const TIME: &[u8; 14] = b",\"eventTime\":\"";
const TIME_LENGTH: usize = "2026-11-24T02:40:00Z".len();
/// From the comma before the time to the quote that opens the source.
const HEAD: usize = TIME.len() + TIME_LENGTH + 1 + SOURCE.len();
const READ_ONLY: &[u8] = b",\"readOnly\":true";
/// Longer than any `eventName`, `eventSource` or `eventID`.
const LONGEST: usize = 128;

/// The present record.
pub(super) struct Present {
    pub(super) start: usize,
    names: u32,
    ids: u32,
    /// Where source and name stand, `service","eventName":"Name`, when both are in the usual place.
    call: Option<(usize, usize)>,
    /// Whether it says of itself that it only reads.
    reads: bool,
}

impl Present {
    pub(super) fn starting(start: usize) -> Self {
        Self { start, names: 0, ids: 0, call: None, reads: false }
    }

    /// Something like `"eventName"` or `"eventID"` stands at `at`.
    #[inline(always)]
    pub(super) fn name(&mut self, body: &[u8], at: usize, depth: u32) {
        let rest = body.get(at..).unwrap_or_default();
        if rest.starts_with(NAME) {
            self.names += 1;
            if depth == 1 {
                self.call = call(body.get(self.start..at).unwrap_or_default(), rest)
                    .map(|(before, after)| (at - before, at + after));
            }
        } else if rest.starts_with(ID) {
            self.ids += if depth == 1 { 1 } else { 2 };
            let rest = rest.get(ID.len()..).unwrap_or_default();
            let after = text_end(rest).and_then(|end| rest.get(end + 1..));
            self.reads = after.is_some_and(|after| after.starts_with(READ_ONLY));
        }
    }

    /// Whether it surely does not matter; counted if so. A second name or id, at any depth, leaves it in doubt.
    #[inline(always)]
    pub(super) fn is_passed_over(&self, body: &[u8], names: &mut Names) -> bool {
        let Some((from, to)) = self.call.filter(|_| self.names == 1 && self.ids == 1) else { return false };
        match names.verdict(body.get(from..to).unwrap_or_default()) {
            Verdict::Matters => false,
            Verdict::UnlessRead if !self.reads => false,
            verdict => names.count(verdict),
        }
    }
}

/// How far before the name the source begins, and how far after it the name ends. What stands in the source is for
/// [`Names`] to see: it looks at each call once.
#[inline(always)]
fn call(before: &[u8], name: &[u8]) -> Option<(usize, usize)> {
    let source = before.strip_suffix(b"\",")?;
    let window = source.get(source.len().saturating_sub(LONGEST)..)?;
    let quote = memchr::memrchr(b'"', window)?;
    let length = window.len() - quote - 1;
    let (_, head) = source.get(..source.len() - length)?.split_last_chunk::<HEAD>()?;
    let (time_name, rest) = head.split_first_chunk::<{ TIME.len() }>()?;
    let (time, source_name) = rest.split_first_chunk::<TIME_LENGTH>()?;
    let end = text_end(name.get(NAME.len()..)?)?;
    let is_time = !time.iter().fold(false, |quoted, byte| quoted | (*byte == b'"'));
    let is_plain = is_time && time_name == TIME && source_name.strip_prefix(b"\"") == Some(SOURCE);
    is_plain.then_some((length + 2, NAME.len() + end))
}

/// Where a short string without escapes ends.
#[inline(always)]
fn text_end(rest: &[u8]) -> Option<usize> {
    let window = rest.get(..rest.len().min(LONGEST))?;
    let end = memchr::memchr2(b'"', b'\\', window)?;
    (window.get(end) == Some(&b'"')).then_some(end)
}

//! JSON as CloudTrail writes it: without blanks between the parts, mostly without escapes, its numbers whole. Whoever
//! reads that only, reads it in a fraction of the time.
//!
//! Everything here says `None` when it meets anything else, right or wrong; `serde_json` then has the word. What is
//! read comes to what `serde_json` makes of it.

use std::borrow::Cow;

use super::tree::Tree;

/// Deeper than CloudTrail nests.
const MAX_DEPTH: usize = 40;
/// Digits of a number that surely fits into 64 bits.
const MAX_DIGITS: usize = 18;
/// Members that room is made for: most objects have no more. Less in each level, so that not all pieces of memory are of
/// one size: an allocator keeps a few of each at hand.
const ROOM: usize = 9;

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// Reads a whole text.
pub(super) fn tree(text: &str) -> Option<Tree<'_>> {
    let mut reader = Reader::new(text);
    let tree = reader.tree()?;
    reader.is_done().then_some(tree)
}

/// Goes through a text.
pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Whether nothing follows.
    pub(super) fn is_done(&self) -> bool {
        self.at == self.text.len()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Goes over one byte, which must be this.
    #[inline]
    fn over(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Whether another part follows, or the end.
    #[inline]
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        let byte = self.peek()?;
        self.at += 1;
        if byte == b',' { Some(true) } else { (byte == end).then_some(false) }
    }

    /// A string, with nothing in it that has to be decoded.
    #[inline]
    pub(super) fn string(&mut self) -> Option<&'t str> {
        self.over(b'"')?;
        let length = plain(self.rest());
        let text = self.text.get(self.at..self.at + length)?;
        self.at += length;
        self.over(b'"')?;
        Some(text)
    }

    /// An object: `member` is called after each name, and has to go over the value.
    pub(super) fn object(&mut self, mut member: impl FnMut(&mut Self, &'t str) -> Option<()>) -> Option<()> {
        self.over(b'{')?;
        if self.over(b'}').is_some() {
            return Some(());
        }
        self.deeper()?;
        loop {
            let name = self.string()?;
            self.over(b':')?;
            member(self, name)?;
            if !self.goes_on(b'}')? {
                self.depth -= 1;
                return Some(());
            }
        }
    }

    /// A list: `item` has to go over each of its values.
    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.over(b'[')?;
        if self.over(b']').is_some() {
            return Some(());
        }
        self.deeper()?;
        loop {
            item(self)?;
            if !self.goes_on(b']')? {
                self.depth -= 1;
                return Some(());
            }
        }
    }

    fn deeper(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth < MAX_DEPTH).then_some(())
    }

    /// Any value, as a tree.
    pub(super) fn tree(&mut self) -> Option<Tree<'t>> {
        match self.peek()? {
            b'"' => self.string().map(|text| Tree::Text(Cow::Borrowed(text))),
            b'{' => {
                let mut members = Vec::new();
                self.object(|reader, name| {
                    let value = reader.tree()?;
                    if members.is_empty() {
                        members.reserve(ROOM.saturating_sub(reader.depth).max(2));
                    }
                    members.push((Cow::Borrowed(name), value));
                    Some(())
                })?;
                Some(Tree::Object(members))
            }
            b'[' => {
                let mut items = Vec::new();
                self.list(|reader| {
                    items.push(reader.tree()?);
                    Some(())
                })?;
                Some(Tree::List(items))
            }
            _ => self.scalar(),
        }
    }

    /// Any value, as it is written.
    pub(super) fn raw(&mut self) -> Option<&'t str> {
        let from = self.at;
        self.pass()?;
        self.text.get(from..self.at)
    }

    fn pass(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' => self.object(|reader, _| reader.pass()),
            b'[' => self.list(Self::pass),
            _ => self.scalar().map(drop),
        }
    }

    fn scalar(&mut self) -> Option<Tree<'t>> {
        let rest = self.rest();
        let (length, value) = match rest {
            [b't', b'r', b'u', b'e', ..] => (4, Tree::Flag(true)),
            [b'f', b'a', b'l', b's', b'e', ..] => (5, Tree::Flag(false)),
            [b'n', b'u', b'l', b'l', ..] => (4, Tree::Null),
            [b'0', ..] => (1, Tree::Number(0_u64.into())),
            [b'-', digits @ ..] => {
                number(digits).map(|(length, number)| (length + 1, Tree::Number((-number).into())))?
            }
            digits => number(digits).map(|(length, number)| (length, Tree::Number(number.unsigned_abs().into())))?,
        };
        self.at += length;
        Some(value)
    }
}

/// A whole number without a leading zero: its length and what it is. A fraction or an exponent after it is for the
/// caller to stumble over.
fn number(rest: &[u8]) -> Option<(usize, i64)> {
    let length = rest.iter().take(MAX_DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
    let is_usual = |digits: &&[u8]| length <= MAX_DIGITS && digits.first().is_some_and(|first| *first != b'0');
    let digits = rest.get(..length).filter(is_usual)?;
    Some((length, digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'))))
}

/// How many bytes there are before the first quote, backslash or control character, eight at a time.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut length = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let found = (is_zero(word ^ (ONES * 0x22)) | is_zero(word ^ (ONES * 0x5c)) | below_blank(word)) & HIGH;
        if found != 0 {
            // The lowest mark is right: only what stands above one can be marked by mistake.
            return length + usize::try_from(found.trailing_zeros() / 8).unwrap_or_default();
        }
        length += 8;
    }
    length + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..b' ')).count()
}

fn is_zero(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word
}

fn below_blank(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20) & !word
}

#[cfg(test)]
#[path = "strict_tests.rs"]
mod tests;

//! The pass: strings, depth and ends of records, block by block.

use super::lanes::{AHEAD, Lanes, Masks};
use super::names::Names;
use super::record::Present;
use super::{Candidate, Skimmed};
use crate::collect::trail::split::{MAX_DEPTH, MAX_RECORD};

const EVEN: u64 = 0x5555_5555_5555_5555;

/// A text after the head of the file, and what is known of names.
pub(super) struct Walk<'w> {
    pub(super) body: &'w [u8],
    pub(super) names: &'w mut Names,
}

/// What is carried from block to block.
struct State<'w> {
    body: &'w [u8],
    /// All ones inside of a string.
    in_string: u64,
    /// One when the first byte of the next block is escaped.
    escape: u64,
    /// Nesting within the list of records.
    depth: u32,
    deepest: u32,
    present: Present,
    skimmed: Skimmed,
    done: bool,
}

impl Walk<'_> {
    /// `None` when the text is laid out otherwise, or something in it needs the plain path's judgement.
    #[inline(always)]
    pub(super) fn run<L: Lanes>(self, lanes: L) -> Option<Skimmed> {
        let Self { body, names } = self;
        names.reset();
        let mut state = State::new(body);
        let mut seen = lanes.extremes();
        let (blocks, _) = body.as_chunks::<64>();
        let (ahead, _) = body.get(AHEAD..)?.as_chunks::<64>();
        let mut base = 0;
        for (block, ahead) in blocks.iter().zip(ahead) {
            lanes.see(&mut seen, block);
            state.block(lanes.masks(block, ahead), base, names)?;
            base += block.len();
        }
        // The end, which is less than a block and what is ahead of it, filled up with blanks.
        let mut last = [b' '; 192 + AHEAD];
        let rest = body.get(base..)?;
        last.get_mut(..rest.len())?.copy_from_slice(rest);
        let (blocks, _) = last.as_chunks::<64>();
        let (ahead, _) = last.get(AHEAD..)?.as_chunks::<64>();
        for (block, ahead) in blocks.iter().zip(ahead) {
            lanes.see(&mut seen, block);
            state.block(lanes.masks(block, ahead), base, names)?;
            base += block.len();
        }
        let (control, beyond_ascii) = lanes.seen(seen);
        let is_text = !control && (!beyond_ascii || std::str::from_utf8(body).is_ok());
        let mut skimmed = state.skimmed;
        skimmed.ignored = names.counts();
        (state.done && is_text && state.deepest <= MAX_DEPTH).then_some(skimmed)
    }
}

impl<'w> State<'w> {
    fn new(body: &'w [u8]) -> Self {
        Self {
            body,
            in_string: 0,
            escape: 0,
            depth: 0,
            deepest: 0,
            present: Present::starting(0),
            skimmed: Skimmed::default(),
            done: false,
        }
    }

    #[inline(always)]
    fn block(&mut self, masks: Masks, base: usize, names: &mut Names) -> Option<()> {
        if self.done {
            // The brackets of the list and the document are all that is left.
            return Some(());
        }
        let Masks { mut quote, backslash, open, close, name } = masks;
        if backslash | self.escape != 0 {
            quote &= !self.escaped(backslash);
        }
        let string = inside(quote) ^ self.in_string;
        self.in_string = 0_u64.wrapping_sub(string >> 63);
        let (open, close, name) = (open & !string, close & !string, name & quote & string);
        let (opens, closes) = (open.count_ones(), close.count_ones());
        let ends = if self.depth <= closes { ends(open, close, self.depth) } else { 0 };
        let mut marks = name | ends;
        while marks != 0 {
            let bit = marks & marks.wrapping_neg();
            let at = base + usize::try_from(bit.trailing_zeros()).unwrap_or_default();
            if ends & bit != 0 {
                self.end(at, names)?;
                if self.done {
                    return Some(());
                }
            } else {
                let below = bit - 1;
                let depth = (self.depth + (open & below).count_ones()).wrapping_sub((close & below).count_ones());
                self.present.name(self.body, at, depth);
            }
            marks &= marks - 1;
        }
        self.deepest = self.deepest.max(self.depth + opens);
        self.depth = (self.depth + opens).checked_sub(closes)?;
        Some(())
    }

    /// Which bytes stand after an odd number of backslashes.
    #[inline(always)]
    fn escaped(&mut self, backslash: u64) -> u64 {
        let backslash = backslash & !self.escape;
        let follows = (backslash << 1) | self.escape;
        let odd_starts = backslash & !EVEN & !follows;
        let (even_runs, carries) = odd_starts.overflowing_add(backslash);
        self.escape = u64::from(carries);
        (EVEN ^ (even_runs << 1)) & follows
    }

    /// A record ends with the bracket at `at`.
    #[inline(always)]
    fn end(&mut self, at: usize, names: &mut Names) -> Option<()> {
        self.skimmed.records += 1;
        let range = self.present.start..at + 1;
        if range.len() > MAX_RECORD {
            return None;
        }
        if !self.present.is_passed_over(self.body, names) {
            self.skimmed.candidates.push(Candidate { number: self.skimmed.records, range });
        }
        match self.body.get(at + 1..)? {
            [b',', b'{', ..] => self.present = Present::starting(at + 2),
            // Anything after the list is for the plain path.
            [b']', b'}'] => self.done = true,
            _ => return None,
        }
        Some(())
    }
}

/// From every second bit to the next: what is between an opening quote and the closing one.
#[inline(always)]
fn inside(mut quotes: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        quotes ^= quotes << shift;
    }
    quotes
}

/// The closing brackets that bring the depth to zero.
#[inline(always)]
fn ends(open: u64, close: u64, depth: u32) -> u64 {
    let (mut found, mut rest) = (0, close);
    while rest != 0 {
        let bit = rest & rest.wrapping_neg();
        let upto = bit | (bit - 1);
        if depth + (open & upto).count_ones() == (close & upto).count_ones() {
            found |= bit;
        }
        rest &= rest - 1;
    }
    found
}

//! The first step on a batch: strings, and the brackets and names outside of them; how deep each block begins.

use pulp::NullaryFnOnce;

use super::lanes::{Block, Lanes, Masks};

const EVEN: u64 = 0x5555_5555_5555_5555;

/// What matters of one block, a bit for each byte.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    /// `{` and `[` outside of strings.
    pub(super) open: u64,
    /// `}` and `]` outside of strings.
    pub(super) close: u64,
    /// Quotes that may open `"eventName"` or `"eventID"`.
    pub(super) name: u64,
}

/// Blocks of one batch: 4 KB of text, whose marks stay in the nearest cache.
pub(super) const BATCH: usize = 64;

/// What matters of a batch.
pub(super) struct Marked {
    pub(super) marks: [Marks; BATCH],
    /// Nesting at the start of each block, and behind the last. Beyond all measure where it went below zero.
    pub(super) depths: [u32; BATCH + 1],
    /// The blocks that have a name or may end a record, a bit for each.
    pub(super) wanted: u64,
}

/// What is carried from block to block.
pub(super) struct Carry<L: Lanes> {
    /// All ones inside of a string.
    in_string: u64,
    /// One when the first byte of the next block is escaped.
    escape: u64,
    /// Nesting within the list of records.
    depth: u32,
    extremes: L::Extremes,
}

impl<L: Lanes> Carry<L> {
    pub(super) fn new(lanes: L) -> Self {
        Self { in_string: 0, escape: 0, depth: 0, extremes: lanes.extremes() }
    }

    /// Whether there was a control character, and whether anything beyond ASCII.
    pub(super) fn seen(&self, lanes: L) -> (bool, bool) {
        lanes.seen(self.extremes)
    }
}

/// Marks a batch.
pub(super) struct Index<'b, L: Lanes> {
    pub(super) lanes: L,
    /// At most [`BATCH`].
    pub(super) blocks: &'b [Block],
    /// What stands [`AHEAD`](super::lanes::AHEAD) bytes after each block.
    pub(super) ahead: &'b [Block],
    pub(super) carry: &'b mut Carry<L>,
    pub(super) marked: &'b mut Marked,
}

impl<L: Lanes> NullaryFnOnce for Index<'_, L> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { lanes, blocks, ahead, carry, marked } = self;
        let Marked { marks, depths, wanted: all_wanted } = marked;
        let [first_depth, depths @ ..] = depths;
        // In registers while it is changed.
        let Carry { mut in_string, mut escape, mut depth, mut extremes } = *carry;
        let (mut wanted, mut place) = (0, 0_u32);
        *first_depth = depth;
        for (((block, ahead), marks), next_depth) in blocks.iter().zip(ahead).zip(marks).zip(depths) {
            lanes.see(&mut extremes, block);
            let Masks { mut quote, backslash, open, close, name } = lanes.masks(block, ahead);
            if backslash | escape != 0 {
                quote &= !escaped(backslash, &mut escape);
            }
            let string = inside(quote) ^ in_string;
            in_string = 0_u64.wrapping_sub(string >> 63);
            let (open, close, name) = (open & !string, close & !string, name & quote & string);
            *marks = Marks { open, close, name };
            let closes = close.count_ones();
            wanted |= u64::from((name != 0) | (depth <= closes)) << place;
            place += 1;
            depth = depth.wrapping_add(open.count_ones()).wrapping_sub(closes);
            *next_depth = depth;
        }
        *all_wanted = wanted;
        *carry = Carry { in_string, escape, depth, extremes };
    }
}

/// Which bytes stand after an odd number of backslashes.
#[inline(always)]
fn escaped(backslash: u64, escape: &mut u64) -> u64 {
    let backslash = backslash & !*escape;
    let follows = (backslash << 1) | *escape;
    let odd_starts = backslash & !EVEN & !follows;
    let (even_runs, carries) = odd_starts.overflowing_add(backslash);
    *escape = u64::from(carries);
    (EVEN ^ (even_runs << 1)) & follows
}

/// From every second bit to the next: what is between an opening quote and the closing one.
#[inline(always)]
fn inside(mut quotes: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        quotes ^= quotes << shift;
    }
    quotes
}

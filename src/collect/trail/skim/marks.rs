//! The first step on a batch: strings, and the brackets and names outside of them.

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

/// What is carried from block to block.
pub(super) struct Carry<L: Lanes> {
    /// All ones inside of a string.
    in_string: u64,
    /// One when the first byte of the next block is escaped.
    escape: u64,
    extremes: L::Extremes,
}

impl<L: Lanes> Carry<L> {
    pub(super) fn new(lanes: L) -> Self {
        Self { in_string: 0, escape: 0, extremes: lanes.extremes() }
    }

    /// Whether there was a control character, and whether anything beyond ASCII.
    pub(super) fn seen(&self, lanes: L) -> (bool, bool) {
        lanes.seen(self.extremes)
    }
}

/// Fills `marks`, one for each block.
pub(super) struct Index<'b, L: Lanes> {
    pub(super) lanes: L,
    pub(super) blocks: &'b [Block],
    /// What stands [`AHEAD`](super::lanes::AHEAD) bytes after each block.
    pub(super) ahead: &'b [Block],
    pub(super) carry: &'b mut Carry<L>,
    pub(super) marks: &'b mut [Marks],
}

impl<L: Lanes> NullaryFnOnce for Index<'_, L> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { lanes, blocks, ahead, carry, marks } = self;
        // In registers while it is changed.
        let (mut in_string, mut escape, mut extremes) = (carry.in_string, carry.escape, carry.extremes);
        for ((block, ahead), marks) in blocks.iter().zip(ahead).zip(marks) {
            lanes.see(&mut extremes, block);
            let Masks { mut quote, backslash, open, close, name } = lanes.masks(block, ahead);
            if backslash | escape != 0 {
                quote &= !escaped(backslash, &mut escape);
            }
            let string = inside(quote) ^ in_string;
            in_string = 0_u64.wrapping_sub(string >> 63);
            *marks = Marks { open: open & !string, close: close & !string, name: name & quote & string };
        }
        (carry.in_string, carry.escape, carry.extremes) = (in_string, escape, extremes);
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

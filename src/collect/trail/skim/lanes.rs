//! 64 bytes at a time: which of them are of what kind, as bits.

use pulp::NullaryFnOnce;

use super::Skimmed;
use super::walk::Walk;

/// The bytes of one block.
pub(super) type Block = [u8; 64];

/// How far before its capital `N` or `I` the quote stands in `"eventName"` and `"eventID"`.
pub(super) const AHEAD: usize = 6;

/// One bit for each byte of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Masks {
    pub(super) quote: u64,
    pub(super) backslash: u64,
    /// `{` and `[`.
    pub(super) open: u64,
    /// `}` and `]`.
    pub(super) close: u64,
    /// Quotes that may begin `"eventName"` or `"eventID"`.
    pub(super) name: u64,
}

/// A way to look at a block.
pub(super) trait Lanes: Copy {
    /// Remembers the least and the greatest byte seen.
    type Extremes: Copy;

    /// Runs a step compiled for this processor.
    fn vectorize<F: NullaryFnOnce>(self, step: F) -> F::Output;
    fn extremes(self) -> Self::Extremes;
    fn see(self, seen: &mut Self::Extremes, block: &Block);
    /// Whether there was a control character (below a blank), and whether anything beyond ASCII.
    fn seen(self, seen: Self::Extremes) -> (bool, bool);
    /// `ahead` is what stands [`AHEAD`] bytes after each byte of the block.
    fn masks(self, block: &Block, ahead: &Block) -> Masks;
}

/// Walks with the best that this processor has.
pub(super) fn best(walk: Walk<'_, '_>) -> Option<Skimmed> {
    #[cfg(target_arch = "x86_64")]
    return super::x86::best(walk);
    #[cfg(not(target_arch = "x86_64"))]
    walk.run(Words)
}

/// Eight bytes in a word: works everywhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words;

const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
/// Gathers the lowest bit of each byte into the highest byte.
const GATHER: u64 = 0x0102_0408_1020_4080;

impl Lanes for Words {
    type Extremes = (u8, u8);

    fn vectorize<F: NullaryFnOnce>(self, step: F) -> F::Output {
        step.call()
    }

    fn extremes(self) -> (u8, u8) {
        (u8::MAX, 0)
    }

    fn see(self, seen: &mut (u8, u8), block: &Block) {
        let (least, greatest) = block.iter().fold(*seen, |(least, greatest), byte| (least.min(*byte), greatest | byte));
        *seen = (least, greatest);
    }

    fn seen(self, (least, greatest): (u8, u8)) -> (bool, bool) {
        (least < b' ', !greatest.is_ascii())
    }

    fn masks(self, block: &Block, ahead: &Block) -> Masks {
        let quote = equal(block, 0, b'"');
        Masks {
            quote,
            backslash: equal(block, 0, b'\\'),
            open: equal(block, 0x20, b'{'),
            close: equal(block, 0x20, b'}'),
            name: quote & (equal(ahead, 0, b'N') | equal(ahead, 0, b'I')),
        }
    }
}

/// Which bytes, with `set` bits added, are `byte`. `[` and `]` differ from `{` and `}` by 0x20 only.
fn equal(block: &Block, set: u8, byte: u8) -> u64 {
    let (words, _) = block.as_chunks::<8>();
    words.iter().rev().fold(0, |mask, word| {
        let word = (u64::from_le_bytes(*word) | u64::from_le_bytes([set; 8])) ^ u64::from_le_bytes([byte; 8]);
        let zero = !(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS);
        (mask << 8) | ((zero >> 7).wrapping_mul(GATHER) >> 56)
    })
}

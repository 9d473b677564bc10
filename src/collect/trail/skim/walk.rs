//! The pass: strings, depth and ends of records.
//!
//! In batches of blocks, and each batch in two steps: what every byte is and how deep each block begins (`marks`, without
//! a branch to miss), and then what the few brackets and names outside of strings mean (`State`).

use std::ops::Range;

use pulp::NullaryFnOnce;

use super::lanes::{AHEAD, Block, Lanes};
use super::marks::{BATCH, Carry, Index, Marked, Marks};
use super::names::Names;
use super::record::Present;
use super::{Candidates, HEAD, Skimmed};
use crate::collect::trail::gzip::Content;
use crate::collect::trail::split::{MAX_DEPTH, MAX_RECORD};

/// How deep a block may begin: its inside may be deeper by as many levels as it has bytes, and needs no look then.
/// CloudTrail nests a dozen levels; what goes deeper than this is judged by the plain path.
const DEEPEST: u32 = MAX_DEPTH - 64;

/// Candidates are handed on when there are this many: the processor then has them in its second cache, and what is done
/// with them in its first.
const SOME: usize = 16;

/// A text after the head of the file, and what is known of names.
pub(super) struct Walk<'w, 't> {
    pub(super) body: &'w [u8],
    pub(super) names: &'w mut Names,
    /// The text with the head, to be summed up.
    pub(super) whole: &'w mut Content<'t>,
    pub(super) candidates: Candidates<'w>,
}

/// What is carried from batch to batch.
struct State<'w> {
    body: &'w [u8],
    present: Present,
    records: u64,
    /// Those that have to be parsed and were not handed on yet.
    candidates: Vec<(u64, Range<usize>)>,
    done: bool,
}

impl Walk<'_, '_> {
    /// `None` when the text is laid out otherwise, or something in it needs the plain path's judgement.
    pub(super) fn run<L: Lanes>(self, lanes: L) -> Option<Skimmed> {
        let Self { body, names, whole, candidates } = self;
        names.reset();
        let mut state = State::new(body);
        let mut carry = Carry::new(lanes);
        let mut base = 0;
        let mut marked = Marked { marks: [Marks::default(); BATCH], depths: [0; BATCH + 1], wanted: 0 };
        let mut pass = |blocks: &[Block], ahead: &[Block]| -> Option<()> {
            for (blocks, ahead) in blocks.chunks(BATCH).zip(ahead.chunks(BATCH)) {
                let size = blocks.len() * size_of::<Block>();
                // First, so that it is this that waits for the memory: it has the least else to do.
                whole.sum_to(HEAD.len() + base + size);
                lanes.vectorize(Index { lanes, blocks, ahead, carry: &mut carry, marked: &mut marked });
                lanes.vectorize(Track { state: &mut state, marked: &marked, count: blocks.len(), base, names })?;
                base += size;
                if state.candidates.len() >= SOME {
                    state.hand_on(candidates)?;
                }
            }
            Some(())
        };
        let (blocks, _) = body.as_chunks::<64>();
        let (ahead, _) = body.get(AHEAD..)?.as_chunks::<64>();
        let blocks = blocks.get(..ahead.len())?;
        pass(blocks, ahead)?;
        // The end, which is less than a block and what is ahead of it, filled up with blanks.
        let mut last = [b' '; 192 + AHEAD];
        let rest = body.get(size_of_val(blocks)..)?;
        last.get_mut(..rest.len())?.copy_from_slice(rest);
        let (blocks, _) = last.as_chunks::<64>();
        let (ahead, _) = last.get(AHEAD..)?.as_chunks::<64>();
        pass(blocks.get(..ahead.len())?, ahead)?;
        state.hand_on(candidates)?;
        let (control, beyond_ascii) = carry.seen(lanes);
        let is_text = !control && (!beyond_ascii || std::str::from_utf8(body).is_ok());
        let skimmed = Skimmed { records: state.records, ignored: names.counts() };
        (state.done && is_text).then_some(skimmed)
    }
}

/// The second step on a batch.
struct Track<'t, 'w> {
    state: &'t mut State<'w>,
    marked: &'t Marked,
    /// Blocks of it.
    count: usize,
    base: usize,
    names: &'t mut Names,
}

impl NullaryFnOnce for Track<'_, '_> {
    type Output = Option<()>;

    #[inline(always)]
    fn call(self) -> Option<()> {
        let Self { state, marked: Marked { marks, depths, wanted }, count, base, names } = self;
        if state.done {
            // The brackets of the list and the document are all that is left.
            return Some(());
        }
        let (mut wanted, mut upto) = (*wanted, count + 1);
        while wanted != 0 {
            let place = usize::try_from(wanted.trailing_zeros()).unwrap_or_default();
            state.look(*marks.get(place)?, *depths.get(place)?, base + place * size_of::<Block>(), names)?;
            if state.done {
                // What follows is another matter, however deep.
                upto = place + 1;
                break;
            }
            wanted &= wanted - 1;
        }
        let deepest = depths.get(..upto)?.iter().fold(0, |deepest, depth| deepest.max(*depth));
        (deepest <= DEEPEST).then_some(())
    }
}

impl<'w> State<'w> {
    fn new(body: &'w [u8]) -> Self {
        let (present, candidates) = (Present::starting(0), Vec::new());
        Self { body, present, records: 0, candidates, done: false }
    }

    fn hand_on(&mut self, candidates: Candidates<'_>) -> Option<()> {
        self.candidates.drain(..).try_for_each(|(number, range)| candidates(number, self.body.get(range)?))
    }

    /// Looks at each name, and at each bracket that may end a record.
    #[inline(always)]
    fn look(&mut self, marks: Marks, depth: u32, base: usize, names: &mut Names) -> Option<()> {
        let Marks { open, close, name } = marks;
        let ends = if depth <= close.count_ones() { ends(open, close, depth) } else { 0 };
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
                let depth = (depth + (open & below).count_ones()).wrapping_sub((close & below).count_ones());
                self.present.name(self.body, at, depth);
            }
            marks &= marks - 1;
        }
        Some(())
    }

    /// A record ends with the bracket at `at`.
    #[inline(always)]
    fn end(&mut self, at: usize, names: &mut Names) -> Option<()> {
        self.records += 1;
        let range = self.present.start..at + 1;
        if range.len() > MAX_RECORD {
            return None;
        }
        if !self.present.is_passed_over(self.body, names) {
            self.candidates.push((self.records, range));
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

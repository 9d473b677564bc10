//! The pass: strings, depth and ends of records.
//!
//! In batches of blocks, and each batch in two steps: what every byte is (`marks`, without a branch to miss), and then
//! what the few brackets and names outside of strings mean (`State`).

use pulp::NullaryFnOnce;

use super::lanes::{AHEAD, Block, Lanes};
use super::marks::{Carry, Index, Marks};
use super::names::Names;
use super::record::Present;
use super::{Candidate, Skimmed};
use crate::collect::trail::split::{MAX_DEPTH, MAX_RECORD};

/// Blocks of one batch: 4 KB of text, whose marks stay in the nearest cache.
const BATCH: usize = 64;

/// Keeps a depth that went below zero from growing over: what follows it is not looked at.
const DEPTH: u32 = u32::MAX >> 1;

/// A text after the head of the file, and what is known of names.
pub(super) struct Walk<'w> {
    pub(super) body: &'w [u8],
    pub(super) names: &'w mut Names,
}

/// What is carried from batch to batch.
struct State<'w> {
    body: &'w [u8],
    /// Nesting within the list of records.
    depth: u32,
    deepest: u32,
    present: Present,
    skimmed: Skimmed,
    done: bool,
}

impl Walk<'_> {
    /// `None` when the text is laid out otherwise, or something in it needs the plain path's judgement.
    pub(super) fn run<L: Lanes>(self, lanes: L) -> Option<Skimmed> {
        let Self { body, names } = self;
        names.reset();
        let mut state = State::new(body);
        let mut carry = Carry::new(lanes);
        let (mut base, mut room) = (0, [Marks::default(); BATCH]);
        let mut pass = |blocks: &[Block], ahead: &[Block]| -> Option<()> {
            for (blocks, ahead) in blocks.chunks(BATCH).zip(ahead.chunks(BATCH)) {
                let marks = room.get_mut(..blocks.len().min(ahead.len()))?;
                lanes.vectorize(Index { lanes, blocks, ahead, carry: &mut carry, marks });
                lanes.vectorize(Track { state: &mut state, marks, base, names })?;
                base += marks.len() * size_of::<Block>();
            }
            Some(())
        };
        let (blocks, _) = body.as_chunks::<64>();
        let (ahead, _) = body.get(AHEAD..)?.as_chunks::<64>();
        pass(blocks, ahead)?;
        // The end, which is less than a block and what is ahead of it, filled up with blanks.
        let mut last = [b' '; 192 + AHEAD];
        let rest = body.get(blocks.len().min(ahead.len()) * size_of::<Block>()..)?;
        last.get_mut(..rest.len())?.copy_from_slice(rest);
        let (blocks, _) = last.as_chunks::<64>();
        let (ahead, _) = last.get(AHEAD..)?.as_chunks::<64>();
        pass(blocks, ahead)?;
        let (control, beyond_ascii) = carry.seen(lanes);
        let is_text = !control && (!beyond_ascii || std::str::from_utf8(body).is_ok());
        let mut skimmed = state.skimmed;
        skimmed.ignored = names.counts();
        (state.done && is_text && state.deepest <= MAX_DEPTH).then_some(skimmed)
    }
}

/// The second step on a batch.
struct Track<'t, 'w> {
    state: &'t mut State<'w>,
    marks: &'t [Marks],
    base: usize,
    names: &'t mut Names,
}

impl NullaryFnOnce for Track<'_, '_> {
    type Output = Option<()>;

    #[inline(always)]
    fn call(self) -> Option<()> {
        let Self { state, marks: this, base, names } = self;
        if state.done {
            // The brackets of the list and the document are all that is left.
            return Some(());
        }
        // First the depth of each block, without a branch; then the few that have a name or may end a record.
        let (mut depth, mut deepest, mut wanted, mut below) = (state.depth, state.deepest, 0_u64, 0_u64);
        let mut depths = [0; BATCH];
        for (place, (marks, at)) in this.iter().zip(&mut depths).enumerate() {
            let (opens, closes) = (marks.open.count_ones(), marks.close.count_ones());
            *at = depth;
            wanted |= u64::from((marks.name != 0) | (depth <= closes)) << place;
            deepest = deepest.max(depth + opens);
            let (next, is_below) = (depth + opens).overflowing_sub(closes);
            below |= u64::from(is_below) << place;
            depth = next & DEPTH;
        }
        while wanted != 0 {
            let place = usize::try_from(wanted.trailing_zeros()).unwrap_or_default();
            let (marks, depth) = (this.get(place)?, depths.get(place)?);
            state.look(*marks, *depth, base + place * size_of::<Block>(), names)?;
            if state.done {
                // What follows is another matter, however deep.
                let upto = this.iter().zip(&depths).take(place + 1);
                let depth = upto.map(|(marks, depth)| depth + marks.open.count_ones()).max();
                state.deepest = state.deepest.max(depth.unwrap_or_default());
                return Some(());
            }
            wanted &= wanted - 1;
        }
        if below != 0 {
            return None;
        }
        (state.depth, state.deepest) = (depth, deepest);
        Some(())
    }
}

impl<'w> State<'w> {
    fn new(body: &'w [u8]) -> Self {
        Self { body, depth: 0, deepest: 0, present: Present::starting(0), skimmed: Skimmed::default(), done: false }
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

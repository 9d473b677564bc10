//! What the rules said of inputs that are equal in everything the rules read.
//!
//! Evaluation depends on the input and on nothing else, and most instances of a fleet differ only in what no rule looks
//! at while nothing has drifted: ids, addresses, times. So an evaluation is watched once: the engine tells which lines it
//! reached, and with that the parts of the input it read are known ([`Reads`]). A later input that is equal in these
//! parts ([`Projection`]) takes the same way through the rules, reads the same, and so comes to the same.
//!
//! Only what was evaluated without any error is kept. A bundle that reads the clock or makes random numbers has no memo.

use std::collections::HashMap;

use super::answer::RuleAnswer;
use super::engine::{FileLines, ModuleFacts};
use super::projection::{Key, Projection};
use super::reads::Reads;

/// Most sets of parts at one time. Each costs a look at every input.
const MAX_SHAPES: usize = 4;

/// Most answers of one set of parts.
const MAX_ANSWERS: usize = 4_096;

/// Largest answer that is kept, in bytes of JSON: those of instances without drift are a few.
const MAX_KEPT: usize = 16 * 1024;

/// Most that is kept altogether, in bytes of JSON.
const MAX_HELD: usize = 16 * 1024 * 1024;

/// Looks after which a set of parts that was never of use goes.
const TRIALS: u32 = 256;

/// Evaluations that may be watched in a row without a hit in between: watching costs a fifth of a millisecond.
const MAX_CREDIT: u32 = 64;

/// Evaluations that are watched at the beginning.
const FIRST_CREDIT: u32 = 16;

/// After this many evaluations without a watch one is watched again.
const AGAIN: u32 = 32;

/// Answers by what they depend on.
pub(super) struct Memo {
    reads: Reads,
    shapes: Vec<Shape>,
    held: usize,
    credit: u32,
    unwatched: u32,
}

/// A set of parts, with the answers of evaluations that read these and nothing else.
struct Shape {
    parts: Projection,
    answers: HashMap<Key, Vec<RuleAnswer>>,
    /// Bytes of JSON of the answers.
    held: usize,
    looks: u32,
    hits: u32,
}

impl Memo {
    /// For a bundle; `None` when what it says may depend on more than its input.
    pub(super) fn of(modules: &[ModuleFacts]) -> Option<Self> {
        Some(Self { reads: Reads::of(modules)?, shapes: Vec::new(), held: 0, credit: FIRST_CREDIT, unwatched: 0 })
    }

    /// What was said of an input that is equal to this in all that was read.
    pub(super) fn get(&mut self, text: &str) -> Option<Vec<RuleAnswer>> {
        let mut found = None;
        for (place, shape) in self.shapes.iter_mut().enumerate() {
            shape.looks = shape.looks.saturating_add(1);
            if let Some(answers) = shape.parts.key(text).and_then(|key| shape.answers.get(&key)) {
                shape.hits = shape.hits.saturating_add(1);
                found = Some((place, answers.clone()));
                break;
            }
        }
        let Some((place, answers)) = found else {
            self.shapes.retain(|shape| shape.hits > 0 || shape.looks < TRIALS);
            self.held = self.shapes.iter().map(|shape| shape.held).sum();
            return None;
        };
        // What was of use is looked at first.
        if let Some(moved) = self.shapes.get_mut(..=place) {
            moved.rotate_right(1);
        }
        self.credit = MAX_CREDIT.min(self.credit + 1);
        Some(answers)
    }

    /// Whether the next evaluation is worth to be watched. In a fleet in which everything differs hardly any is.
    pub(super) fn wants_to_watch(&mut self) -> bool {
        if self.credit > 0 {
            self.credit -= 1;
            return true;
        }
        self.unwatched += 1;
        if self.unwatched < AGAIN {
            return false;
        }
        self.unwatched = 0;
        true
    }

    /// Keeps what an evaluation with this coverage said. It must have begun with an empty coverage.
    pub(super) fn learn(&mut self, text: &str, coverage: &[FileLines], answers: &[RuleAnswer]) {
        let is_plain = answers.iter().all(|answer| !matches!(answer, RuleAnswer::Error(_)));
        let size = serde_json::to_vec(answers).map_or(usize::MAX, |bytes| bytes.len());
        let parts = Projection::of(&self.reads.reached(coverage));
        let Some(key) = parts.key(text).filter(|_| is_plain && size <= MAX_KEPT) else { return };
        let known = self.shapes.iter().position(|shape| shape.parts == parts);
        let place = known.unwrap_or_else(|| self.admit(parts));
        let has_room = self.held + size <= MAX_HELD;
        let shape = self.shapes.get_mut(place).filter(|shape| has_room && shape.answers.len() < MAX_ANSWERS);
        if let Some(shape) = shape
            && shape.answers.insert(key, answers.to_vec()).is_none()
        {
            shape.held += size;
            self.held += size;
        }
    }

    /// Where a new set of parts has its place: behind the others, instead of the least useful when there are too many.
    fn admit(&mut self, parts: Projection) -> usize {
        if self.shapes.len() >= MAX_SHAPES
            && let Some((least, _)) = self.shapes.iter().enumerate().min_by_key(|(_, shape)| shape.hits)
        {
            self.held -= self.shapes.remove(least).held;
        }
        self.shapes.push(Shape { parts, answers: HashMap::new(), held: 0, looks: 0, hits: 0 });
        self.shapes.len() - 1
    }
}

#[cfg(test)]
mod tests;

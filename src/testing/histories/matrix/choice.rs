//! Which cells are played. All of them take minutes in a build without optimisation; a quick run leaves out what is most
//! alike, by a rule and not by chance:
//!
//! - A step that an act has for the first time, over all scenes: everything that can go wrong.
//! - A step that another scene has had in the same act: being killed on both sides of the call, and a few of the rest in
//!   turns. Scenes of another track are counted for themselves, since the order of steps is another, and so are those of
//!   members of a group, since their group acts on what it sees of them.
//! - Reads: of those of one API after a call of one step, the first that an act has, killed or failing in turns.

use std::collections::BTreeSet;

use super::scene::{Act, Scene};
use super::trouble::Trouble;

/// Of reads of one API between two writes, so many are enough: waiting asks the same again and again.
const ALIKE: usize = 2;
/// Troubles beside being killed, at a step that is not.
const FURTHER: usize = 2;

/// Chooses cells.
#[derive(Debug, Default)]
pub(super) struct Choice {
    quick: bool,
    seen: BTreeSet<(Act, &'static str, bool, String)>,
    read: BTreeSet<(Act, String, &'static str)>,
    turn: usize,
}

impl Choice {
    /// Everything.
    pub(super) fn all() -> Self {
        Self::default()
    }

    /// By the rule.
    pub(super) fn quick() -> Self {
        Self { quick: true, ..Self::default() }
    }

    /// What goes wrong at one write of a step.
    pub(super) fn at_write(&mut self, act: Act, scene: &Scene, step: &str) -> Vec<Trouble> {
        let all = Trouble::all();
        if !self.quick || self.seen.insert((act, scene.track.as_str(), scene.has.group, step.to_owned())) {
            return all;
        }
        let (mut chosen, rest): (Vec<Trouble>, Vec<Trouble>) = all.into_iter().partition(|trouble| trouble.is_kill());
        for _ in 0..FURTHER {
            chosen.extend(rest.get(self.turn % rest.len().max(1)));
            self.turn += 1;
        }
        chosen
    }

    /// What goes wrong at a read, of the ways there are. `alike`: how many reads of this API there were before it after
    /// the same write, which is one of `step`.
    pub(super) fn at_read(&mut self, act: Act, step: &str, api: &'static str, alike: usize) -> &'static [usize] {
        if !self.quick {
            return if alike < ALIKE { &[0, 1] } else { &[] };
        }
        if !self.read.insert((act, step.to_owned(), api)) {
            return &[];
        }
        self.turn += 1;
        if self.turn.is_multiple_of(2) { &[0] } else { &[1] }
    }
}

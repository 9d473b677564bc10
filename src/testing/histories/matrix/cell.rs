//! The cells: which scene, which act, at which call, and what goes wrong there.

use std::collections::BTreeMap;

use super::check::{Expected, problems};
use super::choice::Choice;
use super::deed::{From, How, Played, play};
use super::scene::{Act, Scene};
use super::stage::calm;
use super::trouble::{EVERYWHERE, Trouble, of_read};
use crate::remediate::{JournalEntry, OperationStatus, WriteCall};
use crate::testing::{Faults, ReadFault};

/// One cell in so many is written to the real store, audit log included; undisturbed acts all are. Most of the time would
/// go into its transactions, and the rules for legal moves are the same without a database.
const REAL_EVERY: usize = 64;

/// One play with one thing going wrong.
#[derive(Clone, Debug)]
pub struct Cell {
    wrong: Wrong,
    name: String,
    real_store: bool,
}

/// What goes wrong.
#[derive(Clone, Debug)]
enum Wrong {
    /// At one write.
    Write { number: u64, call: Box<WriteCall>, trouble: Trouble },
    /// At every write.
    Every(usize),
    /// At one read.
    Read { number: u64, fault: ReadFault },
    /// Nothing, but it is undone from the middle.
    UndoneFrom(From),
}

impl Cell {
    /// `SCENE/ACT/AT/TROUBLE`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// One act of one scene, played undisturbed.
pub(super) struct Calm {
    pub(super) index: usize,
    pub(super) scene: Scene,
    pub(super) act: Act,
    pub(super) played: Played,
    /// Intents of the act, in order: step and call.
    pub(super) writes: Vec<(String, WriteCall)>,
    from: From,
}

impl Calm {
    /// Plays it. `forward` is the operation itself, when the act is another one.
    pub(super) fn new(index: usize, scene: Scene, act: Act, forward: Option<&Self>) -> Result<Self, String> {
        let from = match forward {
            Some(forward) if act == Act::Undo => forward.farthest(),
            _ => From::Retained,
        };
        let how = How { act, from, plan: &calm, goes_on: false, real_store: true, trace: false };
        let played = play(&scene, &how)?;
        let journal = played.world.store.journal_of(&played.ended.id).map_err(|error| error.to_string())?;
        let intents = journal.into_iter().skip(played.entries_before).filter_map(|entry: JournalEntry| {
            let call = entry.call?;
            Some((entry.name, call))
        });
        Ok(Self { index, scene, act, writes: intents.collect(), played, from })
    }

    /// From where the most is undone: after the last call that can be.
    fn farthest(&self) -> From {
        let steps = &self.played.ended.steps;
        let writes = u64::try_from(self.writes.len()).unwrap_or_default();
        let ends = steps.iter().any(|step| step.step.after_retention);
        let late = steps.iter().any(|step| step.step.after_retention && !step.step.undo.is_empty());
        match (ends, late) {
            (true, false) => From::Retained,
            // The very last one ends the old instance.
            (true, true) => From::Write(writes.saturating_sub(1), true),
            (false, _) => From::Write(writes, true),
        }
    }

    /// What is wrong even without trouble.
    pub(super) fn problems(&self) -> Vec<String> {
        let wanted = if self.act == Act::Undo { OperationStatus::RolledBack } else { OperationStatus::Done };
        let mut found = problems(&self.scene, &self.played, self.expected(true, false));
        if self.played.rested != wanted {
            let note = self.played.ended.note.as_deref().unwrap_or_default();
            found.push(format!("undisturbed, it is {}: {note}", self.played.rested));
        }
        if self.played.connection.writes() != u64::try_from(self.writes.len()).unwrap_or_default() {
            found.push("the journal's intents are not the calls that were made".to_owned());
        }
        found
    }

    fn expected(&self, passes: bool, twice: bool) -> Expected<'_> {
        Expected { act: self.act, calm: &self.played, passes, twice }
    }

    /// The cells of it that are chosen.
    pub(super) fn cells(&self, choice: &mut Choice) -> Vec<Cell> {
        let mut cells: Vec<Cell> = Vec::new();
        let mut cell = |at: &str, trouble: &str, wrong| {
            let name = format!("{}/{}/{at}/{trouble}", self.scene.name, self.act.as_str());
            let real_store = cells.len() % REAL_EVERY == REAL_EVERY - 1;
            cells.push(Cell { wrong, name, real_store });
        };
        for (index, (step, call)) in self.writes.iter().enumerate() {
            let number = u64::try_from(index + 1).unwrap_or_default();
            let at = format!("w{number}-{step}");
            for trouble in choice.at_write(self.act, &self.scene, step) {
                cell(&at, &trouble.name(), Wrong::Write { number, call: Box::new(call.clone()), trouble });
            }
            // The same from the middle, by a person.
            if self.act == Act::Do {
                for (name, made) in [("undone-before", false), ("undone-after", true)] {
                    cell(&at, name, Wrong::UndoneFrom(From::Write(number, made)));
                }
            }
        }
        for (index, (name, _, _)) in EVERYWHERE.iter().enumerate() {
            cell("all", name, Wrong::Every(index));
        }
        let mut alike: BTreeMap<(&'static str, u64), usize> = BTreeMap::new();
        for (read, number) in self.played.connection.asked().into_iter().zip(1..) {
            let before = alike.entry(read).or_default();
            let last = usize::try_from(read.1).ok().and_then(|count| self.writes.get(count.checked_sub(1)?));
            let step = last.map_or("", |(step, _)| step.as_str());
            for way in choice.at_read(self.act, step, read.0, *before) {
                let fault = of_read(number, *way);
                let at = format!("r{number}-{}", read.0.split(':').nth(1).unwrap_or_default());
                cell(&at, &fault.name(), Wrong::Read { number, fault });
            }
            *before += 1;
        }
        cells
    }

    /// Plays a cell and says what is wrong with it.
    pub(super) fn play(&self, cell: &Cell, trace: bool) -> Result<(Played, Vec<String>), String> {
        let (mut act, mut from, mut goes_on) = (self.act, self.from, false);
        let (mut passes, mut twice, real_store) = (true, false, trace || cell.real_store);
        let faults: Box<dyn Fn(u64) -> Faults + '_> = match &cell.wrong {
            Wrong::Write { number, call, trouble } => {
                (passes, goes_on) = (trouble.passes(), number % 2 == 1);
                twice = trouble.name().contains("twice");
                Box::new(|process| trouble.faults(process, *number, call))
            }
            Wrong::Every(index) => {
                let every = EVERYWHERE.get(*index);
                let fault = every.map(|(_, fault, _)| *fault);
                (passes, twice) = (every.is_some_and(|(_, _, passes)| *passes), true);
                Box::new(move |_| fault.map_or(Faults::None, Faults::EveryWrite))
            }
            Wrong::Read { number, fault } => {
                let (number, fault) = (*number, *fault);
                Box::new(move |process| if process == 1 { Faults::at_read(number, fault) } else { Faults::None })
            }
            Wrong::UndoneFrom(point) => {
                (act, from, passes) = (Act::Undo, *point, false);
                Box::new(calm)
            }
        };
        let how = How { act, from, plan: &*faults, goes_on, real_store, trace };
        let played = play(&self.scene, &how)?;
        let expected = Expected { act, ..self.expected(passes, twice) };
        let mut problems = problems(&self.scene, &played, expected);
        if !matches!(cell.wrong, Wrong::UndoneFrom(_)) && played.connection.struck().is_empty() {
            problems.push("nothing went wrong in it".to_owned());
        }
        Ok((played, problems))
    }
}

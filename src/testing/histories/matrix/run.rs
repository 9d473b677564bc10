//! Plays the whole matrix, or one cell of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::cell::{Calm, Cell};
use super::choice::Choice;
use super::scene::{Act, SCENES};
use crate::remediate::{Condition, StepState};
use crate::types::OperationKind;

/// What is played.
#[derive(Clone, Debug)]
pub struct Options {
    /// Without what is most alike.
    pub quick: bool,
    /// Only cells whose name has this in it.
    pub only: Option<String>,
    /// How many at once.
    pub jobs: usize,
}

/// A cell in which something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failed {
    /// Its name.
    pub cell: String,
    /// What is wrong.
    pub problems: Vec<String>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Scenes, with each act for itself.
    pub scenes: u64,
    /// Calls that were disturbed.
    pub calls: u64,
    /// Cells that were played.
    pub cells: u64,
    /// Names of the steps that were laid out.
    pub laid: BTreeSet<String>,
    /// Of those that can be undone.
    pub undoable: BTreeSet<String>,
    /// Of those that were undone.
    pub undone: BTreeSet<String>,
    /// Steps that a release must have for what quarantines did.
    pub releasing: BTreeSet<String>,
    /// How cells ended.
    pub ends: BTreeMap<String, u64>,
    /// Cells in which something is wrong, and undisturbed scenes.
    pub failed: Vec<Failed>,
}

impl Outcome {
    fn see(&mut self, calm: &Calm) {
        self.scenes += 1;
        self.calls += u64::try_from(calm.writes.len()).unwrap_or_default();
        for record in &calm.played.ended.steps {
            let (step, name) = (&record.step, &record.step.name);
            self.laid.insert(name.clone());
            if !step.undo.is_empty() && calm.act == Act::Undo {
                self.undoable.insert(name.clone());
                self.undone.extend((record.state == StepState::Undone).then(|| name.clone()));
            }
            if calm.scene.kind == OperationKind::Quarantine && calm.act == Act::Do {
                self.releasing.extend((!step.undo.is_empty()).then(|| format!("undo-{name}")));
                let waits = step.undo_wait.as_ref().is_some_and(|wait| !matches!(wait, Condition::Healthy { .. }));
                self.releasing.extend(waits.then(|| format!("{name}-undone")));
            }
        }
        let name = format!("{}/{}", calm.scene.name, calm.act.as_str());
        let problems = calm.problems();
        if !problems.is_empty() {
            self.failed.push(Failed { cell: name, problems });
        }
    }
}

/// Plays everything. `told` hears how many cells are played, now and then.
pub fn run(options: &Options, told: &(dyn Fn(u64) + Sync)) -> Outcome {
    let outcome = Mutex::new(Outcome::default());
    let calm = Mutex::new(Vec::new());
    each(options.jobs, SCENES.len(), &|index| match undisturbed(index) {
        Ok(acts) => {
            acts.iter().for_each(|act| lock(&outcome).see(act));
            lock(&calm).extend(acts);
        }
        Err(failed) => lock(&outcome).failed.push(failed),
    });
    // Played worlds are handed from thread to thread only behind this lock.
    let mut calm = calm.into_inner().unwrap_or_else(PoisonError::into_inner);
    calm.sort_by_key(|act| (act.index, act.act));
    let wanted = |cell: &Cell| options.only.as_deref().is_none_or(|only| cell.name().contains(only));
    let mut choice = if options.quick { Choice::quick() } else { Choice::all() };
    let cells: Vec<(usize, Cell)> = calm
        .iter()
        .enumerate()
        .flat_map(|(index, act)| act.cells(&mut choice).into_iter().filter(wanted).map(move |cell| (index, cell)))
        .collect();
    let played = AtomicU64::new(0);
    each(options.jobs, cells.len(), &|number| {
        let Some((act, cell)) = cells.get(number).and_then(|(index, cell)| Some((calm.get(*index)?, cell))) else {
            return;
        };
        let (end, problems) = match act.play(cell, false) {
            Ok((played, problems)) => (format!("{} then {}", played.rested, played.ended.status), problems),
            Err(problem) => ("broken".to_owned(), vec![problem]),
        };
        let mut outcome = lock(&outcome);
        outcome.cells += 1;
        *outcome.ends.entry(end).or_default() += 1;
        if !problems.is_empty() {
            outcome.failed.push(Failed { cell: cell.name().to_owned(), problems });
        }
        drop(outcome);
        told(played.fetch_add(1, Ordering::Relaxed) + 1);
    });
    let mut outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome.failed.sort();
    outcome
}

/// Plays one cell and tells everything that happened in it, line by line, and what is wrong.
///
/// # Errors
/// When there is no such cell, or it cannot be played.
pub fn replay(name: &str) -> Result<(Vec<String>, Vec<String>), String> {
    let index = SCENES.iter().position(|scene| name.starts_with(&format!("{}/", scene.name)));
    let acts = undisturbed(index.ok_or("there is no such scene")?).map_err(|failed| failed.problems.join("; "))?;
    for act in acts {
        if let Some(cell) = act.cells(&mut Choice::all()).into_iter().find(|cell| cell.name() == name) {
            let (played, problems) = act.play(&cell, true)?;
            let mut lines = played.world.truth().trace.take().unwrap_or_default();
            let log = played.evidence.log.iter();
            lines.extend(log.map(|entry| format!("{} {:?} {} {:?}", entry.at, entry.by, entry.instance, entry.change)));
            let journal = played.world.store.journal_of(&played.ended.id).unwrap_or_default();
            lines.extend(journal.into_iter().map(|entry| {
                let state = entry.state.map_or("", StepState::as_str);
                format!("{} journal {} {state} {}", entry.at, entry.name, entry.detail.unwrap_or_default())
            }));
            lines.sort_by(|one, other| one.split(' ').next().cmp(&other.split(' ').next()));
            return Ok((lines, problems));
        }
    }
    Err("there is no such cell".to_owned())
}

/// The acts of one scene without any trouble.
fn undisturbed(index: usize) -> Result<Vec<Calm>, Failed> {
    let Some(scene) = SCENES.get(index).copied() else { return Ok(Vec::new()) };
    let mut acts: Vec<Calm> = Vec::new();
    for act in scene.acts() {
        let forward = acts.first().filter(|_| *act != Act::Do);
        let calm = Calm::new(index, scene, *act, forward).map_err(|problem| {
            let cell = format!("{}/{}", scene.name, act.as_str());
            Failed { cell, problems: vec![problem] }
        })?;
        acts.push(calm);
    }
    Ok(acts)
}

/// Does something for each number below a count, several at once.
fn each(jobs: usize, count: usize, work: &(dyn Fn(usize) + Sync)) {
    let next = AtomicUsize::new(0);
    let one = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                break;
            }
            work(index);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.max(1) {
            scope.spawn(one);
        }
        one();
    });
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

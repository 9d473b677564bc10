//! Plays one scene with everything that goes wrong in it, up to its end.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;

use super::live::Task;
use super::scene::{Act, Scene};
use super::stage::{Plan, Stage, calm};
use crate::remediate::{CloudWrite as _, OperationRecord, OperationStatus, Requested, StepState, lay_out_release};
use crate::testing::histories::evidence::Evidence;
use crate::testing::histories::play::gather;
use crate::testing::histories::process::Process;
use crate::testing::histories::world::World;
use crate::testing::{AccountForm, Faults, FaultyCloud, WriteFault};
use crate::types::{FleetName, InstanceId, Operation, OperationId, OperationKind, Severity, Track};

/// Between two operations, and at the end: targets have drained, groups have looked after their members.
const LATER: Duration = Duration::from_secs(900);

/// From where an operation is undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// It is done, and the old instance is kept.
    Retained,
    /// The process was killed at the write with this number, before or after it had its effect.
    Write(u64, bool),
}

/// How a scene is played.
pub(super) struct How<'a> {
    pub(super) act: Act,
    pub(super) from: From,
    /// What goes wrong.
    pub(super) plan: Plan<'a>,
    /// When a person is needed: whether that person first lets it go on, and only then has it undone.
    pub(super) goes_on: bool,
    pub(super) real_store: bool,
    pub(super) trace: bool,
}

/// A scene that was played.
pub(super) struct Played {
    pub(super) world: Arc<World>,
    pub(super) subject: InstanceId,
    /// The account before the operation; before the quarantine, when it is released.
    pub(super) before: AccountForm,
    /// At the end.
    pub(super) after: AccountForm,
    /// Where the operation came to rest first.
    pub(super) rested: OperationStatus,
    /// The operation at its end.
    pub(super) ended: OperationRecord,
    /// The connection of the process on which things went wrong first.
    pub(super) connection: FaultyCloud,
    pub(super) evidence: Evidence,
    /// Journal entries of the operation before the act, when it is an undoing.
    pub(super) entries_before: usize,
}

/// Plays a scene.
pub(super) fn play(scene: &Scene, how: &How<'_>) -> Result<Played, String> {
    let mut stage = Stage::new(scene, how.trace, how.real_store)?;
    let initial = whole(&stage)?;
    let contained = scene.kind == OperationKind::Replace && scene.track == Track::Compromise;
    if contained {
        let record = prepare(&stage, scene, OperationKind::Quarantine)?;
        through(&mut stage, record)?;
    }
    let mut record = prepare(&stage, scene, scene.kind)?;
    let mut before = whole(&stage)?;
    let task = match how.act {
        Act::Do => Task::Begin(Box::new(record.clone())),
        Act::Release => {
            let quarantine = through(&mut stage, record)?;
            record = release(&stage, &quarantine);
            before = initial;
            Task::Begin(Box::new(record.clone()))
        }
        Act::Undo => {
            let begin = Task::Begin(Box::new(record.clone()));
            match how.from {
                From::Retained => drop(stage.play(&begin, &calm, false)?),
                From::Write(number, made) => {
                    let fault = if made { WriteFault::KillAfter } else { WriteFault::KillBefore };
                    stage.process(&begin, Faults::at_write(number, fault), true)?;
                    stage.wait(Duration::from_secs(200));
                }
            }
            Task::UndoAll(record.id.clone())
        }
    };
    let entries_before = entries(&stage.world, &record.id)?;
    let connection = stage.play(&task, how.plan, true)?;
    let rested = stored(&stage, &record.id)?.status;
    let ended = by_people(&mut stage, &record.id, how.goes_on)?;
    stage.wait(LATER);
    let (after, evidence) = (whole(&stage)?, gather(&stage.world)?);
    let (world, subject) = (stage.world.clone(), stage.subject.clone());
    Ok(Played { world, subject, before, after, rested, ended, connection, evidence, entries_before })
}

/// An operation without any trouble, to its end.
fn through(stage: &mut Stage, record: OperationRecord) -> Result<OperationRecord, String> {
    let id = record.id.clone();
    stage.play(&Task::Begin(Box::new(record)), &calm, true)?;
    stage.wait(LATER);
    let record = stored(stage, &id)?;
    if record.status == OperationStatus::Done {
        return Ok(record);
    }
    Err(format!("{} is {} without any trouble: {}", record.kind, record.status, record.note.unwrap_or_default()))
}

/// What people do about an operation that needs them, when all is well again.
fn by_people(stage: &mut Stage, id: &OperationId, goes_on: bool) -> Result<OperationRecord, String> {
    for turn in 0..2 {
        let record = stored(stage, id)?;
        if record.status != OperationStatus::NeedsHuman {
            return Ok(record);
        }
        let undoing = |state| matches!(state, StepState::Undoing | StepState::Undone | StepState::Stuck);
        let ending = |step: &crate::remediate::StepRecord| step.step.after_retention && step.begun_at.is_some();
        let back = record.steps.iter().any(|step| undoing(step.state));
        let resumes = record.undoes.is_some() || back || record.steps.iter().any(ending) || (goes_on && turn == 0);
        let id = id.clone();
        let task = if resumes { Task::Resume(id) } else { Task::UndoAll(id) };
        stage.play(&task, &calm, true)?;
    }
    stored(stage, id)
}

fn prepare(stage: &Stage, scene: &Scene, kind: OperationKind) -> Result<OperationRecord, String> {
    let world = &stage.world;
    let golden = world.promoted().filter(|_| kind == OperationKind::Replace);
    let operation = Operation {
        kind,
        instance: stage.subject.clone(),
        account: world.place.account.clone(),
        region: world.place.region.clone(),
        fleet: FleetName::new("web"),
        golden: golden.map(|golden| golden.reference()),
        track: scene.track,
        severity: Severity::High,
        findings: Vec::new(),
        before_image: String::new(),
        reasons: Vec::new(),
        gates: Vec::new(),
    };
    let process = Process::new(world.clone(), FaultyCloud::new(world.cloud.clone(), Faults::None), 0);
    let prepared = async {
        let seen = process.look().await.ok_or("the account could not be read")?;
        process.prepare(&seen, &operation, kind, requested()).await
    };
    prepared.now_or_never().ok_or("the account did not answer")?
}

fn release(stage: &Stage, quarantine: &OperationRecord) -> OperationRecord {
    let world = &stage.world;
    let mut record = lay_out_release(world.new_operation(), quarantine, requested(), world.now());
    record.facts.principal = world.cloud.principal(&world.place).now_or_never().and_then(Result::ok);
    record
}

fn requested() -> Requested {
    Requested {
        by: "ops@example.com".to_owned(),
        reasons: Vec::new(),
        plan: None,
        operation: None,
        findings: Vec::new(),
        fingerprints: Vec::new(),
        overridden: None,
    }
}

fn stored(stage: &Stage, id: &OperationId) -> Result<OperationRecord, String> {
    let found = stage.world.store.operation(id).map_err(|error| error.to_string())?;
    found.ok_or_else(|| format!("{id} was never begun"))
}

fn entries(world: &World, id: &OperationId) -> Result<usize, String> {
    world.store.journal_of(id).map(|entries| entries.len()).map_err(|error| error.to_string())
}

fn whole(stage: &Stage) -> Result<AccountForm, String> {
    stage.world.cloud.whole(&stage.world.place).ok_or_else(|| "there is no account".to_owned())
}

//! Plays one history: polls the processes, and lets time pass when all of them sleep.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::Timestamp;

use super::build;
use super::events::{self, Blow};
use super::evidence::Evidence;
use super::past;
use super::process::Process;
use super::world::World;
use crate::remediate::OperationStatus;
use crate::testing::clock::after;
use crate::testing::{Dice, Faults, FaultyCloud, Killed};

/// How long things happen.
const BUSY: Duration = Duration::from_secs(8 * 3600);
/// How long nothing happens any more, and nothing fails: what was begun can come to rest.
const QUIET: Duration = Duration::from_secs(5 * 3600);
/// Servers run the inventory association this often.
const REPORTS: Duration = Duration::from_secs(1800);
/// How long until a process that was killed or has ended is started again.
const RESTART: Duration = Duration::from_secs(200);

struct Running {
    future: Pin<Box<dyn Future<Output = ()>>>,
    killed: Killed,
    cloud: FaultyCloud,
}

struct Slot {
    running: Option<Running>,
    again_at: Timestamp,
}

/// One history, from its seed to everything that can be judged.
pub(super) fn play(seed: u64, trace: bool, real_store: bool) -> Result<(Arc<World>, Evidence), String> {
    let world = Arc::new(build::build(seed, trace, real_store)?);
    let start = world.now();
    let (calm, end) = (after(start, BUSY), after(after(start, BUSY), QUIET));
    let mut slots: Vec<Slot> = (0..world.processes)
        .map(|number| Slot { running: None, again_at: after(start, Duration::from_secs(60 + number * 300)) })
        .collect();
    let mut started = 0;
    let mut next_event = after(start, Duration::from_secs(300));
    let mut next_report = after(start, REPORTS);
    let mut quiet = false;
    while world.now() < end {
        for slot in &mut slots {
            if slot.running.is_none() && world.now() >= slot.again_at && !world.truth().ending {
                started += 1;
                slot.running = Some(launch(&world, seed, started, quiet));
            }
            step(&world, slot);
        }
        if world.truth().ending && slots.iter().all(|slot| slot.running.is_none()) {
            world.truth().ending = false;
        }
        let asleep = world.time.next();
        let again = slots.iter().filter(|slot| slot.running.is_none()).map(|slot| slot.again_at).min();
        let times = [asleep, again, (!quiet).then_some(next_event), Some(next_report), (!quiet).then_some(calm)];
        let next = times.into_iter().flatten().min().unwrap_or(end).max(after(world.now(), Duration::from_millis(1)));
        world.time.move_to(next.min(end));
        let now = world.now();
        if now >= next_report {
            drop(world.cloud.run_inventory_all());
            next_report = after(now, REPORTS);
        }
        if !quiet && now >= calm {
            quiet = true;
            world.truth().quiet = true;
            drop(events::relief(&world));
            world.resume();
            for slot in &slots {
                if let Some(running) = &slot.running {
                    running.cloud.heal();
                }
            }
        } else if !quiet && now >= next_event {
            match events::happen(&world) {
                Some(Blow::Kill) => {
                    if let Some(running) = slots.iter().find_map(|slot| slot.running.as_ref()) {
                        running.killed.kill();
                    }
                }
                Some(Blow::End) => world.truth().ending = true,
                None => {}
            }
            next_event = after(now, events::wait(&world));
        }
    }
    for slot in &mut slots {
        retire(&world, slot);
    }
    let evidence = gather(&world)?;
    Ok((world, evidence))
}

fn launch(world: &Arc<World>, seed: u64, number: u64, quiet: bool) -> Running {
    let faults = if quiet {
        Faults::None
    } else {
        Faults::Chance { dice: Dice::new(seed.wrapping_mul(1009).wrapping_add(number)), rates: world.rates }
    };
    let cloud = FaultyCloud::new(world.cloud.clone(), faults);
    let process = Process::new(world.clone(), cloud.clone(), number);
    Running { future: Box::pin(process.run()), killed: cloud.killed(), cloud }
}

/// Lets a process go as far as it can now.
fn step(world: &Arc<World>, slot: &mut Slot) {
    let Some(running) = &mut slot.running else { return };
    let mut context = Context::from_waker(Waker::noop());
    let over = running.killed.happened() || running.future.as_mut().poll(&mut context) == Poll::Ready(());
    if over || running.killed.happened() {
        retire(world, slot);
    }
}

/// What the process had in memory is gone.
fn retire(world: &Arc<World>, slot: &mut Slot) {
    if let Some(running) = slot.running.take() {
        let mut truth = world.truth();
        for (name, count) in running.cloud.struck() {
            truth.tally.add("fault", name, count);
        }
        for (api, count) in running.cloud.tried() {
            truth.tally.add("call", api, count);
        }
    }
    slot.again_at = after(world.now(), RESTART);
}

pub(super) fn gather(world: &World) -> Result<Evidence, String> {
    let audit = world.store.audit_problem().map_err(|error| error.to_string())?;
    let operations = past::operations(world).map_err(|error| error.to_string())?;
    let stranded = operations
        .iter()
        .filter(|record| matches!(record.status, OperationStatus::Running | OperationStatus::RollingBack))
        // One that is older than it may be was to be left to a person.
        .filter(|record| world.now() > after(record.deadline, Duration::from_secs(3600)))
        .map(|record| record.id.clone());
    let stranded =
        if world.store.pauses().is_ok_and(|pauses| pauses.is_empty()) { stranded.collect() } else { Vec::new() };
    let (facts, cooldown) = {
        let truth = world.truth();
        (truth.facts.clone(), truth.fleet.budget_cooldown)
    };
    Ok(Evidence {
        log: world.cloud.log(),
        operations: world.cloud.operations(),
        facts,
        retain_s: i64::try_from(build::RETAIN_S).unwrap_or_default(),
        cooldown_s: i64::try_from(cooldown.as_secs()).unwrap_or_default(),
        audit,
        stranded,
    })
}

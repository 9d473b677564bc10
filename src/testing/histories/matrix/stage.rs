//! The stage of a scene: a small account, and one process after the other in it.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::Timestamp;

use super::live::{Task, live};
use super::scene::Scene;
use crate::remediate::{OperationRecord, OperationStatus};
use crate::testing::clock::after;
use crate::testing::histories::build::{Drawn, fleet};
use crate::testing::histories::process::Process;
use crate::testing::histories::tally::Tally;
use crate::testing::histories::world::World;
use crate::testing::{Dice, FaultRates, Faults, FaultyCloud, FleetBuilder, SimActor, SimError, SimFleet};
use crate::types::{InstanceId, Place};

/// Servers run the inventory association this often.
const REPORTS: Duration = Duration::from_secs(1800);
/// How long until a process that was killed or gave up is started again.
const RESTART: Duration = Duration::from_secs(200);
/// Processes that one operation may take.
const PROCESSES: u64 = 12;

/// What goes wrong for which process, by its number from 1.
pub(super) type Plan<'a> = &'a dyn Fn(u64) -> Faults;

/// Nothing goes wrong.
pub(super) fn calm(_: u64) -> Faults {
    Faults::None
}

pub(super) struct Stage {
    pub(super) world: Arc<World>,
    /// The server that it is about.
    pub(super) subject: InstanceId,
    next_report: Timestamp,
    started: u64,
}

impl Stage {
    pub(super) fn new(scene: &Scene, trace: bool, real_store: bool) -> Result<Self, String> {
        let builder = FleetBuilder::new("web").packages(2).user_data(None);
        let builder = if scene.has.group { builder.group(3) } else { builder.standalone(2) };
        let built = builder.build().map_err(|error| error.to_string())?;
        built.cloud.configure(|settings| settings.trail = false);
        // Of members that came together, a group that shrinks ends the one with the lowest id.
        let subject = built.instances().into_iter().min().ok_or("an empty fleet")?;
        equip(&built, &subject, scene).map_err(|error| error.to_string())?;
        let rates = FaultRates { fail: 0, lose: 0, twice: 0, late: 0, kill: 0, read_fail: 0, read_kill: 0 };
        let settings = scene.settings();
        let fleet = fleet(&mut Dice::new(1));
        let drawn = Drawn { seed: 1, trace, real_store, settings, fleet, rates, processes: 1 };
        let world = Arc::new(drawn.stand(&[(built, "1")], Tally::default())?);
        let next_report = after(world.now(), REPORTS);
        Ok(Self { world, subject, next_report, started: 0 })
    }

    /// Processes, one after the other, until every operation rests. Answers the connection of the first.
    pub(super) fn play(&mut self, task: &Task, plan: Plan<'_>, to_the_end: bool) -> Result<FaultyCloud, String> {
        let mut first = None;
        for number in 1..=PROCESSES {
            let cloud = self.process(task, plan(number), to_the_end)?;
            let killed = cloud.killed().happened();
            let connection = first.get_or_insert(cloud);
            if !killed && !self.is_open(to_the_end)? {
                return Ok(connection.clone());
            }
            self.wait(RESTART);
        }
        Err(format!("nothing rests after {PROCESSES} processes"))
    }

    /// One process, until it ends or is killed.
    pub(super) fn process(&mut self, task: &Task, faults: Faults, to_the_end: bool) -> Result<FaultyCloud, String> {
        self.started += 1;
        let world = self.world.clone();
        let cloud = FaultyCloud::new(world.cloud.clone(), faults);
        let killed = cloud.killed();
        let process = Process::new(world, cloud.clone(), self.started);
        let mut future = pin!(live(&process, task, to_the_end));
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(ended) = future.as_mut().poll(&mut context) {
                return match ended {
                    Err(error) if !killed.happened() => Err(format!("the journal failed: {error}")),
                    _ => Ok(cloud),
                };
            }
            if killed.happened() {
                return Ok(cloud);
            }
            let next = self.world.time.next().ok_or("a process sleeps for ever")?;
            self.move_to(next);
        }
    }

    /// Lets time pass without any process.
    pub(super) fn wait(&mut self, span: Duration) {
        self.move_to(after(self.world.now(), span));
    }

    fn move_to(&mut self, time: Timestamp) {
        while self.next_report <= time {
            self.world.time.move_to(self.next_report);
            drop(self.world.cloud.run_inventory_all());
            self.next_report = after(self.next_report, REPORTS);
        }
        // Whoever sleeps until now is woken, too.
        self.world.time.move_to(time.max(self.world.now()));
    }

    fn is_open(&self, to_the_end: bool) -> Result<bool, String> {
        let open = |record: &OperationRecord| match record.status {
            OperationStatus::Running | OperationStatus::RollingBack => true,
            OperationStatus::Retaining => to_the_end,
            OperationStatus::NeedsHuman | OperationStatus::Done | OperationStatus::RolledBack => false,
        };
        let records = self.world.store.unfinished_operations().map_err(|error| error.to_string())?;
        Ok(records.iter().any(open))
    }
}

fn equip(fleet: &SimFleet, subject: &InstanceId, scene: &Scene) -> Result<(), SimError> {
    let (cloud, place, has) = (&fleet.cloud, Place::new("000000000000", "eu-west-1"), scene.has);
    let ops = SimActor::person("ops@example.com");
    if has.interface {
        let groups = [SimFleet::security_group(&place.region, "web")];
        cloud.attach_network_interface(&ops, subject, &groups)?;
    }
    if has.second_ip {
        let primary = cloud.form(&place, subject).and_then(|form| form.detail.interfaces.into_iter().next());
        let primary = primary.ok_or_else(|| SimError::missing(subject))?.id;
        cloud.add_address(subject, &primary, "10.0.77.7")?;
    }
    if has.elastic {
        cloud.associate_address(&ops, subject)?;
    }
    if has.data {
        cloud.attach_volume(&ops, subject, "/dev/sdf", 8)?;
    }
    if has.dies {
        cloud.set_shutdown_behavior(subject, "terminate")?;
    }
    if has.routes {
        [subject, &fleet.reference].iter().try_for_each(|server| cloud.source_dest_check(&ops, server, false))?;
    }
    if has.marked {
        cloud.create_tags(&ops, subject, &[("cattleguard:state", "released")])?;
    }
    // The others of the fleet are registered as well: nobody may touch them.
    let all = fleet.instances();
    if has.target {
        let group = cloud.add_target_group(&place, "api", "instance")?;
        all.iter().try_for_each(|server| cloud.register_target(&ops, server, &group, 8080))?;
    }
    if has.by_address {
        let group = cloud.add_target_group(&place, "direct", "ip")?;
        for server in &all {
            let form = cloud.form(&place, server).ok_or_else(|| SimError::missing(server))?;
            let primary = form.detail.interfaces.first().and_then(|interface| interface.private_ips.first().cloned());
            let address = primary.ok_or_else(|| SimError::missing(server))?;
            let by = crate::testing::By::Person("ops@example.com".to_owned());
            cloud.at(server, |state, place| state.enrol(place, &by, &group, &address, Some(9090), None))?;
        }
    }
    cloud.install_package(subject, "tool", "1")?;
    cloud.clock().advance(Duration::from_secs(600));
    cloud.run_inventory_all()
}

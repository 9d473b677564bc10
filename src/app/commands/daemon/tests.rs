//! The daemon on a virtual clock: a backend that asks for the end once something has come about. Virtual time runs
//! far ahead of deliveries, which take real time; nothing here depends on how far.

mod buttons;

use std::sync::Arc;

use async_trait::async_trait;
use clap::Parser as _;
use jiff::Timestamp;

use super::*;
use crate::app::backend::{Backend, Clock};
use crate::app::cli::Cli;
use crate::app::commands::tests::world::World;
use crate::app::config::Config;
use crate::app::demo::receiver::Receiver;
use crate::app::enforcing::Enforcing;
use crate::app::sim_backend::SimBackend;
use crate::store::{Audit as _, Outbox as _, OutboxState};

/// The simulated account, until something is so.
struct Until {
    inner: SimBackend,
    done: Box<dyn Fn() -> bool + Send + Sync>,
    shutdown: Shutdown,
    since: std::time::Instant,
}

/// What has not come about by then never will: a test that waits for ever says nothing.
const PATIENCE: Duration = Duration::from_secs(240);

#[async_trait]
impl Backend for Until {
    fn name(&self) -> &'static str {
        "cattleguard-sim"
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn clock(&self) -> Clock {
        self.inner.clock()
    }

    async fn sleep(&self, duration: Duration) {
        assert!(self.since.elapsed() < PATIENCE, "what the daemon should do has not come about");
        if (self.done)() {
            self.shutdown.request(Exit::Terminated);
        }
        self.inner.sleep(duration).await;
    }

    async fn connect(&self, config: &Config) -> Result<Arc<dyn CloudRead>, AppError> {
        self.inner.connect(config).await
    }

    async fn connect_enforcing(&self, config: &Config) -> Result<Enforcing, AppError> {
        self.inner.connect_enforcing(config).await
    }
}

/// Runs the daemon in this world for a while and returns how it ended.
fn run_for(world: &World, minutes: i64) -> Exit {
    let end = world.backend.now() + jiff::SignedDuration::from_mins(minutes);
    let clock = world.backend.clone();
    run_until(world, Box::new(move || clock.now() >= end))
}

fn run_until(world: &World, done: Box<dyn Fn() -> bool + Send + Sync>) -> Exit {
    let shutdown = Shutdown::default();
    let since = std::time::Instant::now();
    let backend = Until { inner: world.backend.clone(), done, shutdown: shutdown.clone(), since };
    let config = world.path("cattleguard.toml");
    let line = ["cattleguard-sim", "-q", "-C", config.to_str().expect("a path"), "daemon"];
    let global = Cli::try_parse_from(line).expect("a command line").global;
    let context = Context::new(&backend, global, Vec::new());
    let loaded = context.load(Vec::new()).expect("a configuration");
    let service = Service::prepare(&context, loaded.config, "daemon").expect("a service");
    context
        .runtime()
        .expect("a runtime")
        .block_on(async { start(&context, service, &shutdown).await.expect("a start") })
}

/// When scans were committed, in minutes of their hour.
fn scans(world: &World) -> Vec<i8> {
    let entries = world.store().entries().expect("entries");
    let commits = entries.into_iter().filter(|entry| entry.action == "scan.commit");
    commits.map(|entry| entry.at.to_zoned_datetime(jiff::tz::TimeZone::UTC).minute()).collect()
}

#[test]
fn it_scans_at_the_start_and_on_schedule_and_ends_with_143() {
    let world = World::new("[schedule]\ncron = \"*/20 * * * *\"\n");
    world.record(&[]);
    let exit = run_for(&world, 45);
    assert_eq!((exit, exit.code()), (Exit::Terminated, 143));
    let scans = scans(&world);
    assert!((3..=4).contains(&scans.len()), "{scans:?}");
    assert!(scans[1..].iter().all(|minute| minute % 20 <= 1), "{scans:?}");
}

#[test]
fn without_on_start_the_first_scan_is_the_scheduled_one() {
    let world = World::new("[schedule]\ncron = \"0 0 1 1 *\"\non_start = false\n");
    world.record(&[]);
    assert_eq!(run_for(&world, 30), Exit::Terminated);
    assert_eq!(scans(&world), Vec::<i8>::new());
}

#[test]
fn alerts_are_delivered_between_scans_after_their_wait() {
    let receiver = Receiver::start().expect("a receiver");
    let notify = "[[notify]]\nname = \"ops\"\nkind = \"slack\"\nurl = { file = \"ops.url\" }\nallow_private = true\n\n\
                  [alerts]\ngroup_wait = \"30s\"\n\n[schedule]\ncron = \"*/30 * * * *\"\n";
    let world = World::new(notify);
    world.secret("ops.url", &format!("http://{}/services/T0/B0/x", receiver.address));
    world.record(&[]);
    let alice = crate::testing::SimActor::person("Alice Example");
    world.fleet.cloud.start_session(&alice, &world.fleet.instances()[0]).expect("a session");
    world.fleet.clock.advance(Duration::from_secs(900));
    let store = world.store();
    let delivered = move || !store.rows(Some(OutboxState::Delivered)).expect("rows").is_empty();
    assert_eq!(run_until(&world, Box::new(delivered)), Exit::Terminated);
    assert!(receiver.arrived()[0].body.contains("Alice Example"), "{}", receiver.arrived()[0].body);
    let first = &world.store().rows(Some(OutboxState::Delivered)).expect("rows")[0];
    assert!(first.draft.due_at >= first.created_at + jiff::SignedDuration::from_secs(30), "company was waited for");
}

/// A world whose fleet may be replaced at any time, with one server that somebody was on, seen by two scans.
fn drifted(schedule: &str) -> (World, crate::types::InstanceId) {
    let fleet = "enforcement = \"replace\"\nbudget = { count = 1, percent = 50 }\nbake = \"30m\"\n\n[[fleet.windows]]\n\
                 from = \"00:00\"\nto = \"23:59\"\nzone = \"UTC\"\ndays = []\n";
    let world = World::new(&format!("mode = \"replace\"\n{schedule}"));
    let path = world.path("cattleguard.toml");
    let text = std::fs::read_to_string(&path).expect("a configuration");
    std::fs::write(&path, text.replace("\n[state]", &format!("{fleet}\n[state]"))).expect("written");
    world.record(&[]);
    let id = world.fleet.instances()[0].clone();
    world.fleet.cloud.start_session(&crate::testing::SimActor::person("Carol"), &id).expect("a session");
    world.fleet.clock.advance(Duration::from_secs(1200));
    world.fleet.cloud.run_inventory_all().expect("an inventory run");
    (world, id)
}

fn replacements(world: &World) -> Vec<crate::remediate::OperationRecord> {
    use crate::remediate::Journal as _;
    world.store().operations_since(Timestamp::UNIX_EPOCH).expect("operations")
}

#[test]
fn with_the_mode_raised_it_replaces_what_drifted_and_goes_on_scanning_meanwhile() {
    let (world, id) = drifted("[schedule]\ncron = \"*/10 * * * *\"\n");
    assert_eq!(run_for(&world, 120), Exit::Terminated);
    let done = replacements(&world);
    let [only] = done.as_slice() else { panic!("{done:#?}") };
    assert_eq!((&only.instance, only.status), (&id, crate::remediate::OperationStatus::Retaining));
    let (began, ended) =
        (only.created_at, only.facts.serving_since.expect("served") + jiff::SignedDuration::from_mins(30));
    let entries = world.store().entries().expect("entries");
    let meanwhile =
        entries.iter().filter(|entry| entry.action == "scan.commit" && began < entry.at && entry.at < ended);
    assert!(meanwhile.count() >= 2, "scans went on while it baked");
}

#[test]
fn what_a_dead_process_left_is_gone_on_with_first() {
    let (world, id) = drifted("[schedule]\ncron = \"*/10 * * * *\"\n");
    let store = world.store();
    let begun = move || {
        use crate::remediate::Journal as _;
        let found = store.operations_since(Timestamp::UNIX_EPOCH).expect("operations");
        found.iter().any(|record| record.facts.replacement.is_some())
    };
    assert_eq!(run_until(&world, Box::new(begun)), Exit::Terminated);
    assert_eq!(replacements(&world)[0].status, crate::remediate::OperationStatus::Running, "asked to stop on its way");
    assert_eq!(run_for(&world, 90), Exit::Terminated);
    let done = replacements(&world);
    assert_eq!(done.len(), 1, "{done:#?}");
    assert_eq!((&done[0].instance, done[0].status), (&id, crate::remediate::OperationStatus::Retaining));
}

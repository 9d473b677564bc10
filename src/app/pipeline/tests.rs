//! Several scans of one simulated fleet: what fails or moves in one scan must not be lost in the next.

mod own;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{ScanInputs, run_scan};
use crate::app::policies::Policies;
use crate::collect::{CollectSettings, ReadFailure, TrailSource, read_reference};
use crate::detect::registry::{RecordRequest, Reference, promote, record};
use crate::evaluate::shipped;
use crate::plan::Permissions;
use crate::report::{NotifySettings, ScanReport};
use crate::store::{Goldens as _, Scans as _, SqliteStore};
use crate::testing::{CommandTarget, FailRule, FailingCloud, FakeCloud, FleetBuilder, SimActor, SimFleet};
use crate::types::*;

struct World {
    cloud: FailingCloud<FakeCloud>,
    fleet: SimFleet,
    store: SqliteStore,
    place: Place,
    overlap: Duration,
    own_principals: Vec<String>,
}

impl World {
    /// Two servers of a promoted golden, scanned once while all was well.
    async fn new() -> Self {
        let fleet = FleetBuilder::new("web").standalone(2).packages(5).build().unwrap();
        let place = Place::new("000000000000", "eu-west-1");
        let cloud = FailingCloud::new(fleet.cloud.clone());
        let store = SqliteStore::open_in_memory().unwrap();
        let types = [InventoryType::new("AWS:Application")];
        let now = fleet.clock.now();
        let pristine = read_reference(&cloud, &place, &fleet.reference, &types, now).await.unwrap();
        let request = RecordRequest {
            reference: GoldenRef::new("web", "1"),
            image: pristine.image.clone(),
            place: place.clone(),
            from: Some(Reference { instance: &pristine, suspicions: Vec::new() }),
            manifest_root: None,
            without: BTreeSet::new(),
            instance_types: BTreeSet::new(),
            tags: BTreeMap::new(),
            recorded_by: "test".to_owned(),
            now,
        };
        let golden = record(None, &request).unwrap();
        store.add_golden(&promote(&golden, now).unwrap()).unwrap();
        let world = Self { cloud, fleet, store, place, overlap: Duration::from_secs(60), own_principals: Vec::new() };
        let first = world.scan().await;
        assert_eq!(first.instances.iter().map(|result| result.verdict).max(), Some(Verdict::Clean));
        world
    }

    async fn scan(&self) -> ScanReport {
        let fleets = [fleet()];
        let policies = Policies::load(None, shipped(), Value::Object(serde_json::Map::new())).unwrap();
        let clock = || self.fleet.clock.now();
        let inputs = ScanInputs {
            collect: CollectSettings {
                elsewhere: Vec::new(),
                places: vec![self.place.clone()],
                trail: vec![TrailSource::Lookup],
                inventory_types: vec![InventoryType::new("AWS:Application")],
                lookback: Duration::from_secs(24 * 3600),
                overlap: self.overlap,
                concurrency: 1,
                load_balancers: true,
            },
            fleets: &fleets,
            mode: Enforcement::Observe,
            fail_on: Severity::Low,
            policies: &policies,
            destinations: &[],
            exceptions_last: Duration::from_secs(90 * 86_400),
            exceptions_warn: Duration::from_secs(7 * 86_400),
            notify: NotifySettings::default(),
            own_principals: self.own_principals.clone(),
            stopped: None,
            alarms: Vec::new(),
            permissions: Permissions::Unknown,
            wish: None,
            approvals_needed: 1,
            holder: "test".to_owned(),
            clock: &clock,
            progress: &|_| {},
        };
        run_scan(&self.cloud, &self.store, &inputs).await.unwrap().report
    }

    fn wait(&self, minutes: u64) {
        self.fleet.clock.advance(Duration::from_secs(minutes * 60));
        self.fleet.cloud.run_inventory_all().unwrap();
        self.fleet.clock.advance(Duration::from_secs(20 * 60));
    }

    fn member(&self) -> InstanceId {
        self.fleet.instances().remove(0)
    }
}

fn fleet() -> Fleet {
    Fleet {
        enforcement: Enforcement::Replace,
        budget_count: 5,
        budget_percent: 100.0,
        allow_min_one: true,
        budget_cooldown: Duration::from_secs(60),
        min_healthy: 0,
        ..crate::types::sample::fleet()
    }
}

fn codes_of<'a>(report: &'a ScanReport, id: &InstanceId) -> Vec<&'a str> {
    report.findings.iter().filter(|finding| finding.instance == *id).map(|finding| finding.code.as_str()).collect()
}

#[tokio::test]
async fn a_command_by_tag_is_not_lost_while_instances_cannot_be_listed() {
    let world = World::new().await;
    let id = world.member();
    world.cloud.add_rule(FailRule::fail(ReadFailure::Unavailable).api("ec2:DescribeInstances"));
    world.wait(30);
    let target = CommandTarget::Tag("app".to_owned(), "web".to_owned());
    world.fleet.cloud.send_command(&SimActor::person("alice"), &world.place, "AWS-RunShellScript", &target).unwrap();
    world.wait(30);
    let blind = world.scan().await;
    assert_eq!(blind.totals.exit_code, 3);
    world.cloud.heal();
    world.wait(60);
    let seen = world.scan().await;
    assert!(codes_of(&seen, &id).contains(&"event-remote-command"), "{:?}", codes_of(&seen, &id));
}

#[tokio::test]
async fn a_clock_that_was_ahead_and_set_right_loses_no_event() {
    let world = World::new().await;
    // The machine's clock was three hours ahead when it scanned last.
    let ahead = world.fleet.clock.now().checked_add(jiff::SignedDuration::from_hours(3)).unwrap();
    set_checkpoint(&world, ahead);
    let id = world.member();
    world.fleet.clock.advance(Duration::from_secs(600));
    world.fleet.cloud.start_session(&SimActor::person("alice"), &id).unwrap();
    world.wait(10);
    let early = world.scan().await;
    assert!(
        codes_of(&early, &id).contains(&"event-interactive-session"),
        "{:?} {:?}",
        codes_of(&early, &id),
        early.coverage
    );
    world.fleet.cloud.push_ssh_key(&SimActor::person("bob"), &id, "root").unwrap();
    world.wait(6 * 60);
    let late = world.scan().await;
    assert!(codes_of(&late, &id).contains(&"event-ssh-key-pushed"), "{:?}", codes_of(&late, &id));
}

/// Commits a scan that read nothing but says that the trail was read through a time.
fn set_checkpoint(world: &World, through: Timestamp) {
    use crate::store::{Leases as _, ScanCommit};
    let now = world.fleet.clock.now();
    let lease = world.store.acquire("scan", "ahead", through, 60).unwrap();
    let commit = ScanCommit {
        scan_id: "ahead".into(),
        started_at: through,
        finished_at: through,
        exit_code: 0,
        coverage: Vec::new(),
        instances: Vec::new(),
        findings: Vec::new(),
        events: Vec::new(),
        checkpoints: vec![(world.place.clone(), TrailSource::Lookup.name(), through)],
        marks: crate::store::TrailMarks::default(),
        contents: crate::store::ContentMarks::default(),
        links: Vec::new(),
        user_data: Vec::new(),
        plan: Plan {
            hash: PlanHash::new("blake3:0"),
            created_at: now,
            operations: Vec::new(),
            held: Vec::new(),
            frozen: Vec::new(),
            approval: None,
        },
        notices: Vec::new(),
        inputs: Vec::new(),
        circumstances: Vec::new(),
    };
    world.store.commit_scan(&lease, &commit).unwrap();
    world.store.release(&lease).unwrap();
}

#[tokio::test]
async fn instances_that_cannot_be_listed_are_unjudged_and_not_forgotten() {
    let world = World::new().await;
    let before = world.store.instance_results().unwrap().len();
    world.cloud.add_rule(FailRule::fail(ReadFailure::Denied).api("ec2:DescribeInstances"));
    world.wait(30);
    for _ in 0..2 {
        let blind = world.scan().await;
        assert_eq!(blind.instances.len(), before, "what was known before is still there");
        assert!(blind.instances.iter().all(|result| result.verdict == Verdict::Unjudged));
        assert!(blind.instances.iter().all(|result| !result.reasons.is_empty()));
        assert_eq!(blind.totals.unjudged, before as u64);
        world.wait(30);
    }
    world.cloud.heal();
    let healed = world.scan().await;
    assert_eq!(healed.totals.clean, before as u64);
}

#[tokio::test]
async fn remembered_user_data_counts_as_read() {
    let world = World::new().await;
    let id = world.member();
    let dave = SimActor::person("dave");
    world.fleet.cloud.modify_user_data(&dave, &id, b"#!/bin/sh\nother\n").unwrap();
    for _ in 0..2 {
        world.wait(30);
        let report = world.scan().await;
        assert!(codes_of(&report, &id).contains(&"config-user-data"));
        let held = report.plan.held.iter().find(|held| held.instance == id).map(|held| &held.gates);
        let planned = report.plan.operations.iter().find(|one| one.instance == id).map(|one| &one.gates);
        let evidence = held.or(planned).unwrap().iter().find(|gate| gate.gate == Gate::Evidence).unwrap();
        assert_eq!(evidence.answer, GateAnswer::Allow, "{}", evidence.reason);
    }
}

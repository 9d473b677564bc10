//! Attesting a server of a simulated fleet.

use std::sync::Arc;
use std::time::Duration;

use cattleguard_agent::digest::Digest as Blake;
use cattleguard_agent::inventory::{DifferenceTotals, Mode, PackageCounts, Status};

use super::*;
use crate::detect::registry::{RecordRequest, Reference, record};
use crate::remediate::{Step, StepRecord, samples};
use crate::testing::{FailRule, FailingCloud, FakeCloud, Fault, FleetBuilder, SimActor, SimFleet};
use crate::types::*;

struct World {
    fleet: SimFleet,
    id: InstanceId,
    place: Place,
    golden: Golden,
    governed: Fleet,
    moving: Moving,
    launched_after: Timestamp,
}

impl World {
    /// A server that has just reported, of a golden recorded from the reference server.
    async fn new() -> Self {
        let fleet = FleetBuilder::new("web").standalone(1).packages(5).build().unwrap();
        let place = Place::new("000000000000", "eu-west-1");
        let types = [InventoryType::new("AWS:Application"), InventoryType::new("AWS:AWSComponent")];
        let now = fleet.clock.now();
        let pristine = read_reference(&fleet.cloud, &place, &fleet.reference, &types, now).await.unwrap();
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
        let id = fleet.instances()[0].clone();
        let world =
            Self { id, place, golden, governed: governed(), moving: Moving::default(), launched_after: now, fleet };
        world.report();
        world
    }

    fn cloud(&self) -> &FakeCloud {
        &self.fleet.cloud
    }

    /// Time passes and the server reports.
    fn report(&self) {
        self.fleet.clock.advance(Duration::from_secs(60));
        self.cloud().run_inventory(&self.id).unwrap();
    }

    fn agent_says(&self, report: &Report) {
        let text = |text: &str| Arc::<str>::from(text);
        let row = report.to_row().iter().map(|(name, value)| (text(name), text(value))).collect();
        self.cloud().set_guest_rows(&self.id, &InventoryType::new(REPORT_TYPE), Some(vec![row])).unwrap();
        self.report();
    }

    async fn attest(&self) -> Attestation {
        self.attest_in(self.cloud()).await.unwrap()
    }

    async fn attest_in(&self, cloud: &dyn CloudRead) -> Result<Attestation, ReadError> {
        let request = AttestRequest {
            place: &self.place,
            instance: &self.id,
            golden: &self.golden,
            fleet: &self.governed,
            launched_after: self.launched_after,
            now: self.fleet.clock.now(),
            moving: &self.moving,
        };
        attest(cloud, &request).await
    }

    #[track_caller]
    fn differs(attestation: &Attestation, text: &str) {
        let Attestation::Different(list) = attestation else { panic!("{attestation:?}") };
        assert!(list.iter().any(|line| line.contains(text)), "{list:?}");
    }

    #[track_caller]
    fn waits(attestation: &Attestation, text: &str) {
        let Attestation::Waiting(reason) = attestation else { panic!("{attestation:?}") };
        assert!(reason.contains(text), "{reason}");
    }
}

fn governed() -> Fleet {
    Fleet { select: Selector::default(), ..crate::types::sample::fleet() }
}

fn agent_report(root: Blake, finished_at: Timestamp) -> Report {
    Report {
        agent_version: "0.1.0".to_owned(),
        agent_digest: None,
        root,
        golden_root: Blake::of(b"golden"),
        status: Status::Complete,
        mode: Mode::Full,
        started_at: finished_at,
        finished_at,
        entries: 10,
        files: 8,
        bytes: 100,
        unjudged: 0,
        excluded: 0,
        vanished: 0,
        differences: DifferenceTotals::default(),
        packages: PackageCounts::default(),
        state: 0,
        rows_listed: 0,
        rows_cut: 0,
        rows_digest: Blake::of(b"rows"),
    }
}

fn one_added() -> DifferenceTotals {
    DifferenceTotals { added: 1, ..DifferenceTotals::default() }
}

fn alice() -> SimActor {
    SimActor::role("Admin", "alice")
}

#[tokio::test]
async fn an_equal_server_with_new_inventory_is_clean() {
    assert_eq!(World::new().await.attest().await, Attestation::Clean);
}

#[tokio::test]
async fn inventory_from_before_the_launch_says_nothing() {
    let mut world = World::new().await;
    world.launched_after = world.fleet.clock.now();
    World::waits(&world.attest().await, "no inventory of type AWS:Application since the launch");
    world.report();
    assert_eq!(world.attest().await, Attestation::Clean);

    // What is inside now came with the replaced root volume; the old list must not be held against it.
    world.cloud().install_package(&world.id, "nmap", "7").unwrap();
    world.report();
    world.launched_after = world.fleet.clock.now();
    World::waits(&world.attest().await, "since the launch");
}

#[tokio::test]
async fn a_changed_package_is_a_difference() {
    let world = World::new().await;
    world.cloud().upgrade_package(&world.id, "openssl", "3.9.9").unwrap();
    assert_eq!(world.attest().await, Attestation::Clean, "not reported yet");
    world.report();
    World::differs(&world.attest().await, "openssl");
}

#[tokio::test]
async fn a_difference_counts_although_other_things_are_not_seen_yet() {
    let mut world = World::new().await;
    world.launched_after = world.fleet.clock.now();
    world.cloud().modify_instance_groups(&alice(), &world.id, &["sg-0000000000000bad".into()]).unwrap();
    World::differs(&world.attest().await, "config-security-groups");
}

#[tokio::test]
async fn a_silent_agent_makes_it_wait() {
    let world = World::new().await;
    world.cloud().unmanage(&world.id).unwrap();
    World::waits(&world.attest().await, "AWS:Application");
    world.fleet.clock.advance(Duration::from_secs(3600));
    World::waits(&world.attest().await, "not managed by SSM");
}

#[tokio::test]
async fn one_missing_type_makes_it_wait() {
    let world = World::new().await;
    world.cloud().set_guest_rows(&world.id, &InventoryType::new("AWS:AWSComponent"), None).unwrap();
    world.report();
    World::waits(&world.attest().await, "AWS:AWSComponent");
}

#[tokio::test]
async fn another_image_differs_and_a_revoked_golden_proves_nothing() {
    let mut world = World::new().await;
    world.golden.images[0].image = "ami-other".into();
    World::differs(&world.attest().await, "image-unrecorded");
    let mut world = World::new().await;
    world.golden.status = GoldenStatus::Revoked;
    World::differs(&world.attest().await, "image-revoked");
    // Whether it is promoted by now does not matter: this is the golden that the operation launched.
    world.golden.status = GoldenStatus::Deprecated;
    assert_eq!(world.attest().await, Attestation::Clean);
}

#[tokio::test]
async fn what_comes_later_is_not_missed() {
    let mut world = World::new().await;
    let volume = VolumeContract { device: "/dev/sdf".to_owned(), size_gib: None, volume_type: None, encrypted: None };
    world.golden.contract.volumes.as_mut().unwrap().push(volume);
    world.golden.contract.interfaces = Some(2);
    World::differs(&world.attest().await, "/dev/sdf is not attached");
    world.moving = Moving { devices: BTreeSet::from(["/dev/sdf".to_owned(), "/dev/xvda".to_owned()]), interfaces: 1 };
    assert_eq!(world.attest().await, Attestation::Clean, "the root is there already");
    world.golden.contract.interfaces = Some(3);
    World::differs(&world.attest().await, "1 network interfaces, should have 3");
}

#[tokio::test]
async fn a_golden_without_a_baseline_proves_nothing_unless_none_is_expected() {
    let mut world = World::new().await;
    world.golden.baseline = Baseline::default();
    World::waits(&world.attest().await, "no software baseline");
    world.governed.expect_inventory = false;
    assert_eq!(world.attest().await, Attestation::Clean);
}

#[tokio::test]
async fn with_a_manifest_the_agents_report_is_needed() {
    let mut world = World::new().await;
    world.golden.baseline.manifest_root = Some(Digest::new(format!("blake3:{}", "0".repeat(64))));
    World::waits(&world.attest().await, "agent");
    let root = Blake::of(b"golden");
    world.golden.baseline.manifest_root = Some(Digest::new(root.to_string()));
    let looked_at = world.fleet.clock.now();
    world.agent_says(&agent_report(root, looked_at));
    assert_eq!(world.attest().await, Attestation::Clean);
    let other = Report { differences: one_added(), ..agent_report(Blake::of(b"other"), looked_at) };
    world.agent_says(&other);
    World::differs(&world.attest().await, "file-");

    // SSM captures an old report again.
    world.agent_says(&agent_report(root, world.launched_after));
    World::waits(&world.attest().await, "agent");
}

#[tokio::test]
async fn a_server_that_is_not_there_or_does_not_run_waits_and_a_failed_read_is_an_error() {
    let mut world = World::new().await;
    let cloud = FailingCloud::new(world.cloud().clone());
    cloud.add_rule(FailRule::fail(ReadFailure::Throttled).api("ssm:ListInventoryEntries"));
    assert!(world.attest_in(&cloud).await.is_err());
    world.cloud().stop(&alice(), &world.id).unwrap();
    World::waits(&world.attest().await, "is stopping");
    world.id = "i-00000000000000000".into();
    World::waits(&world.attest().await, "not found");
}

#[test]
fn many_differences_are_counted() {
    let list = bounded((0..30).map(|n| n.to_string()).collect());
    assert_eq!((list.len(), list[20].as_str()), (21, "and 10 more"));
}

#[tokio::test]
async fn a_volume_that_is_not_described_makes_it_wait() {
    let world = World::new().await;
    let cloud = FailingCloud::new(world.cloud().clone());
    cloud.add_rule(FailRule::new(Fault::EndAfter(0)).api("ec2:DescribeVolumes"));
    World::waits(&world.attest_in(&cloud).await.unwrap(), "is not described yet");
}

#[test]
fn captures_of_a_replaced_root_volume_count_from_its_replacement() {
    let mut record = samples::record("op-1");
    assert_eq!(captures_after(&record), record.created_at);
    let step = Step::wait("root-replaced", "", Condition::RootReplaced, 60);
    record.steps.push(StepRecord { ended_at: Some(samples::time(9)), ..StepRecord::pending(step) });
    assert_eq!(captures_after(&record), samples::time(9));
}

//! Draws a world.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::evidence::Fact;
use super::ledger::{Ledger, Memory};
use super::tally::Tally;
use super::world::{Truth, World};
use crate::collect::read_reference;
use crate::detect::registry::{RecordRequest, Reference, record};
use crate::plan::AlarmState;
use crate::remediate::{CutMode, IdentityCut, Method, Moves, Settings};
use crate::store::SqliteStore;
use crate::testing::{Dice, FakeCloud, FaultRates, FleetBuilder, SimActor, SimFleet};
use crate::types::plan::Window;
use crate::types::{
    Enforcement, Fleet, FleetName, Golden, GoldenRef, GoldenStatus, InstanceId, InventoryType, LineName, MassDrift,
    Place, Selector,
};

/// The alarm that some fleets watch.
pub(super) const ALARM: &str = "web-5xx";
/// How long an old instance is kept.
pub(super) const RETAIN_S: u64 = 3600;

/// Draws the world of a seed.
pub(super) fn build(seed: u64, trace: bool, real_store: bool) -> Result<World, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let mut dice = Dice::new(seed);
    let mut tally = Tally::default();
    let shape = Shape::draw(&mut dice);
    shape.count(&mut tally);
    let mut builder = FleetBuilder::new("web").seed(seed).packages(3).user_data(None);
    builder = builder.standalone(shape.standalone);
    if shape.members > 0 {
        builder = builder.group(shape.members);
    }
    let first = builder.build().map_err(|error| text(&error))?;
    let cloud = first.cloud.clone();
    cloud.configure(|settings| settings.trail = false);
    let second = FleetBuilder::new("web").version("2").packages(4).user_data(None).build_in(&cloud);
    let second = second.map_err(|error| text(&error))?;
    let place = Place::new("000000000000", "eu-west-1");
    equip(&cloud, &place, &first, &shape, &mut dice).map_err(|error| text(&error))?;
    let processes = if shape.two { 2 } else { 1 };
    let fleet = fleet(&mut dice);
    let drawn = Drawn { seed, trace, real_store, settings: shape.settings, fleet, rates: rates(&mut dice), processes };
    drawn.stand(&[(first, "1"), (second, "2")], tally)
}

/// What is known of a world besides the account.
pub(super) struct Drawn {
    pub(super) seed: u64,
    pub(super) trace: bool,
    pub(super) real_store: bool,
    pub(super) settings: Settings,
    pub(super) fleet: Fleet,
    pub(super) rates: FaultRates,
    pub(super) processes: u64,
}

impl Drawn {
    /// The world of these fleets, which are versions of one golden line; the first one is promoted.
    pub(super) fn stand(self, versions: &[(SimFleet, &str)], mut tally: Tally) -> Result<World, String> {
        let (first, _) = versions.first().ok_or("a world needs a fleet")?;
        let (cloud, place) = (first.cloud.clone(), Place::new("000000000000", "eu-west-1"));
        let mut goldens = versions
            .iter()
            .map(|(fleet, version)| golden_of(&cloud, &place, fleet, version))
            .collect::<Result<Vec<_>, _>>()?;
        for golden in goldens.iter_mut().take(1) {
            (golden.status, golden.promoted_at) = (GoldenStatus::Promoted, Some(cloud.clock().now()));
        }
        let images = versions.iter().filter_map(|(fleet, _)| fleet.images.values().next().cloned()).collect();
        let groups = first.groups.values().flatten().map(|group| group.name.clone()).collect();
        let budget = self.fleet.budget_count;
        let store: Box<dyn Ledger> = if self.real_store {
            tally.count("world", "real store");
            Box::new(SqliteStore::open_in_memory().map_err(|error| error.to_string())?)
        } else {
            Box::new(Memory::default())
        };
        let truth = Truth {
            dice: Dice::new(self.seed ^ 0x5eed),
            fleet: self.fleet,
            goldens,
            sightings: BTreeMap::new(),
            wishes: BTreeMap::new(),
            requests: Vec::new(),
            unapproved: None,
            ending: false,
            quiet: false,
            facts: Vec::new(),
            tally,
            operations: 0,
            trace: self.trace.then(Vec::new),
        };
        let driven = (self.rates, self.processes);
        let world = World::new(cloud, place, store, self.settings, images, groups, driven, truth);
        world.note(Fact::Budget(usize::try_from(budget).unwrap_or_default()));
        Ok(world)
    }
}

/// What is drawn of a world.
struct Shape {
    standalone: usize,
    members: usize,
    targets: bool,
    extras: bool,
    two: bool,
    settings: Settings,
}

impl Shape {
    fn draw(dice: &mut Dice) -> Self {
        let members = if dice.per_mille(450) { dice.between(3, 4) } else { 0 };
        let standalone = if members == 0 { dice.between(3, 6) } else { dice.between(0, 4) };
        let extras = standalone > 0 && dice.per_mille(200);
        let cuts = [CutMode::Idle, CutMode::Idle, CutMode::Convert, CutMode::Nacl, CutMode::Stop];
        let identities = [IdentityCut::None, IdentityCut::Profile, IdentityCut::Session, IdentityCut::Role];
        let moves = Moves { addresses: extras, private_ips: extras, interfaces: extras, volumes: extras };
        let settings = Settings {
            cut: dice.pick(&cuts).copied().unwrap_or_default(),
            identity: dice.pick(&identities).copied().unwrap_or_default(),
            method: if members == 0 && dice.per_mille(100) { Method::RootVolume } else { Method::Launch },
            moves,
            bake_s: dice.between(30, 120),
            retain_s: RETAIN_S,
            boot_s: 600,
            attest_s: 900,
            traffic_s: 900,
            alarms: if dice.per_mille(300) { vec![ALARM.to_owned()] } else { Vec::new() },
            max_age_s: 3 * 3600,
            ..Settings::default()
        };
        Self {
            standalone: usize::try_from(standalone).unwrap_or_default(),
            members: usize::try_from(members).unwrap_or_default(),
            targets: dice.per_mille(600),
            extras,
            two: dice.per_mille(300),
            settings,
        }
    }

    fn count(&self, tally: &mut Tally) {
        let has = [
            ("standalone", self.standalone > 0),
            ("auto scaling", self.members > 0),
            ("target group", self.targets && self.standalone > 0),
            ("extras", self.extras),
            ("two executors", self.two),
            ("root volume", self.settings.method == Method::RootVolume),
        ];
        for (name, _) in has.iter().filter(|(_, has)| *has) {
            tally.count("world", *name);
        }
    }
}

/// Target groups, and what makes replacing harder: addresses, interfaces, data.
fn equip(
    cloud: &FakeCloud,
    place: &Place,
    fleet: &SimFleet,
    shape: &Shape,
    dice: &mut Dice,
) -> Result<(), crate::testing::SimError> {
    let ops = SimActor::person("ops@example.com");
    let alone: Vec<InstanceId> = fleet.standalone.values().flatten().cloned().collect();
    if shape.targets && !alone.is_empty() {
        let group = cloud.add_target_group(place, "api", "instance")?;
        for server in &alone {
            cloud.register_target(&ops, server, &group, 8080)?;
        }
    }
    if shape.extras {
        for server in &alone {
            match dice.below(4) {
                0 => drop(cloud.associate_address(&ops, server)?),
                1 => {
                    let groups = [SimFleet::security_group(&place.region, "web")];
                    cloud.attach_network_interface(&ops, server, &groups)?;
                }
                2 => drop(cloud.attach_volume(&ops, server, "/dev/sdf", 8)?),
                _ => {}
            }
        }
    }
    cloud.set_alarm(place, ALARM, Some(AlarmState::Ok))?;
    cloud.clock().advance(Duration::from_secs(600));
    Ok(())
}

fn golden_of(cloud: &FakeCloud, place: &Place, fleet: &SimFleet, version: &str) -> Result<Golden, String> {
    let now = cloud.clock().now();
    let kinds = [InventoryType::new("AWS:Application")];
    let read = read_reference(cloud, place, &fleet.reference, &kinds, now);
    // The account answers at once.
    let read = futures::FutureExt::now_or_never(read).ok_or("the account did not answer")?;
    let instance = read.map_err(|error| error.to_string())?;
    let request = RecordRequest {
        reference: GoldenRef::new("web", version),
        image: instance.image.clone(),
        place: place.clone(),
        from: Some(Reference { instance: &instance, suspicions: Vec::new() }),
        manifest_root: None,
        without: BTreeSet::new(),
        instance_types: BTreeSet::new(),
        tags: BTreeMap::from([("app".to_owned(), "web".to_owned())]),
        recorded_by: "ops".to_owned(),
        now,
    };
    record(None, &request).map_err(|error| error.to_string())
}

pub(super) fn fleet(dice: &mut Dice) -> Fleet {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(str::to_owned).to_vec();
    Fleet {
        name: FleetName::new("web"),
        select: Selector { tags: BTreeMap::from([("app".to_owned(), "web".to_owned())]), ..Selector::default() },
        golden: LineName::new("web"),
        enforcement: Enforcement::Replace,
        budget_count: u32::try_from(dice.between(1, 3)).unwrap_or(1),
        budget_percent: 60.0,
        allow_min_one: true,
        budget_cooldown: Duration::from_secs(dice.between(0, 20) * 60),
        windows: vec![Window { days, from: "00:00".to_owned(), to: "23:59".to_owned(), zone: "UTC".to_owned() }],
        mass_drift: MassDrift { at_least: 3, percent: 50.0 },
        one_zone_at_a_time: true,
        min_healthy: 1,
        approval: dice.per_mille(150),
        inventory_max_age: Duration::from_secs(2 * 3600),
        expect_inventory: true,
        expect_agent: false,
        sanctioned_principals: Vec::new(),
    }
}

/// Some histories are calm, some are not.
fn rates(dice: &mut Dice) -> FaultRates {
    let calm = FaultRates { fail: 0, lose: 0, twice: 0, late: 0, kill: 0, read_fail: 0, read_kill: 0 };
    match dice.below(4) {
        0 => calm,
        1 => FaultRates { fail: 60, lose: 30, twice: 30, late: 60, kill: 0, read_fail: 10, read_kill: 0 },
        2 => FaultRates { kill: 60, read_kill: 3, ..calm },
        _ => FaultRates { fail: 40, lose: 40, twice: 40, late: 60, kill: 30, read_fail: 10, read_kill: 1 },
    }
}

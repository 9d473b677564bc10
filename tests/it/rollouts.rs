//! Promoting another version replaces the fleet, one zone at a time; promoting the former one does the same.

use std::collections::BTreeMap;

use cattleguard::testing::SimFleet;
use cattleguard::types::{ImageId, InstanceId};
use serde_json::Value;

use crate::harness::{OK, Setup, TestApp};
use cattleguard::testing::FleetBuilder;

const FLEET: &str = "enforcement = \"replace\"\nbudget = { count = 1, percent = 50, cooldown = \"1s\" }\nbake = \"1m\"\n\
                     mass_drift = { at_least = 10, percent = 100 }";
const OPEN: &str = "[[fleet.windows]]\nfrom = \"00:00\"\nto = \"23:59\"\nzone = \"UTC\"\ndays = []";

/// Four members of a group, two of them in the first of three zones.
fn builder() -> FleetBuilder {
    FleetBuilder::new("web").group(4).packages(10)
}

/// Promotes a version, and its pipeline pins the group's template to it.
fn promote(app: &TestApp, version: &str, fleet: &SimFleet) {
    assert_eq!(app.run(&["golden", "promote", &format!("web@{version}")]), OK);
    let place = app.place();
    let image: ImageId = fleet.images[&place.region].clone();
    let group = &app.fleet.groups[&place][0].name;
    app.cloud().edit_group_template(&place, group, |spec| spec.image = image.clone()).unwrap();
}

/// Every server that is not only kept, with its zone and image.
fn servers(app: &TestApp) -> BTreeMap<InstanceId, (String, ImageId)> {
    let place = app.place();
    let forms = app.cloud().instance_ids().into_iter().filter_map(|id| Some((app.cloud().form(&place, &id)?, id)));
    let serving = forms.filter(|(form, _)| form.group.is_some());
    serving.map(|(form, id)| (id, (form.detail.instance.zone, form.detail.instance.image))).collect()
}

fn instance(operation: &Value) -> InstanceId {
    InstanceId::new(operation["instance"].as_str().unwrap())
}

/// Enforces until that many were replaced.
fn roll(app: &TestApp, many: usize) -> Vec<Value> {
    let mut replaced = Vec::new();
    for _ in 0..20 {
        if replaced.len() == many {
            return replaced;
        }
        app.settle();
        let (_, done) = app.json(&["enforce"]);
        for operation in done["operations"].as_array().unwrap() {
            assert_eq!(operation["status"], "retaining", "{done:#}");
            replaced.push(operation.clone());
        }
    }
    panic!("{} of {many} were replaced", replaced.len());
}

#[test]
fn a_version_is_rolled_out_and_back_zone_by_zone() {
    let app = Setup::new(builder()).mode("replace").fleet(FLEET).fleet(OPEN).start();
    let next = FleetBuilder::new("web").version("2").packages(11).build_in(app.cloud()).unwrap();
    app.record_fleet(&next, "2");
    for (version, fleet) in [("2", &next), ("1", &app.fleet)] {
        promote(&app, version, fleet);
        let known = servers(&app);
        let zones: Vec<_> = roll(&app, 4).iter().map(|one| known[&instance(one)].0.clone()).collect();
        assert_eq!(zones, ["eu-west-1a", "eu-west-1a", "eu-west-1b", "eu-west-1c"], "web@{version}");
        let image = &fleet.images[&app.place().region];
        assert!(servers(&app).values().all(|(_, runs)| runs == image), "web@{version} runs everywhere");
        app.minutes(60);
    }
}

/// What replaced a server is replaced in its turn. The first operation still keeps the first server: it can neither be
/// undone any more, nor does asking for that end the server before its time.
#[test]
fn a_replacement_that_was_replaced_is_not_ended_by_undoing_what_made_it() {
    let app = Setup::new(builder()).mode("replace").fleet(FLEET).fleet(OPEN).start();
    let next = FleetBuilder::new("web").version("2").packages(11).build_in(app.cloud()).unwrap();
    app.record_fleet(&next, "2");
    let mut replaced = Vec::new();
    for (version, fleet) in [("2", &next), ("1", &app.fleet)] {
        promote(&app, version, fleet);
        replaced.push(roll(&app, 1).remove(0));
    }
    let (first, second) = (&replaced[0], &replaced[1]);
    assert_eq!(first["replacement"], second["instance"], "{replaced:#?}");
    let id = first["operation"].as_str().unwrap();
    let log = app.cloud().log_length();
    let (_, undone) = app.json(&["operations", "rollback", id]);
    let told = undone["operations"][0]["note"].as_str().unwrap_or_default();
    assert!(told.contains("is in the hands of"), "{undone:#}");
    assert_eq!(app.cloud().log_length(), log, "nothing was changed");
    let (_, resumed) = app.json(&["operations", "resume", id]);
    assert_eq!(resumed["operations"][0]["status"], "retaining", "{resumed:#}");
    assert_eq!(app.cloud().log_length(), log, "nothing was changed");
    app.minutes(8 * 24 * 60);
    app.settle();
    app.json(&["enforce"]);
    app.minutes(5);
    let left = app.cloud().instance_ids();
    for gone in [first, second] {
        assert!(!left.contains(&instance(gone)), "its time is over: {gone:#}");
    }
    app.may_leave_alerts();
}

/// A version that was rolled back is mended elsewhere and promoted again: that is no loop.
#[test]
fn a_version_that_was_rolled_back_can_be_rolled_out_again() {
    let app = Setup::new(FleetBuilder::new("web").standalone(2).packages(10)).mode("replace").fleet(FLEET).fleet(OPEN);
    let app = app.start();
    let next = FleetBuilder::new("web").version("2").packages(11).build_in(app.cloud()).unwrap();
    app.record_fleet(&next, "2");
    for version in ["2", "1", "2"] {
        assert_eq!(app.run(&["golden", "promote", &format!("web@{version}")]), OK);
        roll(&app, 2);
        // More often than twice a day no lineage is replaced.
        app.minutes(25 * 60);
    }
    app.may_leave_alerts();
}

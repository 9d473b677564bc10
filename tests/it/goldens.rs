//! The registry: what it refuses, and how promoting rolls a fleet.

use std::fs;
use std::time::Duration;

use cattleguard::testing::{FleetBuilder, SimFleet};
use serde_json::Value;

use crate::harness::{FAILED, FINDINGS, OK, Setup, TestApp, USAGE, alice, small};

/// Another version of the line in the same accounts: an image, and a reference server in each place.
fn next_version(app: &TestApp) -> SimFleet {
    FleetBuilder::new("web").version("2").packages(31).build_in(app.cloud()).expect("a version")
}

fn status(app: &TestApp, reference: &str) -> String {
    let (code, golden) = app.json(&["golden", "show", reference]);
    assert_eq!(code, OK);
    golden["golden"]["status"].as_str().or(golden["status"].as_str()).expect("a status").to_owned()
}

#[test]
fn a_reference_server_of_another_image_is_refused() {
    let app = Setup::new(small()).start();
    let other = next_version(&app);
    let image = &app.fleet.images[&app.place().region];
    assert_eq!(app.record_from(&app.place(), image, &other.reference, "3"), FAILED);
    assert_eq!(app.json(&["golden", "list"]).1["goldens"].as_array().expect("goldens").len(), 1);
}

#[test]
fn a_reference_server_that_somebody_was_on_is_refused() {
    let app = Setup::new(small()).start_unrecorded();
    let image = app.fleet.images[&app.place().region].clone();
    app.cloud().start_session(&alice(), &app.fleet.reference).expect("a session");
    app.settle();
    app.scan();
    assert_eq!(app.record_from(&app.place(), &image, &app.fleet.reference, "1"), FAILED);
    assert_eq!(app.record_from(&app.place(), &image, &app.server(0), "1"), OK, "another one is pristine");
}

/// The first thing that anybody does is to record a golden: nothing was scanned yet.
#[test]
fn a_reference_server_that_somebody_was_on_is_refused_before_the_first_scan() {
    let app = Setup::new(small()).start_unrecorded();
    let image = app.fleet.images[&app.place().region].clone();
    app.cloud().start_session(&alice(), &app.fleet.reference).expect("a session");
    app.settle();
    assert_eq!(app.record_from(&app.place(), &image, &app.fleet.reference, "1"), FAILED);
}

/// The denial of one server's sessions is written into the role that the reference server has, too.
#[test]
fn what_we_did_to_a_server_with_the_same_role_is_nothing_against_the_reference() {
    let open = "windows = [{ from = \"00:00\", to = \"24:00\" }]\nenforcement = \"quarantine\"\nbudget = { count = 1, percent = 50 }";
    let app = Setup::new(small()).mode("quarantine").fleet(open).start();
    let server = app.server(0);
    app.cloud().start_session(&alice(), &server).expect("a session");
    app.settle();
    app.scan();
    assert_eq!(app.run(&["quarantine", server.as_str()]), OK);
    app.minutes(15);
    let image = app.fleet.images[&app.place().region].clone();
    assert_eq!(app.record_from(&app.place(), &image, &app.fleet.reference, "2"), OK);
}

#[test]
fn a_reference_server_that_has_drifted_is_refused() {
    let app = Setup::new(small()).start();
    let (image, id) = (app.fleet.images[&app.place().region].clone(), app.server(0));
    app.cloud().upgrade_package(&id, "nginx", "9.9").expect("a package");
    app.settle();
    assert_eq!(app.scan().code, FINDINGS);
    assert_eq!(app.record_from(&app.place(), &image, &id, "2"), FAILED);
}

#[test]
fn the_same_version_is_not_recorded_twice_and_a_promoted_one_is_not_extended() {
    let fleet = small().place("000000000000", "eu-west-1").place("000000000000", "eu-central-1");
    let app = Setup::new(fleet).start_unrecorded();
    let places = app.cloud().places();
    let record = |index: usize, version| {
        let (place, reference) = app.fleet.references.iter().nth(index).expect("a place");
        app.record_from(place, &app.fleet.images[&place.region], reference, version)
    };
    assert_eq!(places.len(), 2);
    assert_eq!(record(0, "1"), OK);
    assert_eq!(record(0, "1"), FAILED, "recorded already");
    assert_eq!(app.run(&["golden", "promote", "web@1"]), OK);
    assert_eq!(record(1, "1"), FAILED, "promoted: closed");
    assert_eq!(record(0, "2"), OK);
    assert_eq!(record(1, "2"), OK, "the second region extends the version");
    assert_eq!(app.run(&["golden", "promote", "web@2"]), OK);
    assert_eq!(app.scan().code, OK, "both regions are judged by it");
}

#[test]
fn the_states_of_a_version_follow_the_rules() {
    let app = Setup::new(small()).start();
    app.record_fleet(&next_version(&app), "2");
    assert_eq!(status(&app, "web@2"), "recorded");
    assert_eq!(app.run(&["golden", "promote", "web@1"]), FAILED, "promoted already");
    assert_eq!(app.run(&["golden", "deprecate", "web@1"]), FAILED, "its fleets would be left without a golden");
    assert_eq!(app.run(&["golden", "promote", "web@2"]), OK);
    assert_eq!((status(&app, "web@1"), status(&app, "web@2")), ("deprecated".into(), "promoted".into()));
    assert_eq!(app.run(&["golden", "revoke", "web@1"]), USAGE, "a reason is needed");
    assert_eq!(app.run(&["golden", "revoke", "web@1", "--reason", "CVE-2026-0001"]), OK);
    assert_eq!(app.run(&["golden", "promote", "web@1"]), FAILED, "revoked for good");
    assert_eq!(app.run(&["golden", "promote", "web@9"]), FAILED, "unknown");
    assert_eq!(app.run(&["audit", "verify"]), OK);
}

#[test]
fn promoting_rolls_the_fleet_forward_and_promoting_back_is_the_rollback() {
    let app = Setup::new(small()).mode("replace").fleet("enforcement = \"replace\"").start();
    assert_eq!(app.scan().code, OK);
    let next = next_version(&app);
    app.record_fleet(&next, "2");
    assert_eq!(app.run(&["golden", "promote", "web@2"]), OK);
    app.settle();
    let rolled = app.scan();
    assert_eq!(rolled.code, FINDINGS);
    for id in app.fleet.instances() {
        assert!(rolled.codes(&id).contains("image-not-promoted"), "{id}");
        assert_eq!(rolled.instance(&id)["decision"]["asked"], "replace");
    }
    assert!(rolled.list("findings").iter().all(|finding| finding["code"] == "image-not-promoted"));
    assert_eq!(rolled.doc["plan"]["frozen"], serde_json::json!([]), "promoting is not mass drift");
    assert_eq!(app.run(&["golden", "promote", "web@1"]), OK);
    app.settle();
    let back = app.scan();
    assert_eq!(back.summary("resolved"), 8, "the fleet and the reference server: {:#}", back.doc["findings"]);
    assert!(app.fleet.instances().iter().all(|id| back.verdict(id) == "clean"));
}

#[test]
fn revoking_makes_every_server_of_the_version_a_critical_finding() {
    let app = Setup::new(small()).start();
    assert_eq!(app.run(&["golden", "revoke", "web@1", "--reason", "CVE-2026-0001"]), OK);
    let scan = app.scan();
    for id in app.fleet.instances() {
        assert!(scan.codes(&id).contains("image-revoked"));
        assert_eq!(scan.instance(&id)["decision"]["severity"], "critical");
    }
}

#[test]
fn exports_come_back_equal_and_edited_ones_are_refused() {
    let source = Setup::new(small()).start();
    let exported = export(&source);
    let document: Value = serde_json::from_str(&exported).expect("JSON");
    assert_eq!(document["schema"], "cattleguard.dev/goldens/v1");

    let target = Setup::new(small()).start_unrecorded();
    let path = target.write("goldens.json", &exported);
    let edited = target.write("edited.json", &exported.replacen("3.2.2", "3.2.3", 1));
    assert_ne!(fs::read_to_string(&edited).expect("a file"), exported, "the edit edits something");
    assert_eq!(target.run(&["golden", "import", edited.to_str().expect("UTF-8")]), FAILED);
    assert_eq!(target.run(&["golden", "show", "web@1"]), FAILED, "nothing was imported");
    let cut = target.write("cut.json", exported.get(..exported.len() / 2).expect("ASCII"));
    assert_eq!(target.run(&["golden", "import", cut.to_str().expect("UTF-8")]), FAILED);
    assert_eq!(target.run(&["golden", "import", path.to_str().expect("UTF-8")]), OK);
    assert_eq!(status(&target, "web@1"), "recorded", "whoever imports decides what to promote");
    assert_eq!(target.run(&["golden", "import", path.to_str().expect("UTF-8")]), FAILED, "it is there already");
    assert_eq!(target.run(&["golden", "promote", "web@1"]), OK);
    assert_eq!(target.scan().code, OK, "the equal fleet is clean by the imported golden");
}

/// `golden export` prints to stdout only, so the built program runs it.
fn export(app: &TestApp) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_cattleguard-sim"))
        .arg("-C")
        .arg(app.path("cattleguard.toml"))
        .args(["golden", "export", "web@1"])
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_server_of_the_new_version_is_judged_by_the_new_version() {
    let app = Setup::new(small()).start();
    let next = next_version(&app);
    app.record_fleet(&next, "2");
    assert_eq!(app.run(&["golden", "promote", "web@2"]), OK);
    let place = app.place();
    let before: Vec<_> = app.cloud().instance_ids();
    let more = FleetBuilder::new("web").version("3").standalone(1).packages(32).build_in(app.cloud()).expect("more");
    app.fleet.clock.advance(Duration::from_secs(60));
    app.settle();
    let scan = app.scan();
    let stray = more.standalone[&place][0].clone();
    assert!(!before.contains(&stray));
    assert!(scan.codes(&stray).contains("image-unrecorded"), "version 3 was never recorded");
    assert_eq!(scan.verdict(&next.reference), "clean", "by web@2, with its own packages");
}

//! What cannot be undone at once, and what must not be undone too soon.

use cattleguard::testing::{By, Change, RootFailure};
use cattleguard::types::InstanceId;
use serde_json::Value;

use crate::harness::{OK, Setup, TestApp, carol, small};

const FLEET: &str = "enforcement = \"replace\"\nbudget = { count = 1, percent = 50 }\nbake = \"1m\"";
const OPEN: &str = "[[fleet.windows]]\nfrom = \"00:00\"\nto = \"23:59\"\nzone = \"UTC\"\ndays = []";

fn only(doc: &Value) -> &Value {
    assert_eq!(doc["operations"].as_array().unwrap().len(), 1, "{doc:#}");
    &doc["operations"][0]
}

fn replaced(app: &TestApp, id: &InstanceId) -> Value {
    app.drift([id]);
    let (code, done) = app.json(&["enforce"]);
    assert_eq!((code, &only(&done)["status"]), (OK, &"retaining".into()), "{done:#}");
    only(&done).clone()
}

/// The enforcing role lacks something: a person gives it and lets the operation go on.
#[test]
fn what_could_not_be_undone_is_undone_when_a_person_has_seen_to_it() {
    let app = Setup::new(small()).mode("replace").fleet(FLEET).fleet(OPEN).start();
    let (place, id) = (app.place(), app.server(0));
    let before = app.cloud().form(&place, &id).unwrap();
    let operation = replaced(&app, &id);
    let operation = operation["operation"].as_str().unwrap();
    app.cloud().permit(&place, "ec2:DeleteTags", false).unwrap();
    let (_, stuck) = app.json(&["operations", "rollback", operation]);
    assert_eq!(only(&stuck)["status"], "needs-human", "{stuck:#}");

    app.cloud().permit(&place, "ec2:DeleteTags", true).unwrap();
    let (_, undone) = app.json(&["operations", "resume", operation]);
    assert_eq!(only(&undone)["status"], "rolled-back", "{undone:#}");
    assert_eq!(app.cloud().form(&place, &id).unwrap(), before, "as it was");
}

/// Back from standby there is one member too many. Ours is protected until the group has let another one go.
#[test]
fn a_member_that_comes_back_stays_protected_until_the_group_has_scaled_in() {
    let slow = "[enforcement]\nmax_age = \"2m\"\nbake = \"30s\"";
    let app = Setup::new(small()).mode("replace").fleet(FLEET).fleet(OPEN).more(slow).start();
    let id = app.member(0);
    app.settle();
    app.scan();
    let (_, held) = app.json(&["quarantine", id.as_str(), "--override", "drill"]);
    let operation = only(&held)["operation"].as_str().unwrap().to_owned();
    assert_eq!(only(&held)["status"], "needs-human", "it takes longer than it may: {held:#}");
    let undone = (0..20).any(|_| {
        let (_, went) = app.json(&["operations", "rollback", &operation]);
        only(&went)["status"] == "rolled-back"
    });
    assert!(undone);
    let log = app.cloud().log();
    let ours = || log.iter().filter(|entry| matches!(entry.by, By::Enforcer(_)));
    let lowered = ours().rfind(|entry| matches!(entry.change, Change::Desired { .. })).unwrap();
    let off =
        |change: &Change| matches!(change, Change::Set { what, to } if what == "scale-in-protection" && to == "false");
    let unprotected = ours().rfind(|entry| off(&entry.change)).unwrap();
    let between = unprotected.at.duration_since(lowered.at).as_secs();
    assert!(between >= 60, "{between} s");
    app.may_leave_alerts();
}

/// A root volume that could not be replaced: either it is still there, and nothing of it is to be undone, or a person
/// has to attach it again.
#[test]
fn a_root_volume_that_could_not_be_replaced_is_the_old_one_again() {
    for failure in [RootFailure::Restored, RootFailure::Detached] {
        let in_place = format!("{FLEET}\nreplace = \"root-volume\"");
        let app = Setup::new(small()).mode("replace").fleet(&in_place).fleet(OPEN).start();
        let (place, id) = (app.place(), app.server(0));
        let before = app.cloud().form(&place, &id).unwrap();
        let root = before.detail.instance.volumes.iter().find(|volume| volume.root).unwrap().id.clone();
        app.settle();
        app.scan();
        app.cloud().set_root_failure(&place, Some(failure)).unwrap();
        let (_, went) = app.json(&["replace", id.as_str(), "--override", "drill"]);
        let operation = only(&went)["operation"].as_str().unwrap().to_owned();
        app.cloud().set_root_failure(&place, None).unwrap();
        if failure == RootFailure::Detached {
            assert_eq!(only(&went)["status"], "needs-human", "{went:#}");
            app.cloud().attach_root(&carol(), &id, &root).unwrap();
            let (_, resumed) = app.json(&["operations", "resume", &operation]);
            assert_eq!(only(&resumed)["status"], "rolled-back", "{resumed:#}");
        } else {
            assert_eq!(only(&went)["status"], "rolled-back", "{went:#}");
        }
        let log = app.cloud().log();
        let replaced = log.iter().filter(|entry| matches!(entry.change, Change::RootReplaced { .. })).count();
        assert_eq!(replaced, 1, "nothing is replaced back that was never replaced");
        assert_eq!(app.cloud().form(&place, &id).unwrap(), before, "as it was");
        app.may_leave_alerts();
    }
}

/// What was replaced is still drifted, and a scan says why nothing more is done to it.
#[test]
fn a_scan_says_of_an_old_instance_that_it_is_kept() {
    let app = Setup::new(small()).mode("replace").fleet(FLEET).fleet(OPEN).start();
    let id = app.server(0);
    replaced(&app, &id);
    app.minutes(5);
    let (_, text) = app.text("table", &["scan"]);
    assert!(text.contains("nothing more: it was replaced and is kept until 2026-"), "{text}");
    app.may_leave_alerts();
}

//! What somebody else does in the middle of an operation.

use cattleguard::store::Scans as _;
use cattleguard::testing::{AccountEntry, By, Change, FleetBuilder};
use cattleguard::types::InstanceId;
use serde_json::Value;

use crate::harness::{HELD, OK, Setup, TestApp, carol};

const FLEET: &str = "enforcement = \"replace\"\nbudget = { count = 4, percent = 50, cooldown = \"1s\" }\nbake = \"1m\"\n\
                     mass_drift = { at_least = 10, percent = 100 }\none_zone_at_a_time = false";
const OPEN: &str = "[[fleet.windows]]\nfrom = \"00:00\"\nto = \"23:59\"\nzone = \"UTC\"\ndays = []";

/// Six servers of their own behind a target group, two in each zone, and a group of four.
fn start(fleet: &str) -> (TestApp, String) {
    let app = Setup::new(FleetBuilder::new("web").standalone(6).group(4).packages(10))
        .mode("replace")
        .fleet(fleet)
        .fleet(OPEN)
        .more("[enforcement]\nconcurrency = 1")
        .start();
    let group = app.cloud().add_target_group(&app.place(), "extra", "instance").unwrap();
    for index in 0..6 {
        app.cloud().register_target(&carol(), &app.server(index), &group, 80).unwrap();
    }
    app.minutes(10);
    app.settle();
    (app, group)
}

fn ours(entry: &AccountEntry) -> bool {
    matches!(entry.by, By::Enforcer(_))
}

fn only(doc: &Value) -> &Value {
    assert_eq!(doc["operations"].as_array().unwrap().len(), 1, "{doc:#}");
    &doc["operations"][0]
}

fn health(app: &TestApp, id: &str) -> Vec<String> {
    let scene = app.cloud().scene(&app.place());
    scene[&InstanceId::new(id)].targets.values().cloned().collect()
}

/// Going back would take the only one that serves out of traffic.
#[test]
fn a_server_that_somebody_ends_while_its_replacement_serves_does_not_take_that_one_along() {
    let cases =
        [(false, "registered"), (false, "deregistered"), (false, "stopping"), (true, "left"), (true, "stopping")];
    for (member, moment) in cases {
        let (app, _) = start(FLEET);
        let id = if member { app.member(0) } else { app.server(0) };
        app.drift([&id]);
        let old = id.clone();
        app.meanwhile(move |cloud| {
            let now = cloud.log().iter().filter(|entry| ours(entry)).any(|entry| match &entry.change {
                Change::Registered { .. } => moment == "registered",
                Change::Deregistered { .. } => moment == "deregistered" && entry.instance == old,
                Change::LeftGroup { .. } => moment == "left" && entry.instance == old,
                Change::Stopping => moment == "stopping" && entry.instance == old,
                _ => false,
            });
            if now {
                cloud.terminate(&carol(), &old).unwrap();
            }
            now
        });
        let (code, done) = app.json(&["enforce"]);
        assert!(app.has_happened(), "{moment}");
        let new = only(&done)["replacement"].as_str().unwrap();
        assert_eq!((code, &only(&done)["status"]), (OK, &"done".into()), "{moment}: {done:#}");
        assert_eq!(health(&app, new), ["healthy"], "{moment}");
        let taken =
            app.cloud().log().into_iter().find(|entry| entry.instance.as_str() == new && entry.change.takes_away());
        assert!(taken.is_none(), "{moment}: {taken:?}");
        let (_, shown) = app.json(&["operations", "show", only(&done)["operation"].as_str().unwrap()]);
        assert!(shown.to_string().contains("ended by somebody else"), "{shown:#}");
        app.may_leave_alerts();
    }
}

/// Desired capacity and members, as the scan sees a member.
fn sizes(app: &TestApp) -> (i32, i32) {
    let of = |id: &InstanceId| {
        let seen = app.store().instance_result(id).unwrap().unwrap().instance;
        seen.asg.filter(|membership| membership.lifecycle_state.as_deref() == Some("InService"))
    };
    let membership = app.cloud().instance_ids().iter().filter(|id| live(app, id)).find_map(of).unwrap();
    (membership.desired.unwrap(), membership.in_service.unwrap())
}

fn live(app: &TestApp, id: &InstanceId) -> bool {
    app.cloud().form(&app.place(), id).is_some_and(|form| form.group.is_some())
}

/// Its group has launched a substitute by then, and the replacement is there as well: one of them is one too many.
#[test]
fn a_member_that_leaves_its_group_by_itself_leaves_the_group_as_large_as_it_was() {
    for scaled in [false, true] {
        let (app, _) = start(FLEET);
        let id = app.member(0);
        app.drift([&id]);
        assert_eq!(sizes(&app), (4, 4));
        let (old, place) = (id.clone(), app.place());
        let group = app.cloud().form(&place, &id).unwrap().group.unwrap().0;
        app.meanwhile(move |cloud| {
            let launched = |entry: &AccountEntry| matches!(&entry.change, Change::Desired { to: 5, .. });
            let now = cloud.log().iter().filter(|entry| ours(entry)).any(launched);
            if now && scaled {
                cloud.set_group_limits(&place, &group, 1, 12).unwrap();
                cloud.scale_group(&carol(), &place, &group, 7).unwrap();
            }
            if now {
                cloud.terminate(&carol(), &old).unwrap();
            }
            now
        });
        let (_, done) = app.json(&["enforce"]);
        assert!(app.has_happened());
        assert_eq!(only(&done)["status"], "done", "{done:#}");
        app.minutes(10);
        app.settle();
        app.scan();
        let wanted = if scaled { 6 } else { 4 };
        assert_eq!(sizes(&app), (wanted, wanted), "scaled {scaled}");
        let new = InstanceId::new(only(&done)["replacement"].as_str().unwrap());
        let form = app.cloud().form(&app.place(), &new).unwrap();
        assert!(form.group.is_some_and(|(_, standby, protected)| !standby && !protected), "it stays, unprotected");
        app.may_leave_alerts();
    }
}

/// The group ended it, because it did not serve; what its launch added is nobody's wish.
#[test]
fn a_replacement_that_leaves_its_group_by_itself_leaves_the_group_as_large_as_it_was() {
    let (app, _) = start(FLEET);
    let id = app.member(0);
    app.drift([&id]);
    app.meanwhile(move |cloud| {
        let ours = cloud.log().into_iter().filter(ours);
        let new =
            ours.filter(|entry| matches!(&entry.change, Change::Launched { .. })).map(|entry| entry.instance).last();
        new.is_some_and(|new| cloud.terminate(&carol(), &new).is_ok())
    });
    let (_, done) = app.json(&["enforce"]);
    assert!(app.has_happened());
    assert_eq!(only(&done)["status"], "rolled-back", "{done:#}");
    app.minutes(10);
    app.settle();
    app.scan();
    assert_eq!(sizes(&app), (4, 4));
    let form = app.cloud().form(&app.place(), &id).unwrap();
    assert!(form.group.is_some_and(|(_, standby, protected)| !standby && !protected), "it is a member as before");
    app.may_leave_alerts();
}

/// It is isolated and stopped: whoever sends it requests loses them, and its end is near.
#[test]
fn a_kept_server_that_somebody_registers_again_is_told_and_not_ended_there() {
    let (app, group) = start(FLEET);
    let id = app.server(0);
    app.drift([&id]);
    let (code, done) = app.json(&["enforce"]);
    assert_eq!((code, &only(&done)["status"]), (OK, &"retaining".into()), "{done:#}");
    app.cloud().register_target(&carol(), &id, &group, 80).unwrap();
    app.settle();
    app.scan();
    let (code, done) = app.json(&["enforce"]);
    let note = only(&done)["note"].as_str().unwrap();
    assert!(code == OK && note.contains("in traffic again") && note.contains("deregister it"), "{done:#}");
    let (_, again) = app.json(&["enforce"]);
    assert_eq!(again["operations"].as_array().map(Vec::len), Some(0), "told once: {again:#}");
    let (_, listed) = app.text("table", &["operations", "list"]);
    let words = listed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("a person: in traffic again"), "{listed}");
    app.minutes(8 * 24 * 60);
    app.settle();
    app.json(&["enforce"]);
    assert!(live_at_all(&app, &id), "its time is over, and it is in traffic");
    app.cloud().deregister_target(&carol(), &id, &group).unwrap();
    app.minutes(10);
    let (_, done) = app.json(&["enforce"]);
    assert_eq!(only(&done)["status"], "done", "{done:#}");
    app.may_leave_alerts();
}

fn live_at_all(app: &TestApp, id: &InstanceId) -> bool {
    app.cloud().scene(&app.place()).contains_key(id)
}

/// What a person asks to be undone is not, where the one that serves would go and nobody came back for it.
#[test]
fn a_replacement_stays_in_traffic_when_the_old_one_cannot_come_back() {
    let (app, _) = start(FLEET);
    let id = app.server(0);
    app.drift([&id]);
    let (_, done) = app.json(&["enforce"]);
    let (operation, new) = (only(&done)["operation"].as_str().unwrap(), only(&done)["replacement"].as_str().unwrap());
    app.cloud().terminate(&carol(), &id).unwrap();
    app.minutes(5);
    let (_, undone) = app.json(&["operations", "rollback", operation]);
    assert_eq!(only(&undone)["status"], "needs-human", "{undone:#}");
    assert!(only(&undone)["note"].as_str().unwrap().contains("the replacement is kept"), "{undone:#}");
    assert_eq!(health(&app, new), ["healthy"]);
    app.may_leave_alerts();
}

/// An alarm turns the rollout back before anything was taken from the old one, which somebody has ended by then.
#[test]
fn a_replacement_stays_in_traffic_when_the_old_one_went_before_anything_was_taken_from_it() {
    let fleet = FLEET.replace("bake = \"1m\"", "bake = \"10m\"\nmove = [\"addresses\"]");
    let (app, _) = start(&fleet);
    let (id, place) = (app.server(0), app.place());
    app.cloud().associate_address(&carol(), &id).unwrap();
    app.minutes(20);
    app.settle();
    app.drift([&id]);
    let old = id.clone();
    app.meanwhile(move |cloud| {
        let now =
            cloud.log().iter().filter(|entry| ours(entry)).any(|entry| matches!(entry.change, Change::Address { .. }));
        if now {
            cloud.terminate(&carol(), &old).unwrap();
            cloud.permit(&place, "elasticloadbalancing:DeregisterTargets", false).unwrap();
        }
        now
    });
    let (_, done) = app.json(&["enforce"]);
    let new = only(&done)["replacement"].as_str().unwrap();
    assert_eq!(health(&app, new), ["healthy"], "{done:#}");
    app.may_leave_alerts();
}

/// Other servers may have failed since the plan was made.
#[test]
fn a_server_is_not_contained_when_too_few_others_serve_by_then() {
    let fleet = FLEET.replace("\"replace\"", "\"quarantine\"") + "\nmin_healthy = 2";
    let (app, group) = start(&fleet);
    let servers: Vec<InstanceId> = (0..6).map(|index| app.server(index)).collect();
    app.drift(&servers[..2]);
    let (place, rest) = (app.place(), servers[2..].to_vec());
    app.meanwhile(move |cloud| {
        rest.iter().for_each(|id| cloud.set_target_health(&place, &group, id, false).unwrap());
        true
    });
    let (code, done) = app.json(&["enforce"]);
    let said: Vec<&str> =
        done["operations"].as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!((code, said), (HELD, vec!["ended", "held"]), "{done:#}");
    assert!(done["operations"][1]["reason"].as_str().unwrap().contains("would remain in"), "{done:#}");
    app.may_leave_alerts();
}

/// Somebody gave the address of a contained server to another one, which must not lose it.
#[test]
fn a_release_takes_no_address_from_a_server_that_has_it_by_now() {
    let (app, _) = start(FLEET);
    let (id, other) = (app.server(0), app.server(5));
    app.cloud().associate_address(&carol(), &id).unwrap();
    app.minutes(20);
    app.settle();
    app.scan();
    let address = app.cloud().form(&app.place(), &id).unwrap().detail.addresses[0].allocation.clone();
    assert_eq!(app.run(&["quarantine", id.as_str(), "--override", "drill"]), OK);
    app.cloud().move_address(&carol(), &address, &other).unwrap();
    app.minutes(20);
    let (code, done) = app.json(&["release", id.as_str()]);
    assert_eq!((code, &only(&done)["status"]), (2, &"needs-human".into()), "{done:#}");
    assert!(only(&done)["note"].as_str().unwrap().contains("already associated"), "{done:#}");
    let holds = app.cloud().form(&app.place(), &other).unwrap().detail.addresses;
    assert_eq!(holds.first().map(|held| &held.allocation), Some(&address), "it serves there");
    app.may_leave_alerts();
}

/// What cannot be undone waits for the evidence that could not be kept when its time was.
#[test]
fn nothing_is_ended_while_its_evidence_cannot_be_kept() {
    let (app, _) = start(FLEET);
    let id = app.server(5);
    app.drift([&id]);
    // A full disk, for instance: nothing can be written where a file is in the way.
    app.write("evidence", "");
    let (code, done) = app.json(&["enforce"]);
    assert_eq!((code, &only(&done)["status"]), (OK, &"retaining".into()), "{done:#}");
    let operation = only(&done)["operation"].as_str().unwrap().to_owned();
    app.minutes(8 * 24 * 60);
    app.settle();
    let (_, done) = app.json(&["enforce"]);
    assert_eq!(only(&done)["status"], "needs-human", "{done:#}");
    assert!(only(&done)["note"].as_str().unwrap().contains("evidence bundle cannot be kept"), "{done:#}");
    assert!(app.cloud().instance_ids().contains(&id), "it is still there");
    std::fs::remove_file(app.path("evidence")).unwrap();
    let (_, done) = app.json(&["operations", "resume", &operation]);
    assert_eq!(only(&done)["status"], "done", "{done:#}");
    assert!(app.path("evidence").join(&operation).join("manifest.json").exists(), "and its evidence is");
    app.may_leave_alerts();
}

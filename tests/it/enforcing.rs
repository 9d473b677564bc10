//! What enforcement does to the simulated account.

use cattleguard::testing::SimFleet;
use cattleguard::types::InstanceId;
use serde_json::Value;

use crate::harness::{CONFIG, FINDINGS, HELD, OK, Receiver, Scan, Setup, TestApp, USAGE, carol, small};

const FLEET: &str = "enforcement = \"replace\"\nbudget = { count = 1, percent = 50 }\nbake = \"1m\"";
const OPEN: &str = "[[fleet.windows]]\nfrom = \"00:00\"\nto = \"23:59\"\nzone = \"UTC\"\ndays = []";
const OTHER: &str = "[[fleet]]\nname = \"other\"\ngolden = \"web\"\nselect = { tags = { app = \"other\" } }";
const STOP: &str = "[enforcement]\nkill_switch = { file = \"stop\" }";

fn enforcing() -> TestApp {
    Setup::new(small()).mode("replace").fleet(FLEET).fleet(OPEN).more(STOP).start()
}

fn state(app: &TestApp, id: &InstanceId) -> Option<Value> {
    let (_, doc) = app.json(&["scan"]);
    doc["instances"].as_array().unwrap().iter().find(|found| found["id"] == id.as_str()).cloned()
}

#[test]
fn a_drifted_server_is_replaced_and_kept_and_ended_when_its_time_is_over() {
    let app = enforcing();
    let id = app.server(0);
    app.drift([&id]);
    let (code, done) = app.json(&["enforce"]);
    let operation = &done["operations"][0];
    assert_eq!((code, &operation["status"]), (OK, &"retaining".into()), "{done:#}");
    let new = InstanceId::new(operation["replacement"].as_str().unwrap());
    assert!(app.cloud().instance_ids().contains(&id), "the old one is kept");
    app.settle();
    assert_eq!(state(&app, &new).unwrap()["verdict"], "clean");

    app.minutes(8 * 24 * 60);
    app.settle();
    let (_, done) = app.json(&["enforce"]);
    assert_eq!(done["operations"][0]["status"], "done", "{done:#}");
    app.minutes(5);
    assert!(!app.cloud().instance_ids().contains(&id), "its time is over");
    assert_eq!(app.run(&["audit", "verify"]), OK);
}

#[test]
fn a_server_that_was_replaced_and_is_kept_is_told_as_resolved_and_counted_no_more() {
    let receiver = Receiver::start();
    let app = Setup::new(small()).mode("replace").fleet(FLEET).fleet(OPEN).webhook_to(&receiver).start();
    app.drift([&app.server(0)]);
    assert_eq!(app.json(&["enforce"]).0, OK);
    app.settle();
    let scan = app.scan();
    assert_eq!((scan.code, &scan.doc["summary"]["drifted"]), (OK, &0.into()), "{:#}", scan.doc["summary"]);
    assert_eq!(scan.doc["summary"]["kept"], 1);
    let hooks = receiver.hooks();
    let last =
        |code: &str| hooks.iter().rev().find(|hook| hook.body()["data"]["group"]["code"] == code).unwrap().body();
    assert_eq!(last("event-interactive-session")["type"], "io.cattleguard.finding.resolved.v1");
    for _ in 0..2 {
        app.minutes(5 * 60);
        app.settle();
        app.scan();
    }
    let later: Vec<Value> = receiver.hooks().split_off(hooks.len()).iter().map(|hook| hook.body()).collect();
    assert_eq!(later, [] as [Value; 0], "for as long as it is kept nobody is reminded of it");
    let (_, text) = app.text("table", &["scan"]);
    assert!(text.contains("1 replaced and kept"), "{text}");
}

#[test]
fn a_quarantined_server_is_released_as_it_was() {
    let app = enforcing();
    let id = app.server(1);
    app.settle();
    app.scan();
    let place = app.place();
    let before = app.cloud().form(&place, &id);
    let (code, done) = app.json(&["quarantine", id.as_str(), "--override", "drill"]);
    assert_eq!((code, &done["operations"][0]["status"]), (OK, &"done".into()), "{done:#}");
    assert_ne!(app.cloud().form(&place, &id), before, "contained");
    let operation = done["operations"][0]["operation"].as_str().unwrap();
    let (_, shown) = app.json(&["operations", "show", operation]);
    assert!(shown.to_string().contains("security groups do not filter them"), "what it does not cut: {shown:#}");
    let (code, done) = app.json(&["release", id.as_str()]);
    assert_eq!((code, &done["operations"][0]["status"]), (OK, &"done".into()), "{done:#}");
    assert_eq!(app.cloud().form(&place, &id), before, "as it was");
}

#[test]
fn what_somebody_changed_is_told_as_they_left_it_while_our_own_change_stands_over_it() {
    let app = enforcing();
    let id = app.server(1);
    let opened = SimFleet::security_group(&app.place().region, "debug-open");
    app.cloud().modify_security_groups(&carol(), &id, &[opened]).unwrap();
    app.minutes(20);
    app.settle();
    let told = |scan: &Scan| {
        let finding = scan.finding(&id, "config-security-groups");
        let summary = finding["summary"].as_str().unwrap().to_owned();
        (summary, finding["actual"].clone(), finding["attribution"][0]["display"].clone())
    };
    let before = told(&app.scan());
    assert_eq!(before.2, "carol", "{before:?}");
    let (code, done) = app.json(&["quarantine", id.as_str(), "--override", "drill"]);
    assert_eq!((code, &done["operations"][0]["status"]), (OK, &"done".into()), "{done:#}");
    for _ in 0..2 {
        app.minutes(20);
        assert_eq!(told(&app.scan()), before, "carol did not isolate it");
    }
    assert_eq!(app.json(&["release", id.as_str()]).0, OK);
    app.minutes(20);
    app.settle();
    assert_eq!(told(&app.scan()), before, "as it was");
}

#[test]
fn the_kill_switch_stops_it() {
    let app = enforcing();
    let id = app.server(0);
    app.drift([&id]);
    app.write("stop", "");
    let log = app.cloud().log().len();
    let (code, done) = app.json(&["enforce"]);
    assert_eq!((code, &done["operations"]), (HELD, &Value::Array(Vec::new())), "{done:#}");
    assert_eq!(app.cloud().log().len(), log, "nothing was changed");
}

/// Writes the plan that the last scan made.
fn plan_file(app: &TestApp) -> String {
    let path = app.path("plan.json");
    let name = path.to_str().unwrap().to_owned();
    app.run(&["-o", &format!("json={name}"), "plan"]);
    name
}

#[test]
fn exactly_the_plan_in_a_file_is_executed() {
    let app = enforcing();
    let id = app.server(0);
    app.drift([&id]);
    app.scan();
    let plan = plan_file(&app);
    let (code, done) = app.json(&["enforce", "--plan", &plan]);
    assert_eq!((code, &done["operations"][0]["instance"]), (OK, &id.as_str().into()), "{done:#}");
    assert_eq!(done["refused"], Value::Array(vec![]));
}

#[test]
fn a_plan_that_was_overtaken_is_refused() {
    let app = enforcing();
    let id = app.server(0);
    app.drift([&id]);
    app.scan();
    let plan = plan_file(&app);
    app.cloud().create_tags(&carol(), &id, &[("owner", "carol")]).unwrap();
    let log = app.cloud().log().len();
    let (code, done) = app.json(&["enforce", "--plan", &plan]);
    assert_eq!((code, &done["operations"]), (HELD, &Value::Array(vec![])), "{done:#}");
    assert!(done["refused"][0].as_str().unwrap().contains("changed since the plan was made"), "{done:#}");
    assert_eq!(app.cloud().log().len(), log, "nothing was changed");
}

#[test]
fn a_plan_file_that_somebody_edited_is_refused() {
    let app = enforcing();
    let id = app.server(0);
    app.drift([&id]);
    app.scan();
    let plan = plan_file(&app);
    let text = std::fs::read_to_string(&plan).unwrap();
    let other = app.server(1);
    assert!(text.contains(id.as_str()));
    app.write("plan.json", &text.replace(id.as_str(), other.as_str()));
    assert_eq!(app.run(&["enforce", "--plan", &plan]), USAGE, "the hash is not that of the operations");
    app.write("plan.json", "{\"schema\":\"cattleguard.dev/scan/v1\"}");
    assert_eq!(app.run(&["enforce", "--plan", &plan]), USAGE);
    assert_eq!(app.run(&["enforce", "--plan", "/nowhere/plan.json"]), USAGE);
}

#[test]
fn a_scan_can_enforce_and_shows_both() {
    let app = enforcing();
    let id = app.server(0);
    app.drift([&id]);
    let (code, doc) = app.json(&["scan", "--enforce"]);
    assert_eq!(code, FINDINGS, "the drift was there: {doc:#}");
    assert_eq!(doc["plan"]["operations"][0]["instance"], id.as_str());
    assert_eq!(doc["enforcement"]["operations"][0]["status"], "retaining", "{doc:#}");
    assert_eq!(app.run(&["scan", "--enforce", "--region", "eu-west-1"]), USAGE);
}

#[test]
fn a_scan_enforces_only_in_the_fleets_that_it_was_told() {
    let app = Setup::new(small()).mode("replace").fleet(FLEET).fleet(OPEN).more(STOP).more(OTHER).start();
    let id = app.server(0);
    app.drift([&id]);
    let (_, doc) = app.json(&["scan", "--enforce", "--fleet", "other"]);
    assert_eq!(doc["enforcement"]["operations"], Value::Array(vec![]), "{doc:#}");
}

/// A person's word lifts what the configuration says, but not that AWS would not allow it, nor the kill switch.
#[test]
fn in_observe_mode_a_person_can_still_act_but_not_against_the_kill_switch() {
    let app = Setup::new(small()).more(STOP).start();
    let id = app.server(1);
    app.settle();
    app.scan();
    app.write("stop", "incident 7");
    let by_hand = ["quarantine", id.as_str(), "--override", "drill"];
    let (code, held) = app.json(&by_hand);
    assert_eq!((code, &held["operations"]), (HELD, &Value::Array(vec![])), "{held:#}");
    std::fs::remove_file(app.path("stop")).unwrap();
    app.minutes(1);
    let (code, done) = app.json(&by_hand);
    assert_eq!((code, &done["operations"][0]["status"]), (OK, &"done".into()), "{done:#}");
    assert_eq!(app.run(&["enforce"]), CONFIG, "nothing is done on its own");
}

/// What the last operation undid may still be shown by AWS, and would be taken for what was there before.
#[test]
fn nothing_is_begun_while_the_last_operation_may_still_be_seen() {
    let app = enforcing();
    let id = app.server(1);
    app.settle();
    app.scan();
    let by_hand = ["quarantine", id.as_str(), "--override", "drill"];
    app.run(&by_hand);
    app.run(&["release", id.as_str()]);
    let (code, done) = app.json(&by_hand);
    let first = &done["operations"][0];
    assert_eq!((code, &first["outcome"]), (HELD, &"held".into()), "{done:#}");
    assert!(first["reason"].as_str().unwrap().contains("a moment ago"), "{done:#}");
    app.minutes(3);
    assert_eq!(app.run(&by_hand), OK);
}

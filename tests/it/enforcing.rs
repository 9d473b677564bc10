//! What enforcement does to the simulated account.

use cattleguard::types::InstanceId;
use serde_json::Value;

use crate::harness::{HELD, OK, Setup, TestApp, carol, small};

const FLEET: &str = "enforcement = \"replace\"\nbudget = { count = 1, percent = 50 }\nbake = \"1m\"";
const OPEN: &str = "[[fleet.windows]]\nfrom = \"00:00\"\nto = \"23:59\"\nzone = \"UTC\"\ndays = []";
const STOP: &str = "[enforcement]\nkill_switch = { file = \"stop\" }";

fn enforcing() -> TestApp {
    Setup::new(small()).mode("replace").fleet(FLEET).fleet(OPEN).more(STOP).start()
}

/// Somebody opens a session, and two scans have seen it.
fn confirmed_drift(app: &TestApp, id: &InstanceId) {
    app.cloud().start_session(&carol(), id).unwrap();
    app.minutes(1);
    app.settle();
    app.scan();
    app.minutes(10);
    app.cloud().run_inventory_all().unwrap();
}

fn state(app: &TestApp, id: &InstanceId) -> Option<Value> {
    let (_, doc) = app.json(&["scan"]);
    doc["instances"].as_array().unwrap().iter().find(|found| found["id"] == id.as_str()).cloned()
}

#[test]
fn a_drifted_server_is_replaced_and_kept_and_ended_when_its_time_is_over() {
    let app = enforcing();
    let id = app.server(0);
    confirmed_drift(&app, &id);
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
fn the_kill_switch_stops_it() {
    let app = enforcing();
    let id = app.server(0);
    confirmed_drift(&app, &id);
    app.write("stop", "");
    let log = app.cloud().log().len();
    let (code, done) = app.json(&["enforce"]);
    assert_eq!((code, &done["operations"]), (HELD, &Value::Array(Vec::new())), "{done:#}");
    assert_eq!(app.cloud().log().len(), log, "nothing was changed");
}

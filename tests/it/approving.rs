//! Approvals where other fleets act by themselves, and what one approval covers.

use cattleguard::testing::{FleetBuilder, SimFleet};
use serde_json::Value;

use crate::harness::{HELD, OK, Setup, TestApp};

const FLEET: &str = "enforcement = \"replace\"\nbudget = { count = 4, percent = 50, cooldown = \"1s\" }\nbake = \"1m\"\n\
                     mass_drift = { at_least = 10, percent = 100 }\none_zone_at_a_time = false";
const OPEN: &str = "[[fleet.windows]]\nfrom = \"00:00\"\nto = \"23:59\"\nzone = \"UTC\"\ndays = []";

/// The fleet `web`, whose operations a person approves, and `api`, which acts by itself.
fn start() -> (TestApp, SimFleet) {
    let api = format!(
        "[[fleet]]\nname = \"api\"\nselect = {{ tags = {{ app = \"api\" }} }}\ngolden = \"api\"\n{FLEET}\n{OPEN}\n"
    );
    let app = Setup::new(FleetBuilder::new("web").standalone(8).packages(10))
        .mode("replace")
        .fleet(FLEET)
        .fleet("approval = true")
        .fleet(OPEN)
        .more(&api)
        .more("[enforcement]\nconcurrency = 1")
        .start();
    let api =
        FleetBuilder::new("api").standalone(8).packages(10).clock(&app.fleet.clock).build_in(app.cloud()).unwrap();
    for (place, reference) in &api.references {
        let (image, region) = (api.images[&place.region].to_string(), place.region.to_string());
        let from = ["--ami", &image, "--reference-instance", reference.as_str()];
        let at = ["--account", place.account.as_str(), "--region", &region, "--version", "1"];
        assert_eq!(app.run(&[&["golden", "record", "api"][..], &at, &from].concat()), OK);
    }
    assert_eq!(app.run(&["golden", "promote", "api@1"]), OK);
    app.minutes(10);
    app.settle();
    (app, api)
}

fn to_approve(app: &TestApp) -> String {
    let plan = app.scan().doc["plan"].clone();
    plan["approval"].as_str().unwrap_or_else(|| panic!("nothing needs an approval: {plan:#}")).to_owned()
}

fn ended(done: &Value) -> Vec<&str> {
    let all = done["operations"].as_array().unwrap().iter();
    all.filter(|one| one["outcome"] == "ended").map(|one| one["instance"].as_str().unwrap()).collect()
}

/// What another fleet does by itself changes its part of the plan at every run.
#[test]
fn an_approval_stands_whatever_other_fleets_do() {
    let (app, api) = start();
    let others = &api.standalone[&app.place()];
    let own = app.server(0);
    app.drift([&own, &others[0]]);
    let hash = to_approve(&app);
    assert_eq!(app.run(&["approve", &hash]), OK);
    // Another one of the other fleet, which nobody has to approve.
    app.drift([&others[1]]);
    assert_eq!(to_approve(&app), hash, "what needs an approval is the same");
    let (code, done) = app.json(&["enforce"]);
    assert_eq!(code, OK, "{done:#}");
    assert!(ended(&done).contains(&own.as_str()), "{done:#}");
    assert_eq!(ended(&done).len(), 3, "{done:#}");
    app.may_leave_alerts();
}

/// Of two the one that was approved is carried out, and the one that came later waits.
#[test]
fn an_approval_covers_the_operations_that_were_looked_at_and_no_other() {
    let (app, _) = start();
    let (first, second) = (app.server(0), app.server(1));
    app.drift([&first]);
    assert_eq!(app.run(&["approve", &to_approve(&app)]), OK);
    app.drift([&second]);
    let (code, done) = app.json(&["enforce"]);
    assert_eq!((code, ended(&done)), (HELD, vec![first.as_str()]), "{done:#}");
    let scan = app.scan();
    let gate = scan.gate(&second, "approval");
    assert!(gate["reason"].as_str().unwrap().contains("waits for a person"), "{gate:#}");
    app.may_leave_alerts();
}

/// Whoever had a server released must be asked before it is contained once more.
#[test]
fn an_approval_is_used_up_by_what_it_allowed() {
    let (app, _) = start();
    app.reconfigure(|text| text.replacen("enforcement = \"replace\"", "enforcement = \"quarantine\"", 1));
    let id = app.server(0);
    app.drift([&id]);
    assert_eq!(app.run(&["approve", &to_approve(&app)]), OK);
    let (_, done) = app.json(&["enforce"]);
    assert_eq!(ended(&done), [id.as_str()], "{done:#}");
    app.minutes(5);
    assert_eq!(app.run(&["release", id.as_str()]), OK);
    app.minutes(20);
    app.settle();
    let log = app.cloud().log_length();
    let (code, done) = app.json(&["enforce"]);
    assert_eq!((code, ended(&done).len(), app.cloud().log_length()), (HELD, 0, log), "{done:#}");
    let scan = app.scan();
    let held = scan.doc["plan"]["held"].as_array().unwrap().iter();
    let held = held.filter(|one| one["instance"] == id.as_str()).find(|one| one["kind"] == "quarantine").unwrap();
    assert!(held.to_string().contains("waits for a person"), "{held:#}");
    app.may_leave_alerts();
}

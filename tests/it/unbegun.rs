//! Operations that a process wrote into the journal and died before their first call.

use cattleguard::remediate::{Facts, Journal as _, OperationRecord, OperationStatus, StepRecord};
use cattleguard::store::{Leases as _, SqliteStore};
use cattleguard::testing::FleetBuilder;
use cattleguard::types::{InstanceId, OperationKind};
use jiff::SignedDuration;

use crate::harness::{HELD, OK, Setup, TestApp, carol};

const FLEET: &str = "enforcement = \"quarantine\"\nbudget = { count = 4, percent = 50, cooldown = \"1s\" }\nbake = \"1m\"\n\
                     mass_drift = { at_least = 10, percent = 100 }";
const OPEN: &str = "[[fleet.windows]]\nfrom = \"00:00\"\nto = \"23:59\"\nzone = \"UTC\"\ndays = []";

/// A server with a quarantine in the journal of which no call was made.
fn left_behind() -> (TestApp, InstanceId) {
    let app = Setup::new(FleetBuilder::new("web").standalone(4).packages(10)).mode("replace").fleet(FLEET).fleet(OPEN);
    let app = app.start();
    let id = app.server(0);
    app.settle();
    app.scan();
    assert_eq!(app.run(&["quarantine", id.as_str(), "--override", "to have a record"]), OK);
    app.minutes(5);
    assert_eq!(app.run(&["release", id.as_str()]), OK);
    app.minutes(20);
    app.settle();
    app.scan();
    let now = app.fleet.clock.now();
    let store = SqliteStore::open(&app.path("state.db")).unwrap();
    let made = store.last_operation(&id, OperationKind::Quarantine).unwrap().unwrap();
    let text = serde_json::to_string(&made).unwrap().replace(made.id.as_str(), "op-left-behind");
    let made: OperationRecord = serde_json::from_str(&text).unwrap();
    let mut record = OperationRecord {
        status: OperationStatus::Running,
        note: None,
        steps: made.steps.iter().map(|step| StepRecord::pending(step.step.clone())).collect(),
        facts: Facts::default(),
        ended_at: None,
        created_at: now,
        deadline: now + SignedDuration::from_hours(6),
        ..made
    };
    record.requested.overridden = None;
    let lease = store.acquire("enforce", "a process that died", now, 60).unwrap();
    store.begin_operation(&lease, &record).unwrap();
    store.release(&lease).unwrap();
    (app, id)
}

/// What changed meanwhile.
type Change = fn(&TestApp, &InstanceId);

fn of(app: &TestApp) -> OperationRecord {
    app.store().operation(&"op-left-behind".into()).unwrap().unwrap()
}

#[test]
fn what_may_begin_still_begins() {
    let (app, id) = left_behind();
    let before = app.cloud().form(&app.place(), &id);
    let (_, done) = app.json(&["enforce"]);
    assert_eq!(
        (&done["operations"][0]["status"], of(&app).status),
        (&"done".into(), OperationStatus::Done),
        "{done:#}"
    );
    assert_ne!(app.cloud().form(&app.place(), &id), before, "contained");
    app.may_leave_alerts();
}

#[test]
fn what_must_not_begin_any_more_is_withdrawn_and_nothing_was_done() {
    let cases: [(&str, Change, &str); 6] = [
        ("the window", |app, _| app.reconfigure(|text| text.replace("23:59", "00:01")), "has shut"),
        (
            "the ceiling",
            |app, _| app.reconfigure(|text| text.replace("\"quarantine\"", "\"observe\"")),
            "allows observe now",
        ),
        (
            "the fleet",
            |app, _| app.reconfigure(|text| text.replace("name = \"web\"", "name = \"www\"")),
            "not configured",
        ),
        (
            "a pause",
            |app, _| assert_eq!(app.run(&["pause", "--fleet", "web", "--reason", "look"]), OK),
            "fleet web is paused",
        ),
        (
            "the server",
            |app, id| {
                let group = cattleguard::testing::SimFleet::security_group(&app.place().region, "debug-open");
                app.cloud().modify_security_groups(&carol(), id, &[group]).unwrap();
            },
            "has changed since the operation was prepared",
        ),
        (
            "its owner",
            |app, id| app.cloud().create_tags(&carol(), id, &[("karpenter.sh/nodepool", "x")]).unwrap(),
            "karpenter owns it now",
        ),
    ];
    for (name, change, said) in cases {
        let (app, id) = left_behind();
        change(&app, &id);
        app.minutes(1);
        let log = app.cloud().log_length();
        let (code, done) = app.json(&["enforce"]);
        let first = &done["operations"][0];
        assert_eq!((code, first["outcome"] == "ended"), (HELD, false), "{name}: {done:#}");
        assert!(first["reason"].as_str().unwrap().contains(said), "{name}: {done:#}");
        assert_eq!(app.cloud().log_length(), log, "{name}: nothing was changed");
        let record = of(&app);
        assert_eq!(record.status, OperationStatus::RolledBack, "{name}");
        assert!(record.note.unwrap().starts_with("not begun"), "{name}");
        app.run(&["enforce"]);
        assert_eq!(of(&app).status, OperationStatus::RolledBack, "{name}: it does not come back");
        app.may_leave_alerts();
    }
}

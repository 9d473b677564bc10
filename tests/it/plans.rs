//! What would be done, what is held, and why.

use cattleguard::collect::ReadFailure;
use cattleguard::testing::FailRule;
use cattleguard::types::InstanceId;

use crate::harness::{HELD, OK, Receiver, Setup, TestApp, carol, small};

/// Enforcement as far as it goes, in a window that is open on the Monday on which the simulation starts.
const ENFORCING: &str = "enforcement = \"replace\"\nbudget = { count = 1, percent = 50 }";
const OPEN: &str = "[[fleet.windows]]\ndays = [\"mon\"]\nfrom = \"06:00\"\nto = \"22:00\"";
const SHUT: &str = "[[fleet.windows]]\ndays = [\"sat\"]\nfrom = \"06:00\"\nto = \"22:00\"";

fn enforcing(window: &str) -> Setup {
    Setup::new(small()).mode("replace").fleet(ENFORCING).fleet(window)
}

/// Somebody opens a session: policy asks for a replacement.
fn drift(app: &TestApp, id: &InstanceId) {
    app.cloud().start_session(&carol(), id).unwrap();
    app.minutes(1);
}

#[test]
fn an_observing_program_plans_nothing_and_says_what_to_set() {
    let app = Setup::new(small()).start();
    let id = app.server(0);
    drift(&app, &id);
    app.settle();
    let scan = app.scan();
    assert_eq!(scan.doc["mode"], "observe");
    assert!(scan.operations().is_empty());
    let decision = &scan.instance(&id)["decision"];
    assert_eq!((&decision["asked"], &decision["action"]), (&"replace".into(), &"alert".into()));
    assert!(decision["capped_by"].as_str().is_some());
    let gate = scan.gate(&id, "opt-in");
    assert_eq!(gate["answer"], "refuse");
    assert!(gate["reason"].as_str().unwrap().contains("mode = \"replace\""), "{gate:#}");
    let (code, plan) = app.json(&["plan"]);
    assert_eq!((code, &plan["hash"]), (HELD, &scan.doc["plan"]["hash"]));
}

#[test]
fn a_drift_is_acted_on_when_it_was_seen_twice() {
    let app = enforcing(OPEN).start();
    let id = app.server(0);
    drift(&app, &id);
    app.settle();
    let once = app.scan();
    assert_eq!(once.gate(&id, "confirmed")["answer"], "hold");
    assert!(once.operations().is_empty());
    app.minutes(10);
    let twice = app.scan();
    assert_eq!(twice.operations(), [id.as_str()], "{:#}", twice.doc["plan"]);
    assert_eq!(twice.doc["plan"]["operations"][0]["golden"], "web@1");
}

/// Two scans that read one odd report of a server have not seen it drift twice.
#[test]
fn a_report_does_not_confirm_itself() {
    let app = enforcing(OPEN).start();
    let id = app.server(0);
    app.settle();
    app.scan();
    app.cloud().upgrade_package(&id, "nginx", "9.9").unwrap();
    app.settle();
    for _ in 0..2 {
        let scan = app.scan();
        let gate = scan.gate(&id, "confirmed");
        assert_eq!(gate["answer"], "hold", "{gate:#}");
        assert!(gate["reason"].as_str().unwrap().contains("the next report that shows it"), "{gate:#}");
        app.minutes(5);
    }
    app.settle();
    assert_eq!(app.scan().operations(), [id.as_str()]);
}

#[test]
fn a_budget_of_one_lets_one_through() {
    let app = enforcing(OPEN).start();
    for index in 0..2 {
        drift(&app, &app.server(index));
    }
    app.settle();
    app.scan();
    app.minutes(10);
    let scan = app.scan();
    assert_eq!(scan.operations().len(), 1);
    let other = (0..2).map(|index| app.server(index)).find(|id| scan.operations()[0] != id.as_str()).unwrap();
    assert_eq!(scan.gate(&other, "budget")["answer"], "hold");
    for gate in ["opt-in", "ownership", "evidence", "confirmed", "mass-drift", "window", "golden-usable"] {
        assert_eq!(scan.gate(&other, gate)["answer"], "allow", "{gate}: {:#}", scan.gate(&other, gate));
    }
}

#[test]
fn outside_its_windows_nothing_is_replaced() {
    for (window, answer) in [(SHUT, "hold"), ("", "refuse")] {
        let app = enforcing(window).start();
        drift(&app, &app.server(0));
        app.settle();
        app.scan();
        app.minutes(10);
        let scan = app.scan();
        let gate = scan.gate(&app.server(0), "window");
        assert_eq!(gate["answer"], answer, "{gate:#}");
        assert_eq!(gate["until"].as_str().is_some(), answer == "hold", "a window that will open says when");
        if answer == "hold" {
            assert_eq!(gate["until"], "2026-11-07T06:00:00Z");
        }
        assert!(scan.operations().is_empty());
    }
}

#[test]
fn mass_drift_freezes_the_fleet_and_sends_one_alert() {
    let receiver = Receiver::start();
    let app = enforcing(OPEN).webhook_to(&receiver).start();
    app.scan();
    assert_eq!(receiver.arrived().len(), 0);
    for index in 0..3 {
        app.cloud().upgrade_package(&app.server(index), "nginx", "9.9").unwrap();
        app.cloud().upgrade_package(&app.member(index), "nginx", "9.9").unwrap();
    }
    app.settle();
    let scan = app.scan();
    let frozen = &scan.doc["plan"]["frozen"];
    assert_eq!(frozen[0]["fleet"], "web", "{frozen:#}");
    for held in scan.doc["plan"]["held"].as_array().unwrap() {
        let gate = held["gates"].as_array().unwrap().iter().find(|gate| gate["gate"] == "mass-drift").unwrap();
        assert_eq!(gate["answer"], "refuse");
    }
    let hooks = receiver.hooks();
    assert_eq!(
        hooks.len(),
        1,
        "one alert for the fleet: {:#?}",
        hooks.iter().map(|hook| hook.body()).collect::<Vec<_>>()
    );
    let body = hooks[0].body();
    assert_eq!(body["data"]["totals"]["instances"], 6);
    assert_eq!(body["data"]["shared"][0]["instances"], 6, "with the diff that they share: {body:#}");

    for index in 0..3 {
        app.cloud().upgrade_package(&app.server(index), "nginx", "1.28.0").unwrap();
        app.cloud().upgrade_package(&app.member(index), "nginx", "1.28.0").unwrap();
    }
    app.settle();
    let thawed = app.scan();
    assert_eq!((thawed.code, &thawed.doc["plan"]["frozen"]), (OK, &serde_json::json!([])));
    assert_eq!(receiver.hooks().len(), 2, "and one when it is over");
}

/// What drifted in a region that cannot be read now is not known to be well.
#[test]
fn a_region_that_cannot_be_read_does_not_thaw_a_fleet() {
    let fleet = small().place("000000000000", "eu-west-1").place("000000000000", "eu-central-1");
    let app = Setup::new(fleet).mode("replace").fleet(ENFORCING).fleet(OPEN).failing().start();
    app.settle();
    app.scan();
    let places = app.cloud().places();
    for place in &places {
        for id in app.fleet.standalone[place].iter().take(2) {
            app.cloud().upgrade_package(id, "nginx", "9.9").unwrap();
        }
    }
    app.settle();
    assert_eq!(app.scan().doc["plan"]["frozen"][0]["fleet"], "web", "four of them drifted");
    app.faults.add_rule(FailRule::fail(ReadFailure::Denied).api("ec2:DescribeInstances").place(&places[0]));
    app.settle();
    let scan = app.scan();
    assert_eq!(scan.doc["plan"]["frozen"][0]["fleet"], "web", "{:#}", scan.doc["plan"]);
    assert!(scan.operations().is_empty());
}

/// The group's tag says whose member it is: what a fleet expects of it is expected although nobody could ask the group.
#[test]
fn members_stay_in_their_fleet_while_auto_scaling_cannot_be_read() {
    let app = Setup::new(small()).failing().start();
    app.reconfigure(|text| text.replace("tags = { app = \"web\" }", "asg = \"web-*\""));
    let id = app.member(0);
    app.cloud().unmanage(&id).unwrap();
    app.settle();
    app.minutes(120);
    assert_eq!(app.scan().instance(&id)["verdict"], "unjudged");
    app.faults.add_rule(FailRule::fail(ReadFailure::Throttled).api("autoscaling:DescribeAutoScalingGroups"));
    app.minutes(10);
    let scan = app.scan();
    let member = scan.instance(&id);
    assert_eq!((&member["fleet"], &member["verdict"]), (&"web".into(), &"unjudged".into()), "{member:#}");
    app.may_leave_alerts();
}

#[test]
fn what_another_controller_owns_is_left_to_it() {
    let fleet = small().tag("eks:cluster-name", "prod");
    let app = Setup::new(fleet).mode("replace").fleet(ENFORCING).fleet(OPEN).start();
    drift(&app, &app.server(0));
    app.settle();
    app.scan();
    app.minutes(10);
    let scan = app.scan();
    let gate = scan.gate(&app.server(0), "ownership");
    assert_eq!(gate["answer"], "refuse");
    assert!(gate["reason"].as_str().unwrap().contains("eks"), "{gate:#}");
    assert!(scan.operations().is_empty());
}

#[test]
fn the_kill_switch_refuses_until_it_is_let_go() {
    let app = enforcing(OPEN).start();
    drift(&app, &app.server(0));
    app.settle();
    app.scan();
    assert_eq!(app.run(&["pause", "--reason", "change freeze"]), OK);
    app.minutes(5);
    let paused = app.scan();
    let gate = paused.gate(&app.server(0), "kill-switch");
    assert_eq!(gate["answer"], "refuse");
    assert!(gate["reason"].as_str().unwrap().contains("change freeze"));
    assert_eq!(app.run(&["resume"]), OK);
    app.minutes(5);
    assert_eq!(app.scan().operations().len(), 1);
}

#[test]
fn what_is_waived_is_neither_planned_nor_held() {
    let app = enforcing(OPEN).start();
    drift(&app, &app.server(0));
    app.settle();
    app.scan();
    let id = app.server(0);
    let scope = ["exceptions", "add", "--instance", id.as_str()];
    let why = ["--reason", "r", "--ticket", "T", "--approver", "a", "--expires", "1d"];
    assert_eq!(app.run(&[&scope[..], &why].concat()), OK);
    app.minutes(5);
    let scan = app.scan();
    assert!(scan.operations().is_empty());
    assert_eq!(scan.doc["plan"]["held"], serde_json::json!([]));
}

#[test]
fn nothing_is_replaced_from_a_golden_that_was_revoked() {
    let app = enforcing(OPEN).start();
    drift(&app, &app.server(0));
    app.settle();
    app.scan();
    assert_eq!(app.run(&["golden", "revoke", "web@1", "--reason", "backdoor"]), OK);
    app.minutes(5);
    let scan = app.scan();
    assert_eq!(scan.gate(&app.server(0), "golden-usable")["answer"], "refuse");
    assert!(scan.operations().is_empty());
}

#[test]
fn equal_scans_have_equal_plan_hashes_and_a_different_server_has_another() {
    let app = enforcing(OPEN).start();
    drift(&app, &app.server(0));
    app.settle();
    app.scan();
    let hash = |scan: &crate::harness::Scan| scan.doc["plan"]["hash"].clone();
    app.minutes(10);
    let first = app.scan();
    app.minutes(10);
    let second = app.scan();
    assert_eq!(first.operations().len(), 1);
    assert_eq!(hash(&first), hash(&second));
    app.cloud().source_dest_check(&carol(), &app.server(0), false).unwrap();
    app.settle();
    assert_ne!(hash(&first), hash(&app.scan()), "the server is no longer what was planned for");
}

#[test]
fn edited_user_data_can_be_acted_on_although_it_is_read_only_once() {
    let app = enforcing(OPEN).start();
    let id = app.server(0);
    app.cloud().modify_user_data(&carol(), &id, b"#!/bin/sh\nfalse\n").unwrap();
    app.settle();
    app.scan();
    app.minutes(10);
    let scan = app.scan();
    assert_eq!(scan.operations(), [id.as_str()], "{:#}", scan.doc["plan"]["held"]);
}

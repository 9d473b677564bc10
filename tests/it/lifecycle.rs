//! Findings over many scans.

use cattleguard::testing::SimFleet;
use serde_json::Value;

use crate::harness::{FAILED, FINDINGS, OK, Scan, Setup, TestApp, carol, small};

fn nginx(app: &TestApp, version: &str) {
    app.cloud().upgrade_package(&app.server(0), "nginx", version).unwrap();
    app.settle();
}

fn drift(app: &TestApp, scan: &Scan) -> Value {
    scan.finding(&app.server(0), "software-package-changed").clone()
}

/// The version of nginx in every golden.
const GOLDEN: &str = "1.28.0";

#[test]
fn first_seen_stays_last_seen_moves_and_the_id_outlives_restarts() {
    let app = Setup::new(small()).start();
    nginx(&app, "9.9");
    let first = drift(&app, &app.scan());
    app.minutes(60);
    let second = drift(&app, &app.scan());
    assert_eq!((&second["id"], &second["first_seen"]), (&first["id"], &first["first_seen"]));
    assert_eq!((&first["times_seen"], &second["times_seen"]), (&1.into(), &2.into()));
    assert!(second["last_seen"].as_str() > first["last_seen"].as_str());
    let (code, shown) = app.json(&["findings", "show", first["id"].as_str().unwrap()]);
    assert_eq!((code, &shown["findings"][0]["id"]), (OK, &first["id"]));
}

#[test]
fn a_drift_that_is_undone_is_resolved_and_one_that_comes_back_is_the_same_finding() {
    let app = Setup::new(small()).start();
    nginx(&app, "9.9");
    let first = drift(&app, &app.scan());
    nginx(&app, GOLDEN);
    let fixed = app.scan();
    assert_eq!((fixed.code, fixed.summary("resolved")), (OK, 1));
    assert_eq!(app.json(&["findings", "list"]).1["findings"], serde_json::json!([]));
    let (_, all) = app.json(&["findings", "list", "--all"]);
    assert_eq!((&all["findings"][0]["id"], &all["findings"][0]["status"]), (&first["id"], &"resolved".into()));
    nginx(&app, "9.9");
    let again = app.scan();
    assert_eq!((&drift(&app, &again)["id"], &drift(&app, &again)["status"]), (&first["id"], &"open".into()));
    assert_eq!(again.summary("new"), 1, "it is news");
}

#[test]
fn an_acknowledgement_stays_until_it_is_taken_back() {
    let app = Setup::new(small()).start();
    nginx(&app, "9.9");
    let id = drift(&app, &app.scan())["id"].as_str().unwrap().to_owned();
    assert_eq!(app.run(&["findings", "ack", &id]), OK);
    for _ in 0..2 {
        app.minutes(10);
        let scan = app.scan();
        assert_eq!(drift(&app, &scan)["status"], "acknowledged");
        assert_eq!((scan.code, scan.verdict(&app.server(0))), (FINDINGS, "drifted"), "it is known, not gone");
    }
    assert_eq!(app.run(&["findings", "reopen", &id]), OK);
    app.minutes(10);
    assert_eq!(drift(&app, &app.scan())["status"], "open");
    assert_eq!(app.run(&["findings", "ack", "f-0000000000000000"]), FAILED);
    nginx(&app, GOLDEN);
    assert_eq!(app.scan().code, OK);
}

#[test]
fn an_exception_waives_until_it_expires() {
    let app = Setup::new(small()).start();
    nginx(&app, "9.9");
    let finding = drift(&app, &app.scan());
    let server = app.server(0);
    let add = |expires| {
        let scope = ["exceptions", "add", "--instance", server.as_str(), "--code", "software-*"];
        let why = ["--reason", "hotfix", "--ticket", "OPS-1", "--approver", "dora", "--expires", expires];
        app.run(&[&scope[..], &why].concat())
    };
    assert_eq!(add("2h"), OK);
    app.minutes(10);
    let waived = app.scan();
    assert_eq!(drift(&app, &waived)["status"], "waived");
    assert!(drift(&app, &waived)["exception"].as_str().is_some_and(|id| id.starts_with("x-")));
    assert_eq!(waived.code, OK, "a waived finding is seen and not counted: {:#}", waived.doc["summary"]);
    assert_eq!(waived.instance(&app.server(0))["decision"]["action"], "none");
    app.minutes(180);
    let over = app.scan();
    assert_eq!((drift(&app, &over)["status"].as_str(), over.code), (Some("open"), FINDINGS));
    assert_eq!(drift(&app, &over)["first_seen"], finding["first_seen"]);
    assert_eq!(add("91d"), crate::harness::USAGE, "nothing is waived for good");
}

#[test]
fn a_revoked_exception_ends_at_once() {
    let app = Setup::new(small()).start();
    nginx(&app, "9.9");
    app.scan();
    let args = [
        "exceptions",
        "add",
        "--fleet",
        "web",
        "--code",
        "software-*",
        "--reason",
        "r",
        "--ticket",
        "T",
        "--approver",
        "a",
    ];
    assert_eq!(app.run(&[&args[..], &["--expires", "7d"]].concat()), OK);
    app.minutes(5);
    assert_eq!(drift(&app, &app.scan())["status"], "waived");
    let id = app.json(&["exceptions", "list"]).1["exceptions"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(app.run(&["exceptions", "revoke", &id]), OK);
    app.minutes(5);
    assert_eq!(drift(&app, &app.scan())["status"], "open");
}

#[test]
fn what_was_done_stays_a_finding_after_its_effect_is_undone() {
    let app = Setup::new(small()).start();
    let id = app.server(0);
    let before = ["web", "base"].map(|name| SimFleet::security_group(&app.place().region, name));
    let debug = SimFleet::security_group(&app.place().region, "debug-open");
    app.cloud().modify_instance_groups(&carol(), &id, &[debug]).unwrap();
    app.settle();
    assert!(app.scan().codes(&id).contains("config-security-groups"));
    app.cloud().modify_instance_groups(&carol(), &id, &before).unwrap();
    app.settle();
    let scan = app.scan();
    assert!(!scan.codes(&id).contains("config-security-groups"), "the state is as it should be");
    assert_eq!(scan.summary("resolved"), 1);
    let event = scan.finding(&id, "event-security-groups-changed");
    assert_eq!(event["actual"]["events"], 2, "both calls are told");
    // Long after the overlap, the event is still known.
    app.minutes(12 * 60);
    app.settle();
    assert!(app.scan().codes(&id).contains("event-security-groups-changed"));
}

#[test]
fn a_stopped_server_is_not_clean_and_keeps_its_findings() {
    let app = Setup::new(small()).start();
    nginx(&app, "9.9");
    app.scan();
    app.cloud().stop(&carol(), &app.server(0)).unwrap();
    app.cloud().stop(&carol(), &app.server(1)).unwrap();
    app.settle();
    let scan = app.scan();
    assert_eq!(drift(&app, &scan)["status"], "open");
    assert_ne!(scan.verdict(&app.server(1)), "clean");
    assert_eq!(scan.summary("resolved"), 0);
}

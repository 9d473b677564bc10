//! A fleet to which nothing happened.

use cattleguard::testing::FleetBuilder;

use crate::harness::{FINDINGS, OK, PARTIAL, Setup, small};

#[test]
fn a_clean_fleet_is_clean_and_exits_0() {
    let app = Setup::new(small()).start();
    let scan = app.scan();
    assert_eq!((scan.code, scan.summary("clean"), scan.summary("findings")), (OK, 8, 0), "{:#}", scan.doc["findings"]);
    assert_eq!(scan.instance(&app.server(0))["golden"], "web@1");
    let reference = scan.instance(&app.fleet.reference);
    assert!(reference["fleet"].is_null(), "the reference server is in no fleet");
    app.settle();
    assert_eq!(app.scan().code, OK, "and again");
}

#[test]
fn two_accounts_and_two_regions_are_judged_by_one_golden() {
    let fleet = FleetBuilder::new("web")
        .place("000000000000", "eu-west-1")
        .place("000000000000", "eu-central-1")
        .place("000000000001", "eu-west-1")
        .standalone(2)
        .packages(30);
    let app = Setup::new(fleet).start();
    let scan = app.scan();
    assert_eq!((scan.code, scan.summary("clean")), (OK, 9), "{:#}", scan.doc["findings"]);
    let part = app.scan_with(&["--account", "000000000001"]);
    assert_eq!((part.code, part.list("instances").len()), (OK, 3), "only what was asked for");
}

#[test]
fn a_server_that_reports_no_inventory_is_unjudged_and_never_clean() {
    let app = Setup::new(small()).start();
    app.cloud().unmanage(&app.server(1)).expect("a server");
    let scan = app.scan();
    assert_eq!((scan.code, scan.verdict(&app.server(1))), (PARTIAL, "unjudged"));
    assert!(scan.codes(&app.server(1)).contains("blind-not-managed"));
    assert_eq!(scan.verdict(&app.server(0)), "clean");
}

#[test]
fn an_agent_that_falls_silent_makes_its_server_unjudged_when_its_report_is_stale() {
    let app = Setup::new(small()).start();
    app.cloud().silence_agent(&app.server(1)).expect("a server");
    app.minutes(26 * 60);
    app.settle();
    let scan = app.scan();
    assert_eq!((scan.code, scan.verdict(&app.server(1))), (PARTIAL, "unjudged"));
    assert!(scan.codes(&app.server(1)).contains("blind-inventory-stale"));
    assert_eq!(scan.verdict(&app.server(0)), "clean");
}

#[test]
fn an_image_that_nobody_recorded_is_a_finding() {
    let app = Setup::new(small()).start_unrecorded();
    let scan = app.scan();
    assert_ne!(scan.code, OK);
    assert!(scan.codes(&app.server(0)).contains("image-unrecorded"));
    assert_ne!(scan.verdict(&app.server(0)), "clean");
}

#[test]
fn fail_on_decides_between_0_and_1() {
    let app = Setup::new(small()).start();
    app.cloud().create_tags(&crate::harness::carol(), &app.server(0), &[("note", "mine")]).expect("tags");
    app.settle();
    let scan = app.scan();
    assert_eq!(scan.code, FINDINGS);
    let severity = scan.findings_of(app.server(0).as_str()).next().expect("a finding")["severity"].clone();
    assert_ne!(severity, "critical");
    assert_eq!(app.scan_with(&["--fail-on", "critical"]).code, OK);
    assert_eq!(app.scan_with(&["--fail-on", "info"]).code, FINDINGS);
}

//! Content hashes in the trail: software that is known to be clean is not read.

use cattleguard::collect::ReadFailure;
use cattleguard::testing::{FailRule, FleetBuilder};
use cattleguard::types::InstanceId;
use serde_json::{Value, json};

use crate::harness::{FINDINGS, OK, Scan, Setup, TestApp};

const INVENTORY: &str = "ssm:GetInventory";

fn fleet() -> FleetBuilder {
    FleetBuilder::new("web").standalone(150).group(50).packages(30)
}

/// Half an hour passes, every agent reports, and a scan looks.
fn next(app: &TestApp) -> (Scan, u64) {
    app.minutes(30);
    app.settle();
    app.cloud().reset_calls();
    let scan = app.scan();
    let calls = app.cloud().call_totals().get(INVENTORY).copied().unwrap_or(0);
    (scan, calls)
}

/// What a scan says of the servers, without what says when it ran.
fn said(scan: &Scan) -> Vec<Value> {
    let of =
        |one: &Value| json!([one["id"], one["verdict"], one["reasons"], one["decision"]["action"], one["findings"]]);
    scan.list("instances").iter().map(of).collect()
}

#[test]
fn only_what_differs_is_read() {
    let app = Setup::new(fleet()).start();
    let (first, all) = next(&app);
    assert_eq!(first.code, OK);
    assert!(all >= 5, "{all}: 201 servers, 50 on a page");
    let (second, none) = next(&app);
    assert_eq!((second.code, none, said(&second)), (OK, 0, said(&first)), "every hash is known");
    assert_eq!(second.summary("api_calls_saved"), all);

    let (one, other) = (app.server(3), app.member(1));
    app.cloud().install_package(&one, "nmap", "7").unwrap();
    let (third, read) = next(&app);
    assert_eq!((third.code, read), (FINDINGS, 1), "one server, one type");
    assert_eq!(third.codes(&one), ["software-package-added"].into());
    assert_eq!(third.codes(&other), [].into());

    // It stays drifted, and is read every time, until it is what it was.
    let (fourth, read) = next(&app);
    assert_eq!((said(&fourth), read), (said(&third), 1));
    app.cloud().remove_package(&one, "nmap").unwrap();
    let (fifth, read) = next(&app);
    assert_eq!((fifth.code, read), (OK, 0), "the old hash again: clean without reading");
    app.may_leave_alerts();
}

/// The hash says nothing when nobody says it any more.
#[test]
fn a_server_that_stops_reporting_is_asked_about_and_becomes_stale() {
    let app = Setup::new(fleet()).start();
    next(&app);
    let silent: InstanceId = app.server(0);
    app.cloud().silence_agent(&silent).unwrap();
    for _ in 0..2 {
        assert_eq!(next(&app).1, 0, "its last report is recent");
    }
    assert_eq!((next(&app).1, next(&app).1), (1, 1), "for more than two hours nothing was heard");
    app.minutes(22 * 60);
    let (late, _) = next(&app);
    assert!(late.codes(&silent).contains("blind-inventory-stale"), "{:?}", late.codes(&silent));
    app.may_leave_alerts();
}

/// Without the trail there are no hashes to rely on.
#[test]
fn without_the_trail_everything_is_read() {
    let app = Setup::new(fleet()).failing().start();
    let (_, all) = next(&app);
    assert_eq!(next(&app).1, 0);
    app.faults.add_rule(FailRule::fail(ReadFailure::Denied).api("cloudtrail:LookupEvents"));
    assert_eq!(next(&app).1, all);
    app.may_leave_alerts();
}

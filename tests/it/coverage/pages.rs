//! Listings that break off in the middle, and such that end too early and do not say so.

use cattleguard::collect::ReadFailure;
use cattleguard::testing::{FailRule, Fault, FleetBuilder, PageSizes, When};

use crate::harness::{FINDINGS, OK, PARTIAL, Setup, TestApp, carol};

fn paged() -> TestApp {
    let app = Setup::new(FleetBuilder::new("web").standalone(7).packages(20)).failing().start();
    app.cloud().configure(|settings| settings.pages = PageSizes::all(2));
    assert_eq!(app.scan().code, OK);
    app
}

#[test]
fn a_page_that_fails_in_the_middle_leaves_the_rest_unjudged() {
    let app = paged();
    for (name, source) in
        [("ec2:DescribeInstances", "ec2"), ("ec2:DescribeVolumes", "ec2"), ("ssm:GetInventory", "ssm")]
    {
        app.faults.add_rule(FailRule::fail(ReadFailure::Throttled).api(name).when(When::Page(3)));
        app.minutes(5);
        let scan = app.scan();
        app.faults.heal();
        assert_eq!(scan.code, PARTIAL, "{name}");
        assert_eq!(scan.coverage(&app.place(), source)["status"], "partial", "{name}");
        assert!(scan.summary("unjudged") > 0, "{name}");
        assert_eq!((scan.summary("drifted"), scan.summary("resolved")), (0, 0), "{name}: {:#}", scan.doc["findings"]);
        assert_eq!(scan.list("instances").len(), 8, "{name}: nobody is forgotten");
        app.minutes(5);
        assert_eq!(app.scan().code, OK, "{name}");
    }
}

#[test]
fn events_that_break_off_are_read_again_and_told_once() {
    let app = paged();
    for index in 0..6 {
        app.cloud().start_session(&carol(), &app.server(index)).unwrap();
        app.minutes(1);
    }
    app.minutes(10);
    app.faults.add_rule(FailRule::fail(ReadFailure::Timeout).api("cloudtrail:LookupEvents").when(When::Page(2)));
    let broken = app.scan();
    app.faults.heal();
    assert_eq!(broken.code, PARTIAL);
    let seen = broken.list("findings").iter().filter(|finding| finding["code"] == "event-interactive-session").count();
    assert_eq!(seen, 2, "what arrived counts");
    app.minutes(60);
    app.settle();
    let scan = app.scan();
    assert_eq!(scan.code, FINDINGS);
    for index in 0..6 {
        let finding = scan.finding(&app.server(index), "event-interactive-session");
        assert_eq!(finding["actual"]["events"], 1, "{finding:#}");
    }
}

/// A service that ends a listing early without an error cannot be caught in the act. What must not happen is
/// that it makes a server clean, or a finding gone, that a complete listing would show otherwise.
#[test]
fn a_listing_that_ends_too_early_calls_nothing_clean_that_it_did_not_show() {
    let app = paged();
    let id = app.server(6);
    app.cloud().upgrade_package(&id, "nginx", "9.9").unwrap();
    app.settle();
    assert_eq!(app.scan().code, FINDINGS);
    app.faults.add_rule(FailRule::new(Fault::EndAfter(1)).api("ssm:GetInventory"));
    app.minutes(5);
    let scan = app.scan();
    app.faults.heal();
    assert_eq!((scan.code, scan.summary("resolved")), (PARTIAL, 0));
    assert!(scan.summary("clean") <= 1, "{:#}", scan.doc["instances"]);
    app.minutes(5);
    let healed = app.scan();
    assert_eq!((healed.code, healed.summary("clean")), (FINDINGS, 7));
}

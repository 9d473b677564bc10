//! What a scan costs in API calls.

use std::collections::BTreeMap;

use cattleguard::testing::FleetBuilder;

use crate::harness::{FINDINGS, OK, Setup, carol};

const USER_DATA: &str = "ec2:DescribeInstanceAttribute";

#[test]
fn a_thousand_servers_do_not_cost_a_thousand_calls() {
    let fleet = FleetBuilder::new("web").standalone(600).group(200).group(200).packages(5);
    let app =
        Setup::new(fleet).more("[policy]\nbuiltin = false\npaths = [\"quiet.rego\"]").file("quiet.rego", QUIET).start();
    app.cloud().reset_calls();
    let scan = app.scan();
    assert_eq!((scan.code, scan.list("instances").len()), (OK, 1001));
    let mut calls = app.cloud().call_totals();
    let user_data = calls.remove(USER_DATA).unwrap_or(0);
    assert_eq!(user_data, 1001, "once per launch, as there is no batch call for it");
    let total: u64 = calls.values().sum();
    // 21 pages of nodes, 21 of one inventory type, one of the other, and a handful of the rest.
    assert!(total <= 60, "{total} calls: {calls:#?}");
    assert!(calls.values().all(|count| *count <= 1000 / 50 + 2), "{calls:#?}");

    app.cloud().reset_calls();
    app.minutes(10);
    let again = app.scan();
    let calls = app.cloud().call_totals();
    assert_eq!(calls.get(USER_DATA), None, "user data is not asked for again: {calls:#?}");
    assert!(calls.values().sum::<u64>() <= 60, "at most one call for 50 servers needs: {calls:#?}");
    assert_eq!(again.summary("api_calls"), calls.values().sum::<u64>(), "each scan counts its own");
}

/// The shipped pack over a thousand servers takes its time in an unoptimised build; calls are counted here.
const QUIET: &str = "package cattleguard.test.quiet\n\nviolation contains \"never\" if false\n";

#[test]
fn user_data_is_fetched_again_when_an_event_says_that_it_changed_and_only_there() {
    let app = Setup::new(crate::harness::small()).start();
    assert_eq!(app.scan().code, OK);
    app.cloud().reset_calls();
    let (id, other) = (app.server(0), app.server(1));
    app.cloud().modify_user_data(&carol(), &id, b"#!/bin/sh\nfalse\n").unwrap();
    app.cloud().start_session(&carol(), &other).unwrap();
    app.settle();
    assert_eq!(app.scan().code, FINDINGS);
    assert_eq!(app.cloud().call_totals().get(USER_DATA), Some(&1));
    app.cloud().reset_calls();
    app.minutes(5);
    let scan = app.scan();
    assert!(scan.codes(&id).contains("config-user-data"));
    assert_eq!(app.cloud().call_totals().get(USER_DATA), None);
}

#[test]
fn a_failed_command_line_makes_no_calls() {
    let app = Setup::new(crate::harness::small()).start();
    app.cloud().reset_calls();
    app.reconfigure(|text| text.replace("mode", "mood"));
    assert_eq!(app.run(&["scan"]), crate::harness::CONFIG);
    assert_eq!(app.cloud().call_totals(), BTreeMap::new());
}

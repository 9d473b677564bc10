//! What goes on all the time and is no drift.

use std::time::Duration;

use cattleguard::testing::{PageSizes, SimActor};

use crate::harness::{OK, PARTIAL, Setup, carol, small};

#[test]
fn launches_reads_refusals_reports_and_dry_runs_raise_nothing() {
    let app = Setup::new(small()).start();
    assert!(app.scan().all_clean());
    let (cloud, place, id) = (app.cloud(), app.place(), app.server(0));
    let poller = SimActor::role("monitoring", "poller");
    for name in ["DescribeInstances", "DescribeVolumes", "GetConsoleOutput"].iter().take(2) {
        cloud.read_only_call(&poller, &place, "ec2", name).unwrap();
    }
    cloud.failed_call(&carol(), &id, "ec2", "CreateTags", "Client.UnauthorizedOperation").unwrap();
    cloud.dry_run(&carol(), &id, "TerminateInstances").unwrap();
    cloud.dry_run(&carol(), &id, "StopInstances").unwrap();
    let group = app.fleet.groups[&place][0].name.clone();
    let launched = cloud.asg_launch(&place, &group).unwrap();
    app.minutes(10);
    app.settle();
    let scan = app.scan();
    assert_eq!(scan.code, OK, "{:#}", scan.doc["findings"]);
    assert_eq!(scan.verdict(&launched), "clean", "a member that Auto Scaling launched is a member");
    assert_eq!(scan.instance(&launched)["fleet"], "web");
}

#[test]
fn a_server_that_was_just_launched_is_unjudged_until_it_has_reported() {
    let app = Setup::new(small()).start();
    let group = app.fleet.groups[&app.place()][0].name.clone();
    let launched = app.cloud().asg_launch(&app.place(), &group).unwrap();
    app.minutes(2);
    let scan = app.scan();
    assert_eq!((scan.code, scan.verdict(&launched)), (PARTIAL, "unjudged"));
    assert!(scan.codes(&launched).is_empty(), "booting is no finding: {:?}", scan.codes(&launched));
    app.settle();
    assert_eq!(app.scan().code, OK);
}

#[test]
fn a_terminated_server_takes_its_findings_with_it() {
    let app = Setup::new(small()).start();
    let id = app.server(0);
    app.cloud().start_session(&carol(), &id).unwrap();
    app.settle();
    assert!(app.scan().codes(&id).contains("event-interactive-session"));
    app.cloud().terminate(&carol(), &id).unwrap();
    app.settle();
    let scan = app.scan();
    assert!(scan.find_instance(&id).is_none());
    assert_eq!((scan.code, scan.summary("resolved")), (OK, 1), "{:#}", scan.doc["findings"]);
}

#[test]
fn page_sizes_empty_pages_and_late_answers_change_nothing() {
    let app = Setup::new(small()).start();
    app.cloud().configure(|settings| {
        settings.pages = PageSizes::all(1);
        settings.empty_pages = true;
    });
    let id = app.server(1);
    app.cloud().start_session(&carol(), &id).unwrap();
    app.cloud().upgrade_package(&id, "nginx", "9.9").unwrap();
    app.settle();
    let paged = app.scan();
    assert_eq!(
        paged.codes(&id).into_iter().collect::<Vec<_>>(),
        ["event-interactive-session", "software-package-changed"]
    );
    assert_eq!(paged.summary("clean"), 7);
}

#[test]
fn a_describe_call_that_lags_behind_the_trail_finds_the_state_one_scan_later() {
    let app = Setup::new(small()).start();
    assert!(app.scan().all_clean());
    app.cloud().configure(|settings| {
        settings.describe_delay = Duration::from_secs(600);
        settings.trail_delay = Duration::ZERO;
    });
    let id = app.server(0);
    app.cloud().source_dest_check(&carol(), &id, false).unwrap();
    app.minutes(1);
    let early = app.scan();
    assert!(early.find(&id, "config-source-dest-check").is_none());
    assert!(early.codes(&id).contains("event-source-dest-check-changed"), "the call alone is a finding");
    app.minutes(15);
    let finding = app.scan();
    let finding = finding.finding(&id, "config-source-dest-check");
    assert_eq!(finding["attribution"][0]["display"], "carol", "the call that was seen before explains it");
}

//! The source `s3`: log files of a trail's bucket.

use std::time::Duration;

use cattleguard::collect::{ObjectName, ReadFailure};
use cattleguard::testing::{CommandTarget, FailRule, When};
use serde_json::Value;

use crate::harness::{FINDINGS, OK, PARTIAL, Scan, Setup, TestApp, alice, carol, small};

pub(crate) const BUCKET: &str = "org-trail";

fn reading(more: &str) -> TestApp {
    let source = format!("[collect]\ntrail = [{{ s3 = \"{BUCKET}\", prefix = \"audit\"{more} }}]");
    let app = Setup::new(small()).more(&source).failing().start_unrecorded();
    app.record("1");
    let key = "audit/AWSLogs/000000000000/CloudTrail/eu-west-1/2026/11/01/\
               000000000000_CloudTrail_eu-west-1_20261101T0900Z_first.json.gz";
    app.cloud()
        .put_object(&ObjectName { bucket: BUCKET.to_owned(), key: key.to_owned() }, b"{\"Records\":[]}".to_vec());
    assert_eq!(app.scan().code, OK);
    app
}

/// CloudTrail writes the next log file, some minutes later.
fn ship(app: &TestApp) -> ObjectName {
    app.minutes(5);
    app.cloud().ship_trail(BUCKET, "audit/", &app.place()).expect("something was recorded")
}

/// An event of a person, in a log file of its own.
fn event(app: &TestApp) -> ObjectName {
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    ship(app)
}

fn fetched(app: &TestApp) -> u64 {
    app.cloud().call_totals().get("s3:GetObject").copied().unwrap_or(0)
}

/// Sessions that the scan knows of the first server.
fn sessions(app: &TestApp, scan: &Scan) -> u64 {
    if !scan.codes(&app.server(0)).contains("event-interactive-session") {
        return 0;
    }
    scan.finding(&app.server(0), "event-interactive-session")["actual"]["events"].as_u64().expect("a number")
}

fn source(scan: &Scan) -> &Value {
    &scan.doc["trail"][0]
}

#[test]
fn a_log_file_is_read_once_and_names_the_author() {
    let app = reading("");
    app.cloud().source_dest_check(&carol(), &app.server(0), false).unwrap();
    ship(&app);
    let before = fetched(&app);
    let scan = app.scan();
    assert_eq!(scan.code, FINDINGS);
    assert_eq!(scan.finding(&app.server(0), "config-source-dest-check")["attribution"][0]["display"], "carol");
    assert_eq!(fetched(&app), before + 1);
    app.minutes(5);
    assert_eq!(app.scan().code, FINDINGS);
    assert_eq!(fetched(&app), before + 1, "it lies in the overlap, and is known");
    assert_eq!(app.cloud().call_totals().get("cloudtrail:LookupEvents"), None);
    assert_eq!((&source(&scan)["status"], &source(&scan)["behind_s"]), (&"complete".into(), &0.into()));
}

#[test]
fn a_file_that_comes_late_is_read_and_one_that_was_written_again_too() {
    let app = reading("");
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    let delivered = app.fleet.clock.now();
    app.minutes(20);
    assert_eq!(sessions(&app, &app.scan()), 0, "it was not delivered yet");
    let late = app.cloud().ship_trail_as_of(BUCKET, "audit/", &app.place(), delivered).expect("an event");
    assert_eq!(sessions(&app, &app.scan()), 1);
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    app.cloud().put_object(&late, app.cloud().trail_log_file(&app.place()).into_bytes());
    assert_eq!(sessions(&app, &app.scan()), 2, "the same key with another content");
}

#[test]
fn a_listing_of_many_pages_over_midnight_is_read_whole() {
    let app = reading("");
    app.cloud().configure(|settings| settings.pages.objects = 3);
    for _ in 0..20 {
        event(&app);
        app.minutes(60);
    }
    let before = fetched(&app);
    let scan = app.scan();
    assert_eq!((sessions(&app, &scan), fetched(&app) - before), (20, 20));
}

#[test]
fn what_is_too_much_for_one_scan_is_left_and_said_and_read_by_the_next() {
    let app = reading(", objects = 4");
    for _ in 0..10 {
        event(&app);
    }
    let mut seen = Vec::new();
    for _ in 0..3 {
        let scan = app.scan();
        seen.push((sessions(&app, &scan), scan.code == PARTIAL, source(&scan)["unread"].as_u64()));
        if scan.code == PARTIAL {
            assert!(source(&scan)["behind_s"].as_i64() > Some(0), "{}", source(&scan));
            assert!(scan.coverage(&app.place(), "cloudtrail")["reason"].as_str().unwrap().contains("is behind"));
        }
    }
    assert_eq!(seen, [(4, true, Some(6)), (8, true, Some(2)), (10, false, Some(0))]);
}

#[test]
fn a_file_that_may_not_be_read_holds_nothing_up_and_is_tried_until_it_can() {
    let app = reading("");
    let (first, _) = (event(&app), event(&app));
    let why =
        "AccessDenied: not authorized to perform: kms:Decrypt on resource arn:aws:kms:eu-west-1:000000000000:key/1";
    app.cloud().refuse_object(&first, Some((ReadFailure::Denied, why)));
    for _ in 0..3 {
        let scan = app.scan();
        assert_eq!((scan.code, sessions(&app, &scan)), (PARTIAL, 1), "the other file is read");
        let coverage = scan.coverage(&app.place(), "cloudtrail");
        let reason = coverage["reason"].as_str().unwrap();
        assert!(reason.contains(&first.key) && reason.contains("kms:Decrypt"), "{reason}");
        assert_eq!((&coverage["denied"], &source(&scan)["unread"]), (&true.into(), &1.into()));
        // Longer than the overlap: the listing has passed it.
        app.minutes(60);
    }
    app.cloud().refuse_object(&first, None);
    let scan = app.scan();
    assert_eq!((scan.code, sessions(&app, &scan)), (FINDINGS, 2));
    assert_eq!(scan.list("dead_letters").len(), 0);
}

#[test]
fn garbage_is_named_once_and_given_up() {
    let app = reading("");
    event(&app);
    let folder = event(&app).key;
    let bad = ObjectName { bucket: BUCKET.to_owned(), key: folder.replace("_file", "_bad") };
    app.cloud().put_object(&bad, vec![0x1f, 0x8b, 1, 2, 3, 4]);
    let scan = app.scan();
    assert_eq!((scan.code, sessions(&app, &scan)), (PARTIAL, 2));
    let letters = scan.list("dead_letters");
    assert_eq!((letters.len(), letters[0]["name"].as_str()), (1, Some(bad.key.as_str())));
    app.minutes(60);
    let scan = app.scan();
    assert_eq!((scan.code, scan.list("dead_letters").len()), (FINDINGS, 1), "it is not forgotten");
    let (_, table) = app.text("table", &["scan"]);
    assert!(table.contains("given up") && table.contains("_bad"), "{table}");
}

#[test]
fn a_bucket_that_is_shut_is_said_and_read_when_it_opens() {
    let app = reading("");
    for api in ["s3:ListBucket", "s3:GetObject"] {
        event(&app);
        app.faults.add_rule(FailRule::fail(ReadFailure::Denied).api(api));
        let scan = app.scan();
        assert_eq!(scan.code, PARTIAL);
        let coverage = scan.coverage(&app.place(), "cloudtrail");
        assert_eq!((&coverage["status"], &coverage["api"]), (&"failed".into(), &api.into()));
        assert_eq!(scan.verdict(&app.server(1)), "unjudged", "without a trail nobody is clean");
        app.faults.heal();
        app.minutes(24 * 60);
    }
    assert_eq!(sessions(&app, &app.scan()), 2);
}

#[test]
fn a_throttled_file_comes_with_the_next_scan() {
    let app = reading("");
    for _ in 0..5 {
        event(&app);
    }
    app.faults.add_rule(FailRule::fail(ReadFailure::Throttled).api("s3:GetObject").when(When::Nth(2)));
    let scan = app.scan();
    assert_eq!((scan.code, sessions(&app, &scan)), (PARTIAL, 4));
    let scan = app.scan();
    assert_eq!((scan.code, sessions(&app, &scan)), (FINDINGS, 5));
}

#[test]
fn digests_and_what_others_put_there_are_left_alone() {
    let app = reading("");
    let key = event(&app).key;
    for other in ["CloudTrail-Digest", "CloudTrail-Insight", "Config"] {
        let key = key.replace("/CloudTrail/", &format!("/{other}/"));
        app.cloud().put_object(&ObjectName { bucket: BUCKET.to_owned(), key }, b"not a log".to_vec());
    }
    let folder = key.rsplit_once('/').expect("folders").0;
    let note = ObjectName { bucket: BUCKET.to_owned(), key: format!("{folder}/z-note.txt") };
    app.cloud().put_object(&note, b"hello".to_vec());
    let before = fetched(&app);
    assert_eq!(app.scan().code, FINDINGS);
    assert_eq!(fetched(&app), before + 1);
}

#[test]
fn an_event_whose_server_cannot_be_seen_yet_is_read_again() {
    let app = reading("");
    event(&app);
    // The record names a tag; which servers have it only the listing of instances tells.
    let target = CommandTarget::Tag("app".to_owned(), "web".to_owned());
    app.cloud().send_command(&carol(), &app.place(), "AWS-RunShellScript", &target).unwrap();
    ship(&app);
    app.faults.add_rule(FailRule::fail(ReadFailure::Denied).api("ec2:DescribeInstances"));
    assert_eq!(app.scan().code, PARTIAL);
    app.faults.heal();
    app.minutes(10);
    let before = fetched(&app);
    let scan = app.scan();
    assert!(scan.codes(&app.server(1)).contains("event-remote-command"));
    assert_eq!(fetched(&app), before + 1, "the one that is not remembered");
    app.minutes(10);
    app.scan();
    assert_eq!(fetched(&app), before + 1);
}

#[test]
fn a_place_without_any_log_file_is_not_quiet_but_unseen() {
    let app = reading("");
    app.reconfigure(|text| text.replace("\"audit\"", "\"audits\""));
    let scan = app.scan();
    assert_eq!((scan.code, scan.verdict(&app.server(0))), (PARTIAL, "unjudged"));
    let reason = &scan.coverage(&app.place(), "cloudtrail")["reason"];
    assert!(reason.as_str().unwrap().contains("audits/AWSLogs/000000000000/CloudTrail/eu-west-1/"), "{reason}");
}

#[test]
fn slow_files_do_not_end_the_scan() {
    let app = reading("");
    for _ in 0..3 {
        event(&app);
    }
    app.cloud().slow_objects(Duration::from_secs(120));
    assert_eq!(sessions(&app, &app.scan()), 3);
}

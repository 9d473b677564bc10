//! The source `sqs`: messages that name log files, and events themselves.

use std::time::Duration;

use cattleguard::collect::{ObjectName, ReadFailure};
use cattleguard::testing::{CommandTarget, FailRule, When};
use serde_json::{Value, json};

use crate::buckets::BUCKET;
use crate::harness::{FINDINGS, OK, PARTIAL, Scan, Setup, TestApp, UNAVAILABLE, alice, carol, small};

const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/000000000000/trail";

fn reading(before: &str, more: &str) -> TestApp {
    reading_of(QUEUE, before, more)
}

fn reading_of(queue: &str, before: &str, more: &str) -> TestApp {
    let sqs = format!("{{ sqs = \"{queue}\", buckets = [\"{BUCKET}\"]{more} }}");
    let app = Setup::new(small()).more(&format!("[collect]\ntrail = [{before}{sqs}]")).failing().start_unrecorded();
    app.record("1");
    let _ = app.cloud().ship_trail(BUCKET, "", &app.place());
    app.settle();
    let _ = app.cloud().ship_trail(BUCKET, "", &app.place());
    assert_eq!(app.scan().code, OK);
    app
}

fn notification(names: &[&ObjectName]) -> Value {
    let record = |name: &&ObjectName| {
        json!({
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1", "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": name.bucket}, "object": {"key": name.key.replace('/', "%2F"), "size": 2000}},
        })
    };
    json!({ "Records": names.iter().map(record).collect::<Vec<_>>() })
}

/// An event of a person in a log file.
fn file(app: &TestApp) -> ObjectName {
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    app.minutes(5);
    app.cloud().ship_trail(BUCKET, "", &app.place()).expect("an event")
}

/// The same, with a message that names it.
fn message(app: &TestApp) -> ObjectName {
    let name = file(app);
    app.cloud().send_message(QUEUE, notification(&[&name]).to_string());
    name
}

fn left(app: &TestApp) -> usize {
    app.cloud().messages(QUEUE).len()
}

fn sessions(app: &TestApp, scan: &Scan) -> u64 {
    if !scan.codes(&app.server(0)).contains("event-interactive-session") {
        return 0;
    }
    scan.finding(&app.server(0), "event-interactive-session")["actual"]["events"].as_u64().expect("a number")
}

#[test]
fn every_way_of_being_told_brings_the_event_once() {
    let app = reading("", "");
    let names = [file(&app), file(&app), file(&app), file(&app)];
    let direct = notification(&[&names[0], &names[1]]);
    let through_sns = json!({"Type": "Notification", "Message": notification(&[&names[2]]).to_string()});
    let of_cloudtrail = json!({"s3Bucket": BUCKET, "s3ObjectKey": [names[3].key]});
    let wrapped = json!({"Type": "Notification", "Message": of_cloudtrail.to_string()});
    let eventbridge = json!({
        "version": "0", "detail-type": "Object Created", "source": "aws.s3", "region": "eu-west-1",
        "detail": {"bucket": {"name": BUCKET}, "object": {"key": names[0].key, "size": 2000}},
    });
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    let record = app.cloud().trail_records(&app.place()).pop().expect("a record");
    let event: Value = serde_json::from_str(&record).unwrap();
    let event =
        json!({"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ssm", "detail": event});
    let test = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET});
    for body in [direct, through_sns, wrapped, eventbridge, event, test] {
        app.cloud().send_message(QUEUE, body.to_string());
    }
    let scan = app.scan();
    assert_eq!((scan.code, sessions(&app, &scan), left(&app)), (FINDINGS, 5, 0));
    assert_eq!(scan.list("dead_letters").len(), 0);
    assert_eq!(app.cloud().call_totals().get("cloudtrail:LookupEvents"), None);
}

#[test]
fn a_scan_that_ends_between_commit_and_deletion_loses_nothing_and_counts_nothing_twice() {
    let app = reading("", "");
    message(&app);
    app.faults.add_rule(FailRule::fail(ReadFailure::Unavailable).api("sqs:DeleteMessage"));
    let scan = app.scan();
    assert_eq!((scan.code, sessions(&app, &scan), left(&app)), (FINDINGS, 1, 1));
    app.faults.heal();
    app.minutes(1);
    let held = app.scan();
    assert_eq!(held.code, PARTIAL, "the message is hidden still, and that is said");
    assert!(held.coverage(&app.place(), "cloudtrail")["reason"].as_str().unwrap().contains("held by another reader"));
    app.minutes(20);
    let scan = app.scan();
    assert_eq!((scan.code, sessions(&app, &scan), left(&app)), (FINDINGS, 1, 0));
    let (_, timeline) = app.text("table", &["timeline", app.server(0).as_str()]);
    assert_eq!(timeline.matches("StartSession").count(), 1, "{timeline}");
}

#[test]
fn a_scan_that_does_not_commit_deletes_nothing() {
    let app = reading("", "");
    message(&app);
    let state = |sql: &str| rusqlite::Connection::open(app.path("state.db")).unwrap().execute_batch(sql).unwrap();
    state("CREATE TRIGGER full BEFORE INSERT ON scan BEGIN SELECT raise(ABORT, 'no space'); END");
    let before = app.cloud().call_totals();
    assert_eq!(app.run(&["scan"]), UNAVAILABLE);
    let received = |calls: &std::collections::BTreeMap<String, u64>| calls.get("s3:GetObject").copied().unwrap_or(0);
    assert_eq!(received(&app.cloud().call_totals()), received(&before) + 1, "it was read");
    assert_eq!(left(&app), 1);
    state("DROP TRIGGER full");
    app.minutes(20);
    let scan = app.scan();
    assert_eq!((scan.code, sessions(&app, &scan), left(&app)), (FINDINGS, 1, 0));
}

/// A scan of one region receives what the queue holds of all.
#[test]
fn a_scan_of_one_place_keeps_the_messages_of_the_others() {
    let sqs = format!("[collect]\ntrail = [{{ sqs = \"{QUEUE}\", buckets = [\"{BUCKET}\"] }}]");
    let builder = small().place("000000000000", "eu-west-1").place("000000000000", "eu-west-2");
    let app = Setup::new(builder).more(&sqs).failing().start_unrecorded();
    app.record("1");
    for place in app.cloud().places() {
        let server = app.fleet.standalone[&place][0].clone();
        app.cloud().start_session(&alice(), &server).unwrap();
        app.minutes(5);
        let name = app.cloud().ship_trail(BUCKET, "", &place).expect("an event");
        app.cloud().send_message(QUEUE, notification(&[&name]).to_string());
    }
    app.settle();
    let scan = app.scan_with(&["--region", "eu-west-1"]);
    assert_eq!((sessions(&app, &scan), left(&app)), (1, 1));
    let scan = app.scan();
    let other = app.fleet.standalone[&app.cloud().places()[1]][0].clone();
    assert!(scan.codes(&other).contains("event-interactive-session"));
    assert_eq!((scan.code, left(&app)), (FINDINGS, 0));
}

#[test]
fn the_same_events_from_every_source_count_once() {
    let s3 = format!("\"lookup\", {{ s3 = \"{BUCKET}\" }}, ");
    let app = reading(&s3, "");
    let name = message(&app);
    app.cloud().send_message(QUEUE, notification(&[&name]).to_string());
    app.settle();
    for _ in 0..3 {
        let scan = app.scan();
        assert_eq!((scan.code, sessions(&app, &scan), left(&app)), (FINDINGS, 1, 0));
        assert_eq!(scan.list("trail").len(), 3, "each source says how far it is");
        app.minutes(10);
    }
}

#[test]
fn messages_out_of_order_and_of_other_accounts_change_nothing() {
    let app = reading("", "");
    let names = [file(&app), file(&app), file(&app)];
    for name in names.iter().rev() {
        app.cloud().send_message(QUEUE, notification(&[name]).to_string());
    }
    let foreign = app.cloud().trail_records(&app.place()).pop().unwrap().replace("000000000000", "444455556666");
    let foreign = foreign.replacen("\"eventID\":\"", "\"eventID\":\"f", 1);
    let event: Value = serde_json::from_str(&foreign).unwrap();
    let event =
        json!({"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ssm", "detail": event});
    app.cloud().send_message(QUEUE, event.to_string());
    let scan = app.scan();
    assert_eq!((scan.code, sessions(&app, &scan), left(&app)), (FINDINGS, 3, 0));
}

#[test]
fn poison_is_given_up_with_the_reason_and_the_rest_is_read() {
    let app = reading("", "");
    let gone = message(&app);
    app.cloud().remove_object(&gone);
    let elsewhere = ObjectName { bucket: "somebody-elses".to_owned(), key: gone.key.clone() };
    app.cloud().put_object(&elsewhere, b"{}".to_vec());
    let garbage = ObjectName { bucket: BUCKET.to_owned(), key: gone.key.replace("_file", "_bad") };
    app.cloud().put_object(&garbage, b"\x1f\x8b garbage".to_vec());
    for body in ["not JSON".to_owned(), "{\"hello\": 1}".to_owned()]
        .into_iter()
        .chain([&elsewhere, &garbage].map(|name| notification(&[name]).to_string()))
    {
        app.cloud().send_message(QUEUE, body);
    }
    message(&app);
    let scan = app.scan();
    assert_eq!((scan.code, sessions(&app, &scan), left(&app)), (PARTIAL, 1, 0));
    let reasons: Vec<&str> = scan.list("dead_letters").iter().map(|one| one["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons.len(), 5, "{reasons:#?}");
    for why in ["NoSuchKey", "not among `buckets`", "damaged", "not JSON", "shape is not known"] {
        assert!(reasons.iter().any(|reason| reason.contains(why)), "{why}: {reasons:#?}");
    }
    app.minutes(30);
    let scan = app.scan();
    assert_eq!(
        (scan.code, scan.list("dead_letters").len()),
        (FINDINGS, 5),
        "they are told of as long as they are kept"
    );
}

#[test]
fn what_cannot_be_read_time_after_time_is_given_up() {
    let app = reading("", "");
    let shut = message(&app);
    app.cloud().refuse_object(&shut, Some((ReadFailure::Denied, "AccessDenied")));
    for receive in 1..=5 {
        let scan = app.scan();
        assert_eq!(scan.code, PARTIAL);
        assert_eq!((left(&app), scan.list("dead_letters").len()), if receive < 5 { (1, 0) } else { (0, 1) });
        app.minutes(20);
    }
    assert_eq!(app.scan().code, OK);
}

#[test]
fn an_outage_gives_nothing_up() {
    let app = reading("", "");
    message(&app);
    app.faults.add_rule(FailRule::fail(ReadFailure::Unavailable).api("s3:GetObject"));
    for _ in 0..8 {
        assert_eq!(app.scan().code, PARTIAL);
        app.minutes(20);
    }
    app.faults.heal();
    let scan = app.scan();
    assert_eq!((sessions(&app, &scan), left(&app), scan.list("dead_letters").len()), (1, 0, 0));
}

#[test]
fn messages_stay_hidden_while_slow_files_are_read() {
    let app = reading("", "");
    for _ in 0..12 {
        message(&app);
    }
    app.cloud().slow_objects(Duration::from_secs(170));
    app.cloud().reset_calls();
    let scan = app.scan();
    assert_eq!((sessions(&app, &scan), left(&app)), (12, 0));
    let calls = app.cloud().call_totals();
    assert_eq!(calls.get("s3:GetObject"), Some(&12), "none was received twice: {calls:?}");
    assert!(calls.get("sqs:ChangeMessageVisibility") > Some(&0), "{calls:?}");
}

#[test]
fn a_queue_that_is_too_long_for_one_scan_is_said_and_read_by_the_next() {
    let app = reading("", ", messages = 10");
    for _ in 0..25 {
        message(&app);
    }
    let mut seen = Vec::new();
    for _ in 0..3 {
        let scan = app.scan();
        seen.push((sessions(&app, &scan), scan.code == PARTIAL, scan.doc["trail"][0]["unread"].as_u64(), left(&app)));
        if scan.code == PARTIAL {
            assert!(scan.doc["trail"][0]["behind_s"].as_i64() > Some(0));
        }
        app.minutes(1);
    }
    assert_eq!(seen, [(10, true, Some(15), 15), (20, true, Some(5), 5), (25, false, Some(0), 0)]);
}

#[test]
fn a_queue_that_fails_is_said() {
    let app = reading("", "");
    for rule in [
        FailRule::fail(ReadFailure::Denied).api("sqs:ReceiveMessage"),
        FailRule::fail(ReadFailure::Throttled).api("sqs:ReceiveMessage").when(When::After(1)),
        FailRule::fail(ReadFailure::Denied).api("sqs:GetQueueAttributes"),
    ] {
        message(&app);
        app.faults.add_rule(rule);
        let scan = app.scan();
        assert_eq!(scan.code, PARTIAL);
        app.faults.heal();
        app.minutes(20);
    }
    let scan = app.scan();
    assert_eq!((sessions(&app, &scan), left(&app)), (3, 0));
}

#[test]
fn an_event_that_is_not_remembered_yet_keeps_its_message() {
    let app = reading("", "");
    // The record names a tag; which servers have it only the listing of instances tells.
    let target = CommandTarget::Tag("app".to_owned(), "web".to_owned());
    app.cloud().send_command(&carol(), &app.place(), "AWS-RunShellScript", &target).unwrap();
    app.minutes(5);
    let name = app.cloud().ship_trail(BUCKET, "", &app.place()).expect("an event");
    app.cloud().send_message(QUEUE, notification(&[&name]).to_string());
    message(&app);
    app.faults.add_rule(FailRule::fail(ReadFailure::Denied).api("ec2:DescribeInstances"));
    assert_eq!(app.scan().code, PARTIAL);
    assert_eq!(left(&app), 1, "the other message is done");
    app.faults.heal();
    app.minutes(20);
    let scan = app.scan();
    assert!(scan.codes(&app.server(1)).contains("event-remote-command"));
    assert_eq!(left(&app), 0);
}

#[test]
fn a_fifo_queue_that_holds_more_back_is_not_read_to_its_end() {
    let queue = format!("{QUEUE}.fifo");
    let app = reading_of(&queue, "", "");
    for _ in 0..12 {
        let name = file(&app);
        app.cloud().send_message(&queue, notification(&[&name]).to_string());
    }
    let scan = app.scan();
    assert_eq!(scan.code, PARTIAL, "ten of twelve were given out");
    assert_eq!(scan.doc["trail"][0]["unread"], 2);
    app.minutes(5);
    assert_eq!(app.scan().code, FINDINGS);
    assert_eq!(app.cloud().messages(&queue).len(), 0);
}

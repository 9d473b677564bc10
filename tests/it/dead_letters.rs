//! Messages and log files that were given up: listed, tried once more, dropped.

use cattleguard::collect::ObjectName;
use serde_json::{Value, json};

use crate::buckets::BUCKET;
use crate::harness::{FAILED, FINDINGS, OK, PARTIAL, Scan, Setup, TestApp, USAGE, alice, small};

const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/000000000000/trail";

fn reading(source: &str) -> TestApp {
    let app = Setup::new(small()).more(&format!("[collect]\ntrail = [{source}]")).start_unrecorded();
    app.record("1");
    let _ = app.cloud().ship_trail(BUCKET, "", &app.place());
    app.settle();
    let key = "AWSLogs/000000000000/CloudTrail/eu-west-1/2026/11/01/\
               000000000000_CloudTrail_eu-west-1_20261101T0900Z_first.json.gz";
    app.cloud()
        .put_object(&ObjectName { bucket: BUCKET.to_owned(), key: key.to_owned() }, b"{\"Records\":[]}".to_vec());
    assert_eq!(app.scan().code, OK);
    app
}

/// A log file with a session in it that arrives as garbage, and what it should be.
fn damaged(app: &TestApp) -> (ObjectName, Vec<u8>) {
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    app.minutes(5);
    let name = app.cloud().ship_trail(BUCKET, "", &app.place()).expect("an event");
    let whole = app.cloud().trail_log_file(&app.place()).into_bytes();
    app.cloud().put_object(&name, vec![0x1f, 0x8b, 1, 2, 3, 4]);
    (name, whole)
}

fn listed(app: &TestApp) -> Vec<Value> {
    let (code, text) = app.text("json", &["trail", "dead-letters", "list"]);
    assert_eq!(code, OK);
    let doc: Value = serde_json::from_str(&text).unwrap();
    doc["dead_letters"].as_array().unwrap().clone()
}

fn is_seen(app: &TestApp, scan: &Scan) -> bool {
    scan.codes(&app.server(0)).contains("event-interactive-session")
}

fn retry(app: &TestApp, name: &str) -> i32 {
    app.run(&["trail", "dead-letters", "retry", name, "--reason", "the file was restored"])
}

#[test]
fn a_log_file_that_was_restored_is_read_after_all() {
    let app = reading(&format!("{{ s3 = \"{BUCKET}\" }}"));
    let (name, whole) = damaged(&app);
    assert_eq!(app.scan().code, PARTIAL);
    // The listing has long passed it.
    app.minutes(24 * 60);
    app.settle();
    assert_eq!(retry(&app, &name.key), OK);
    assert_eq!((listed(&app)[0]["again"].clone(), listed(&app).len()), (json!(true), 1));
    let scan = app.scan();
    assert_eq!((scan.code, is_seen(&app, &scan)), (PARTIAL, false), "it is still garbage");
    assert_eq!(listed(&app)[0]["again"], json!(false), "once more, not for ever");
    app.cloud().put_object(&name, whole);
    assert_eq!(retry(&app, &name.key), OK);
    let scan = app.scan();
    let coverage = scan.coverage(&app.place(), "cloudtrail");
    assert_eq!((scan.code, is_seen(&app, &scan), listed(&app).len()), (FINDINGS, true, 0), "{coverage:#}");
    assert_eq!(retry(&app, &name.key), FAILED, "it is none any more");
}

#[test]
fn a_message_whose_object_is_there_again_is_read_after_all() {
    let app = reading(&format!("{{ sqs = \"{QUEUE}\", buckets = [\"{BUCKET}\"] }}"));
    let (name, whole) = damaged(&app);
    let told = json!({"s3Bucket": BUCKET, "s3ObjectKey": [name.key]}).to_string();
    app.cloud().send_message(QUEUE, told);
    app.cloud().send_message(QUEUE, "no message of ours");
    app.cloud().send_message(QUEUE, format!("{{\"much\": \"{}\"}}", "x".repeat(10_000)));
    assert_eq!(app.scan().code, PARTIAL);
    assert_eq!(listed(&app).len(), 3);
    app.cloud().put_object(&name, whole);
    let all = ["trail", "dead-letters", "retry", "--all", "--reason", "the file was restored"];
    assert_eq!(app.run(&all), OK);
    let scan = app.scan();
    assert!(is_seen(&app, &scan));
    let reasons: Vec<String> = listed(&app).iter().map(|letter| letter["reason"].to_string()).collect();
    assert_eq!(reasons.len(), 2, "{reasons:#?}");
    assert!(reasons.iter().any(|reason| reason.contains("only the beginning")), "{reasons:#?}");
    let (_, table) = app.text("table", &["trail", "dead-letters", "list", "--source", "sqs:another"]);
    assert!(table.contains("nothing was given up"), "{table}");
}

#[test]
fn what_is_dropped_is_gone_and_the_reason_is_kept() {
    let app = reading(&format!("{{ s3 = \"{BUCKET}\" }}"));
    let (name, _) = damaged(&app);
    assert_eq!(app.scan().code, PARTIAL);
    let (_, table) = app.text("table", &["trail", "dead-letters", "list"]);
    assert!(table.contains("given up"), "{table}");
    for wrong in [&["retry", "--all"][..], &["drop", "--reason", "x"], &["drop", "--all", "--reason", ""]] {
        let args: Vec<&str> = ["trail", "dead-letters"].iter().chain(wrong).copied().collect();
        assert_eq!(app.run(&args), USAGE, "{wrong:?}");
    }
    assert_eq!(app.run(&["trail", "dead-letters", "drop", "nothing", "--reason", "x"]), FAILED);
    assert_eq!(app.run(&["trail", "dead-letters", "drop", &name.key, "--reason", "a test file"]), OK);
    assert_eq!(listed(&app).len(), 0);
    let (_, audit) = app.text("ndjson", &["audit", "export"]);
    assert!(audit.contains("trail.drop") && audit.contains("a test file"), "{audit}");
    app.minutes(60);
    assert_eq!(app.scan().code, OK, "nobody looks at it again");
}

//! `trail verify` over folders, with keys from a file and from the account.

use std::fs;
use std::path::Path;

use cattleguard::testing::digests::{DigestHour, TrailFolder, TrailSigner, gzip};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::harness::{FAILED, FINDINGS, OK, PARTIAL, Setup, TestApp, USAGE, small};

/// Six hours of a trail in `logs`, the last just over, and the keys in `keys.json`.
fn delivered(app: &TestApp) -> (TrailFolder, Vec<DigestHour>) {
    let hour = SignedDuration::from_hours(1);
    let start: Timestamp = app.fleet.clock.now() - hour * 6;
    let mut trail = TrailFolder::new(&app.path("logs"), &app.place(), "main", start);
    let hours: Vec<_> = (0..6).map(|_| trail.hour(&["{\"Records\":[]}", "{\"Records\": []}"]).unwrap()).collect();
    hours[5].keep_signature().unwrap();
    app.write("keys.json", &TrailSigner::trusted().listing().unwrap().to_string());
    (trail, hours)
}

fn verify(app: &TestApp, format: &str, more: &[&str]) -> (i32, String) {
    let (logs, keys) = (app.path("logs"), app.path("keys.json"));
    let mut args = vec!["trail", "verify", logs.to_str().unwrap(), "--public-keys", keys.to_str().unwrap()];
    args.extend(more);
    app.text(format, &args)
}

fn document(app: &TestApp, more: &[&str]) -> (i32, Value) {
    let (code, text) = verify(app, "json", more);
    (code, serde_json::from_str(&text).unwrap())
}

#[test]
fn whole_logs_are_proven() {
    let app = Setup::new(small()).start();
    delivered(&app);
    let (code, doc) = document(&app, &[]);
    assert_eq!((code, &doc["summary"]["logs_proven"]), (OK, &12.into()), "{doc:#}");
    assert_eq!((&doc["summary"]["digests_proven"], &doc["summary"]["exit_code"]), (&6.into(), &0.into()));
    let (_, table) = verify(&app, "table", &[]);
    assert!(table.contains("6 of 6 digest files and 12 of 12 log files proven, 0 breaks"), "{table}");
}

#[test]
fn a_break_says_what_where_when_and_what_to_do() {
    let app = Setup::new(small()).start();
    let (_, hours) = delivered(&app);
    fs::write(&hours[2].logs[0], gzip(b"{\"Records\":[1]}").unwrap()).unwrap();
    fs::remove_file(&hours[4].logs[1]).unwrap();
    let (code, doc) = document(&app, &[]);
    assert_eq!(code, FINDINGS);
    let breaks = doc["breaks"].as_array().unwrap();
    let kinds: Vec<_> = breaks.iter().map(|found| found["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["log-altered", "log-missing"]);
    assert!(hours[2].logs[0].ends_with(breaks[0]["object"].as_str().unwrap()));
    assert!(breaks.iter().all(|found| !found["advice"].as_str().unwrap().is_empty()));
    let (_, table) = verify(&app, "table", &[]);
    for part in ["log-altered (1)", "log-missing (1)", "What to do: ", breaks[0]["object"].as_str().unwrap()] {
        assert!(table.contains(part), "{part}:\n{table}");
    }
    let (code, text) = verify(&app, "ndjson", &["--since", "90m"]);
    assert_eq!(code, FINDINGS, "the hour that ended an hour ago counts");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["chain", "break", "summary"]);
}

#[test]
fn what_is_not_proven_is_partial_and_says_how_to_prove_it() {
    let app = Setup::new(small()).start();
    let (_, hours) = delivered(&app);
    fs::remove_file(format!("{}.signature", hours[5].digest.display())).unwrap();
    let (code, table) = verify(&app, "table", &[]);
    assert_eq!(code, PARTIAL);
    assert!(table.contains("metadata of the object") && table.contains("5 of 6 digest files"), "{table}");
}

#[test]
fn without_a_key_file_the_account_is_asked_for_the_regions_keys() {
    let app = Setup::new(small()).start();
    delivered(&app);
    let logs = app.path("logs");
    app.cloud().reset_calls();
    assert_eq!(app.run(&["trail", "verify", logs.to_str().unwrap()]), OK);
    assert_eq!(app.cloud().call_totals().get("cloudtrail:ListPublicKeys"), Some(&1));
}

#[test]
fn configured_folders_are_the_default() {
    let app = Setup::new(small()).more("[collect]\ntrail = [{ dir = \"logs\" }]").start_unrecorded();
    delivered(&app);
    assert_eq!(app.run(&["trail", "verify"]), OK);
    let lookup = Setup::new(small()).start();
    assert_eq!(lookup.run(&["trail", "verify"]), USAGE, "the event history has no digests");
}

#[test]
fn nothing_to_verify_is_a_failure() {
    let app = Setup::new(small()).start();
    fs::create_dir(app.path("empty")).unwrap();
    for path in [app.path("empty").as_path(), Path::new("/nonexistent")] {
        assert_eq!(app.run(&["trail", "verify", path.to_str().unwrap()]), FAILED);
    }
    delivered(&app);
    app.write("keys.json", "not keys");
    assert_eq!(verify(&app, "table", &[]).0, USAGE);
}

/// A world whose source is a folder with digest files, scanned once.
fn digested() -> (TestApp, TrailFolder, Vec<DigestHour>) {
    let app = Setup::new(small()).more("[collect]\ntrail = [{ dir = \"logs\" }]").start_unrecorded();
    let (trail, hours) = delivered(&app);
    app.record("1");
    assert_eq!(app.scan().code, OK, "whole, and the newest waits for the next");
    (app, trail, hours)
}

fn gaps(app: &TestApp) -> Vec<Value> {
    app.scan().findings_of("*").filter(|finding| finding["code"] == "blind-trail-gap").cloned().collect()
}

#[test]
fn a_scan_finds_what_was_tampered_with_and_keeps_saying_so() {
    let (app, mut trail, _) = digested();
    app.minutes(60);
    let hour = trail.hour(&["{\"Records\":[]}"]).unwrap();
    fs::write(&hour.logs[0], gzip(b"{ \"Records\": [] }").unwrap()).unwrap();
    let found = gaps(&app);
    let [finding] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((&finding["severity"], &finding["actual"]["kind"]), (&"critical".into(), &"log-altered".into()));
    for _ in 0..4 {
        app.minutes(60);
        trail.hour(&[]).unwrap();
        assert_eq!(gaps(&app).len(), 1, "it does not go away by itself");
    }
}

#[test]
fn a_scan_finds_a_missing_digest_and_a_restart() {
    let (app, mut trail, _) = digested();
    app.minutes(120);
    let lost = trail.hour(&[]).unwrap();
    trail.hour(&[]).unwrap();
    fs::remove_file(&lost.digest).unwrap();
    let kinds = |found: Vec<Value>| -> Vec<String> {
        found.iter().map(|finding| finding["actual"]["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(gaps(&app)), ["digest-missing"]);
    app.minutes(240);
    trail.restart_after(SignedDuration::from_hours(3));
    trail.hour(&[]).unwrap();
    let mut found = kinds(gaps(&app));
    found.sort();
    assert_eq!(found, ["chain-restarted", "digest-missing"]);
}

#[test]
fn a_folder_that_begins_late_is_no_gap_and_is_read_once() {
    let app = Setup::new(small()).more("[collect]\ntrail = [{ dir = \"logs\" }]").start_unrecorded();
    let (_, hours) = delivered(&app);
    hours[..2].iter().for_each(|hour| fs::remove_file(&hour.digest).unwrap());
    app.record("1");
    assert_eq!(gaps(&app), Vec::<Value>::new());
    // What was proven is not looked at again.
    fs::write(&hours[2].logs[0], "{ \"Records\": [] }").unwrap();
    assert_eq!(gaps(&app), Vec::<Value>::new());
}

#[test]
fn keys_that_cannot_be_had_are_said() {
    use cattleguard::collect::ReadFailure;
    use cattleguard::testing::FailRule;
    let app = Setup::new(small()).more("[collect]\ntrail = [{ dir = \"logs\" }]").failing().start_unrecorded();
    delivered(&app);
    app.record("1");
    app.faults.add_rule(FailRule::fail(ReadFailure::Denied).api("cloudtrail:ListPublicKeys"));
    let scan = app.scan();
    assert_eq!(scan.coverage(&app.place(), "trail")["status"], "partial");
    assert!(scan.findings_of("*").any(|finding| finding["code"] == "blind-access-denied"));
    assert_eq!(scan.verdict(&app.server(0)), "clean");
}

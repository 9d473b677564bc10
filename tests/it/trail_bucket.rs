//! Digest files in a trail's bucket: `trail verify` of it, and what scans say of it.

use std::fs;

use cattleguard::collect::{ObjectName, ReadFailure};
use cattleguard::testing::FailRule;
use cattleguard::testing::digests::{DigestHour, TrailFolder, TrailSigner, gzip};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::harness::{FAILED, FINDINGS, OK, PARTIAL, Setup, TestApp, USAGE, small};

const BUCKET: &str = "org-trail";
const LOG: &str = "{\"Records\":[]}";

/// A trail that delivers into the bucket, by way of the folder `logs`.
struct Delivery {
    app: TestApp,
    trail: TrailFolder,
    hours: Vec<DigestHour>,
}

impl Delivery {
    /// Six hours of a trail, the last just over.
    fn new() -> Self {
        let source = format!("[collect]\ntrail = [{{ s3 = \"{BUCKET}\", prefix = \"audit\" }}]");
        let app = Setup::new(small()).more(&source).failing().start_unrecorded();
        let start: Timestamp = app.fleet.clock.now() - SignedDuration::from_hours(6);
        let trail = TrailFolder::new(&app.path("logs"), &app.place(), "main", start);
        let mut this = Self { app, trail, hours: Vec::new() };
        (0..6).for_each(|_| this.hour(&[LOG, "{\"Records\": []}"]));
        this
    }

    fn hour(&mut self, logs: &[&str]) {
        let hour = self.trail.hour(logs).unwrap();
        self.upload(&hour);
        self.hours.push(hour);
    }

    fn upload(&self, hour: &DigestHour) {
        hour.upload(&self.app.path("logs"), self.app.cloud(), BUCKET, "audit/").unwrap();
    }

    fn name(&self, path: &std::path::Path) -> ObjectName {
        let key = path.strip_prefix(self.app.path("logs")).unwrap();
        ObjectName { bucket: BUCKET.to_owned(), key: format!("audit/{}", key.display()) }
    }

    fn alter(&self, path: &std::path::Path) {
        self.app.cloud().put_object(&self.name(path), gzip(b"{\"Records\":[1]}").unwrap());
    }

    fn remove(&self, path: &std::path::Path) {
        self.app.cloud().remove_object(&self.name(path));
    }

    fn verify(&self, args: &[&str]) -> (i32, Value) {
        let all: Vec<&str> = ["trail", "verify"].iter().chain(args).copied().collect();
        let (code, text) = self.app.text("json", &all);
        (code, serde_json::from_str(&text).unwrap_or_default())
    }

    fn fetched(&self) -> u64 {
        self.app.cloud().call_totals().get("s3:GetObject").copied().unwrap_or(0)
    }
}

fn kinds(doc: &Value) -> Vec<&str> {
    doc["breaks"].as_array().unwrap().iter().map(|found| found["kind"].as_str().unwrap()).collect()
}

#[test]
fn a_bucket_is_proven_to_the_newest_digest_by_the_metadata_of_its_object() {
    let delivery = Delivery::new();
    for args in
        [&[][..], &["s3://org-trail/audit"], &["s3://org-trail/audit/AWSLogs/000000000000/CloudTrail/eu-west-1"]]
    {
        let (code, doc) = delivery.verify(args);
        assert_eq!((code, &doc["summary"]["digests_proven"]), (OK, &6.into()), "{doc:#}");
        assert_eq!(doc["summary"]["logs_proven"], 12);
    }
    let (code, doc) = delivery.verify(&["--since", "90m"]);
    assert_eq!((code, &doc["summary"]["digests_proven"]), (OK, &2.into()), "{doc:#}");
    assert_eq!(delivery.app.run(&["trail", "verify", "s3://org-trail"]), FAILED, "the prefix is missing");
    assert_eq!(delivery.app.run(&["trail", "verify", "s3://org-trail/a/AWSLogs/x"]), USAGE);
}

#[test]
fn an_organisations_accounts_are_found_and_every_page_is_read() {
    let delivery = Delivery::new();
    delivery.app.cloud().configure(|settings| settings.pages.objects = 2);
    for hour in &delivery.hours {
        hour.upload(&delivery.app.path("logs/AWSLogs"), delivery.app.cloud(), BUCKET, "org/AWSLogs/o-a1b2c3d4e5/")
            .unwrap();
    }
    let (code, doc) = delivery.verify(&["s3://org-trail/org/"]);
    // The digests say that they were delivered to another place, so nothing proves the log files here.
    assert_eq!((code, kinds(&doc).len(), &doc["summary"]["logs_uncovered"]), (PARTIAL, 6, &12.into()));
    assert!(kinds(&doc).iter().all(|kind| *kind == "digest-moved"), "{doc:#}");
    let (code, doc) = delivery.verify(&["s3://org-trail/audit/"]);
    assert_eq!((code, &doc["summary"]["logs_proven"]), (OK, &12.into()));
}

#[test]
fn what_was_tampered_with_in_the_bucket_is_told() {
    let delivery = Delivery::new();
    delivery.alter(&delivery.hours[1].logs[0]);
    delivery.remove(&delivery.hours[3].logs[1]);
    delivery.remove(&delivery.hours[4].digest);
    let (code, doc) = delivery.verify(&[]);
    assert_eq!(code, PARTIAL, "the files of the missing digest are not proven");
    assert_eq!(kinds(&doc), ["log-altered", "log-missing", "digest-missing"], "{doc:#}");
}

#[test]
fn the_newest_digest_with_a_foreign_or_missing_signature_is_not_proven() {
    let mut delivery = Delivery::new();
    let bare = delivery.trail.hour(&[LOG]).unwrap();
    delivery.upload(&bare);
    delivery.app.cloud().put_object(&delivery.name(&bare.digest), fs::read(&bare.digest).unwrap());
    let (code, doc) = delivery.verify(&[]);
    assert_eq!((code, &doc["summary"]["digests_proven"]), (PARTIAL, &6.into()));
    let mut delivery = Delivery::new();
    delivery.trail.sign_with(TrailSigner::foreign());
    delivery.hour(&[LOG]);
    let (code, doc) = delivery.verify(&[]);
    assert_eq!((code, kinds(&doc)), (FINDINGS, vec!["digest-signature"]), "{doc:#}");
}

#[test]
fn a_bucket_that_may_not_be_read_is_not_judged_and_says_why() {
    let delivery = Delivery::new();
    delivery.app.faults.add_rule(FailRule::fail(ReadFailure::Denied).api("s3:ListBucket"));
    let (code, doc) = delivery.verify(&[]);
    assert_eq!(code, PARTIAL);
    assert!(doc["unproven"][0]["reason"].as_str().unwrap().contains("s3:ListBucket"), "{doc:#}");
    let delivery = Delivery::new();
    delivery.app.faults.add_rule(FailRule::fail(ReadFailure::Denied).api("s3:GetObject"));
    let (code, doc) = delivery.verify(&[]);
    assert_eq!((code, kinds(&doc).len()), (PARTIAL, 0), "what cannot be read is not missing");
}

/// A world whose bucket was scanned once and found whole.
fn scanned() -> Delivery {
    let delivery = Delivery::new();
    delivery.app.record("1");
    let scan = delivery.app.scan();
    assert_eq!(scan.code, OK, "{:#}", scan.doc);
    delivery
}

fn gaps(delivery: &Delivery) -> Vec<String> {
    let scan = delivery.app.scan();
    let found = scan.findings_of("*").filter(|finding| finding["code"] == "blind-trail-gap");
    found.map(|finding| finding["actual"]["kind"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_scan_finds_an_altered_file_of_the_bucket_and_keeps_saying_so() {
    let mut delivery = scanned();
    delivery.app.minutes(60);
    delivery.hour(&[LOG]);
    delivery.alter(&delivery.hours[6].logs[0]);
    assert_eq!(gaps(&delivery), ["log-altered"]);
    for _ in 0..4 {
        delivery.app.minutes(60);
        delivery.hour(&[]);
        assert_eq!(gaps(&delivery), ["log-altered"], "it does not go away by itself");
    }
}

#[test]
fn without_a_new_digest_nothing_is_fetched_and_with_one_only_its_files() {
    let mut delivery = scanned();
    let before = delivery.fetched();
    delivery.app.minutes(5);
    assert_eq!(gaps(&delivery), Vec::<String>::new());
    assert_eq!(delivery.fetched(), before);
    delivery.app.minutes(55);
    delivery.hour(&[LOG, LOG, LOG]);
    assert_eq!(gaps(&delivery), Vec::<String>::new());
    // Three log files for their events and again for their hashes; three digests and the signature of the newest.
    assert_eq!(delivery.fetched() - before, 3 + 3 + 3 + 1 + 1);
}

#[test]
fn a_scan_finds_digests_that_are_missing_added_to_restarted_or_gone() {
    let mut delivery = scanned();
    delivery.app.minutes(120);
    delivery.hour(&[]);
    delivery.hour(&[]);
    delivery.remove(&delivery.hours[6].digest);
    assert_eq!(gaps(&delivery), ["digest-missing"]);
    delivery.app.minutes(240);
    delivery.trail.restart_after(SignedDuration::from_hours(3));
    delivery.hour(&[]);
    let mut found = gaps(&delivery);
    found.sort();
    assert_eq!(found, ["chain-restarted", "digest-missing"]);
    let gone = scanned();
    gone.hours.iter().for_each(|hour| gone.remove(&hour.digest));
    assert_eq!(gaps(&gone), ["digest-missing"], "they were there");
}

#[test]
fn digests_that_do_not_come_while_log_files_do_are_a_gap() {
    let delivery = scanned();
    let mut trail = delivery.trail.clone();
    for hours in 1..6 {
        delivery.app.minutes(60);
        let at = delivery.app.fleet.clock.now();
        let (key, _) = trail.log(at, LOG).unwrap();
        let path = delivery.app.path("logs").join(key);
        delivery.app.cloud().put_object(&delivery.name(&path), fs::read(&path).unwrap());
        let expected: &[&str] = if hours > 3 { &["digests-end"] } else { &[] };
        assert_eq!(gaps(&delivery), expected, "after {hours} hours");
    }
}

#[test]
fn what_could_not_be_read_is_told_and_tried_again() {
    let mut delivery = scanned();
    delivery.app.minutes(60);
    delivery.hour(&[LOG]);
    let hour = delivery.hours.last().unwrap();
    delivery.alter(&hour.logs[0]);
    delivery.app.cloud().refuse_object(&delivery.name(&hour.digest), Some((ReadFailure::Timeout, "slow")));
    let scan = delivery.app.scan();
    let coverage = scan.coverage(&delivery.app.place(), "trail");
    assert_eq!(coverage["status"], "partial");
    assert!(coverage["reason"].as_str().unwrap().contains("slow"), "{coverage}");
    delivery.app.cloud().refuse_object(&delivery.name(&hour.digest), None);
    assert_eq!(gaps(&delivery), ["log-altered"]);
    assert_eq!(delivery.app.scan().coverage(&delivery.app.place(), "trail")["status"], "complete");
}

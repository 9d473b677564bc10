//! The formats that scripts and people rely on, for the demo's bad morning. Fields are only ever added.

use cattleguard::testing::redact;

use crate::harness::{FINDINGS, PARTIAL, Setup, TestApp, small};
use crate::processes::demo_world;

fn demo() -> TestApp {
    let app = demo_world(Setup::new(small()));
    assert_eq!(app.scan().code, PARTIAL);
    app.minutes(15);
    app
}

#[test]
fn the_scan_document_is_stable() {
    // One account-region holds an example of everything.
    let (code, text) = demo().text("json", &["scan", "--account", "000000000000", "--region", "eu-west-1"]);
    assert_eq!(code, FINDINGS);
    insta::assert_snapshot!("scan.json", redact(&text));
}

#[test]
fn the_scan_lines_are_stable() {
    let (_, text) = demo().text("ndjson", &["scan"]);
    insta::assert_snapshot!("scan.ndjson", redact(&text));
}

#[test]
fn the_scan_table_is_stable() {
    let (_, text) = demo().text("table", &["scan"]);
    insta::assert_snapshot!("scan.table", redact(&text));
}

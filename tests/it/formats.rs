//! The formats that scripts and people rely on, for the demo's bad morning. Fields are only ever added.

use cattleguard::testing::redact;

use crate::harness::{FINDINGS, PARTIAL, Setup, small};
use crate::processes::demo_world;

#[test]
fn what_a_scan_writes_is_stable() {
    let app = demo_world(Setup::new(small()));
    assert_eq!(app.scan().code, PARTIAL);
    app.minutes(15);
    let lines = app.path("scan.ndjson");
    let (code, table) = app.text("table", &["-o", &format!("ndjson={}", lines.display()), "scan"]);
    assert_eq!(code, PARTIAL);
    insta::assert_snapshot!("scan.table", redact(&table));
    insta::assert_snapshot!("scan.ndjson", redact(&std::fs::read_to_string(lines).unwrap()));
    // One account-region holds an example of everything.
    let (code, document) = app.text("json", &["scan", "--account", "000000000000", "--region", "eu-west-1"]);
    assert_eq!(code, FINDINGS);
    insta::assert_snapshot!("scan.json", redact(&document));
}

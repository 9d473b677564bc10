//! Data on stdout, everything else on stderr.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::{command, demo_world, rest_of, sim};
use crate::harness::{OK, PARTIAL, Setup, USAGE, small};

#[test]
fn stdout_is_one_document_and_plain_where_there_is_no_terminal() {
    let app = demo_world(Setup::new(small()));
    let json = sim(&app, &["-o", "json", "scan"]);
    assert_eq!(json.code, PARTIAL);
    let document: serde_json::Value = serde_json::from_str(&json.stdout).expect("stdout is the document");
    assert_eq!(document["schema"], "cattleguard.dev/scan/v1");
    let table = sim(&app, &["scan"]);
    assert!(!table.stdout.contains('\u{1b}') && !table.stderr.contains('\u{1b}'));
    assert!(sim(&app, &["--color", "always", "scan"]).stdout.contains("\u{1b}["));
    let quiet = sim(&app, &["-q", "scan"]);
    assert_eq!(quiet.stderr, "", "-q is quiet");
}

#[test]
fn outputs_go_to_several_places_and_only_one_of_them_is_stdout() {
    let app = demo_world(Setup::new(small()));
    let (json, lines) = (app.path("a.json"), app.path("a.ndjson"));
    let args = ["-o", "table", "-o", &format!("json={}", json.display()), "-o", &format!("ndjson={}", lines.display())];
    let output = sim(&app, &[&args[..], &["scan"]].concat());
    assert_eq!(output.code, PARTIAL);
    assert!(output.stdout.contains("unjudged"));
    let document: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    let text = std::fs::read_to_string(&lines).unwrap();
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&last["type"], &last["exit_code"]), (&"summary".into(), &document["summary"]["exit_code"]));
    assert_eq!(sim(&app, &["-o", "table", "-o", "json", "scan"]).code, USAGE);
    assert_eq!(sim(&app, &["-o", "yaml", "scan"]).code, USAGE);
    let left = std::fs::read_dir(app.path("."))
        .unwrap()
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(".tmp")));
    assert_eq!(left.count(), 0, "files appear whole");
}

#[test]
fn an_output_that_cannot_be_written_fails_and_keeps_the_old_file() {
    let app = demo_world(Setup::new(small()));
    let output = sim(&app, &["-o", "json=/proc/nothing/a.json", "scan"]);
    assert_eq!(output.code, 2, "{}", output.stderr);
    assert!(output.stderr.contains("/proc/nothing/a.json"));
    assert_eq!(sim(&app, &["findings", "list"]).code, OK, "the scan itself was committed");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let app = demo_world(Setup::new(small()));
    let mut child = command(&app, &["-o", "ndjson", "scan"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("stdout"));
    reader.read_line(&mut line).expect("a line");
    drop(reader);
    assert_eq!(child.wait().expect("an end").code(), Some(PARTIAL));
    assert!(!rest_of(child.stderr.take().expect("stderr")).contains("panicked"));
}

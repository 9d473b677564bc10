//! Commands of other programs within the text, and files of the checkout that it names.

use std::collections::BTreeMap;

use super::blocks::{Span, spans};
use super::kinds::root;
use super::shell::Shell;

/// Programs whose commands are typed: real ones, and stubs that look at what they are given.
const TYPED: &[&str] = &["aws", "cargo", "cattleguard-sim", "make", "openssl"];

/// Commands that no test can run, each with the reason.
const NOT_RUN: &[(&str, &str)] = &[
    ("systemctl edit cattleguard", "opens an editor; the drop-ins are verified in `units`"),
    ("systemctl edit cattleguard-scan", "opens an editor; the drop-ins are verified in `units`"),
    ("systemctl edit cattleguard-serve", "opens an editor; the drop-ins are verified in `units`"),
    ("systemctl daemon-reload", "there is no service manager in a test"),
    ("systemctl stop cattleguard", "there is no service manager in a test"),
    ("systemctl start cattleguard", "there is no service manager in a test"),
    ("systemctl restart cattleguard", "there is no service manager in a test"),
    ("systemctl stop cattleguard cattleguard-serve cattleguard-scan.timer", "there is no service manager in a test"),
    ("journalctl CATTLEGUARD_SCAN_ID=…", "reads the journal of a host"),
    ("journalctl -u cattleguard", "reads the journal of a host"),
];

/// What stands for something, or would take hours.
const FILLED: &[(&str, &str)] = &[
    // Something is held.
    ("--world DIR plan", "--world \"$CATTLEGUARD_SIM_WORLD\" plan || [ $? = 4 ]"),
    ("KEEP=DIR", ""),
    ("BUCKET", "org-trail"),
    ("copy/KEY.signature", "KEY.signature"),
    // They play a hundred and more; `cargo test` plays enough of them.
    (" --seeds 100000 --jobs 2", ""),
    ("cattleguard-sim histories", "cattleguard-sim histories --seeds 1 --jobs 2"),
    ("cattleguard-sim matrix", "cattleguard-sim matrix --help"),
];

fn program(span: &Span) -> Option<&str> {
    span.code.split_once(' ').map(|(program, _)| program)
}

#[test]
fn commands_of_other_programs_within_the_text_work() {
    let found: BTreeMap<String, Span> = spans(root())
        .into_iter()
        .filter(|span| program(span).is_some_and(|program| TYPED.contains(&program)))
        .map(|span| (span.code.clone(), span))
        .collect();
    assert!(found.len() > 15, "{:?}", found.keys());
    let mut wrong = Vec::new();
    for (code, span) in found {
        let shell = Shell::new();
        if code.starts_with("openssl pkey") {
            // Of the key that the text made before.
            assert!(shell.run("openssl genpkey -algorithm ed25519 -out golden.key").ended_well);
        }
        let line = FILLED.iter().fold(code, |line, (from, to)| line.replace(from, to));
        let ran = shell.run(&line);
        if !ran.ended_well {
            wrong.push(format!("{}:{}: {line}\n{}{}", span.document, span.line, ran.stdout, ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn commands_that_are_not_run_are_still_there() {
    let all = spans(root());
    let others = ["systemctl", "journalctl"];
    for (code, why) in NOT_RUN {
        assert!(all.iter().any(|span| span.code == *code), "`{code}` is not in the documents any more ({why})");
    }
    for span in all.iter().filter(|span| program(span).is_some_and(|program| others.contains(&program))) {
        assert!(NOT_RUN.iter().any(|(code, _)| *code == span.code), "nobody thought of `{}`", span.code);
    }
}

/// `VACUUM INTO` of the document on a real state makes a state that is whole.
#[test]
fn the_sql_of_the_text_does_what_it_says() {
    let all: Vec<Span> = spans(root()).into_iter().filter(|span| span.code.starts_with("sqlite3 ")).collect();
    assert!(!all.is_empty(), "no SQL is left in the text");
    for span in all {
        let shell = Shell::new();
        let copy = shell.at("copy.db");
        let sql = span.code.split('"').nth(1).expect("a statement").replace('…', &copy.display().to_string());
        let state = rusqlite::Connection::open(shell.at("world/state.db")).expect("the state");
        state.execute_batch(&sql).unwrap_or_else(|error| panic!("{}:{}: {error}: {sql}", span.document, span.line));
        std::fs::rename(&copy, shell.at("world/state.db")).expect("renamed");
        for rest in ["world/state.db-wal", "world/state.db-shm"] {
            let _ = std::fs::remove_file(shell.at(rest));
        }
        shell.works(&span.document, "cattleguard store verify\ncattleguard findings list");
    }
}

/// Files and folders of the checkout that the text names are there.
#[test]
fn files_that_the_text_names_are_there() {
    const FOLDERS: &[&str] =
        &["agent/", "benches/", "docs/", "fuzz/", "packaging/", "policies/", "scripts/", "src/", "systemd/", "tests/"];
    let mut looked_at = 0;
    let mut gone = Vec::new();
    for span in spans(root()) {
        let Some(path) = span.code.split_whitespace().next() else { continue };
        if !FOLDERS.iter().any(|folder| path.starts_with(folder)) || path.contains(['*', '<', '{']) {
            continue;
        }
        looked_at += 1;
        if !root().join(path).exists() {
            gone.push(format!("{}:{}: {path}", span.document, span.line));
        }
    }
    assert!(looked_at > 20, "only {looked_at}");
    assert!(gone.is_empty(), "{}", gone.join("\n"));
}

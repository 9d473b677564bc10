//! Copies of the file, and files that are not sound.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rusqlite::Connection;

use super::{folder, open};
use crate::store::contract::sample::{at, lease, scan};
use crate::store::{Audit as _, AuditLog, AuditProblem, Leases as _, Scans as _, SqliteStore, Upkeep as _};

#[test]
fn a_copy_holds_what_was_committed_while_the_file_stays_open() {
    let (folder, path) = folder();
    let store = open(&path);
    let lease = lease(&store);
    store.commit_scan(&lease, &scan("s-1", 0)).expect("commits");
    let copy = folder.path().join("copy.db");
    store.backup(&copy).expect("copied");
    store.commit_scan(&lease, &scan("s-2", 10)).expect("the original goes on");
    let there = SqliteStore::open_read_only(&copy).expect("a state");
    assert_eq!(there.last_scan().expect("readable").expect("a scan").scan_id.as_str(), "s-1");
    assert_eq!(there.head().expect("readable").map(|head| head.0 > 0), Some(true));
    assert_eq!(fs::metadata(&copy).expect("there").permissions().mode() & 0o777, 0o600);
    // Brought back, it is written to like any other.
    drop(there);
    let back = open(&copy);
    back.release(&lease).expect("the lease was copied too");
    let lease = back.acquire("scan", "later", at(20), 60).expect("free");
    back.commit_scan(&lease, &scan("s-3", 20)).expect("commits");
}

#[test]
fn a_file_that_is_there_is_never_replaced() {
    let (folder, path) = folder();
    let store = open(&path);
    let taken = folder.path().join("taken");
    fs::write(&taken, "mine").expect("written");
    let refused = store.backup(&taken).expect_err("refused");
    assert!(refused.to_string().contains("is there already"), "{refused}");
    assert_eq!(fs::read_to_string(&taken).expect("there"), "mine");
    assert!(store.backup(&folder.path().join("no/such/folder.db")).is_err());
}

#[test]
fn rows_that_point_to_nothing_are_found() {
    let (_folder, path) = folder();
    let store = open(&path);
    assert_eq!(store.unsound().expect("readable"), Vec::<String>::new());
    let other = Connection::open(&path).expect("opens");
    other.pragma_update(None, "foreign_keys", false).expect("set");
    other.execute("INSERT INTO verdict (scan, instance, verdict) VALUES (4711, 1, 0)", []).expect("inserted");
    let problems = store.unsound().expect("readable");
    assert!(problems.iter().any(|problem| problem.contains("verdict")), "{problems:?}");
}

#[test]
fn documents_that_were_damaged_within_sound_pages_are_found() {
    let damage = |sql: &str| {
        let (_folder, path) = folder();
        let store = open(&path);
        let lease = lease(&store);
        store.commit_scan(&lease, &scan("s-1", 0)).expect("commits");
        assert_eq!(store.unsound().expect("readable"), Vec::<String>::new());
        let other = Connection::open(&path).expect("opens");
        assert_eq!(other.execute(sql, []).expect("damaged"), 1);
        (store.unsound().expect("readable"), store)
    };
    let (problems, store) = damage("UPDATE scan SET coverage = CAST(x'5bff5d' AS TEXT)");
    assert!(problems[0].starts_with("scan.coverage: unreadable rows: 1; the first: invalid utf-8"), "{problems:?}");
    let told = store.last_scan().expect_err("damaged").to_string();
    assert!(told.contains("is damaged") && told.contains("restore it from a backup"), "{told}");
    let (problems, _) = damage("UPDATE scan SET coverage = '[{'");
    assert!(problems[0].starts_with("scan.coverage: unreadable rows: 1; the first: EOF"), "{problems:?}");
    let (problems, _) = damage("UPDATE scan SET id = CAST(x'ff' AS TEXT)");
    assert!(problems[0].starts_with("scan.id: unreadable rows: 1;"), "{problems:?}");
}

#[test]
fn a_copy_of_a_damaged_file_names_that_file_and_leaves_nothing() {
    let (folder, path) = folder();
    let store = open(&path);
    store.commit_scan(&lease(&store), &scan("s-1", 0)).expect("commits");
    drop(store);
    let (root, size): (u32, u32) = Connection::open(&path)
        .expect("opens")
        .query_row("SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = 'scan'", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("a table");
    let mut bytes = fs::read(&path).expect("the file");
    let (root, size) = (root as usize, size as usize);
    bytes[(root - 1) * size..root * size].fill(0xff);
    fs::write(&path, &bytes).expect("damaged");
    let copy = folder.path().join("copy.db");
    let told = SqliteStore::open_read_only(&path).expect("a state").backup(&copy).expect_err("damaged").to_string();
    assert!(told.contains("/state.db is damaged"), "{told}");
    assert!(!copy.exists());
}

#[test]
fn what_would_be_pruned_is_told_by_a_reader_as_well() {
    let (_folder, path) = folder();
    let store = open(&path);
    let lease = lease(&store);
    for (id, time) in [("s-1", 0), ("s-2", 10), ("s-3", 20)] {
        store.commit_scan(&lease, &scan(id, time)).expect("commits");
    }
    let told = store.prunable(at(1_000)).expect("counted");
    assert!(told.iter().any(|kind| kind.what == "scans" && kind.rows == 2), "{told:?}");
    drop(store);
    let before = fs::read(&path).expect("the file");
    let reader = SqliteStore::open_read_only(&path).expect("a state");
    assert_eq!(reader.prunable(at(1_000)).expect("counted"), told);
    assert_eq!(fs::read(&path).expect("the file"), before, "nothing was written");
}

#[test]
fn a_log_that_was_emptied_beside_scans_is_broken() {
    let (_folder, path) = folder();
    let store = open(&path);
    assert_eq!(AuditLog::read(&store).expect("readable").broken, None, "nothing was done and nothing is told");
    let lease = lease(&store);
    store.commit_scan(&lease, &scan("s-1", 0)).expect("commits");
    assert_eq!(AuditLog::read(&store).expect("readable").broken, None);
    let other = Connection::open(&path).expect("opens");
    let names = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ('audit', 'audit_head')";
    let mut statement = other.prepare(names).expect("prepared");
    let triggers: Vec<String> =
        statement.query_map([], |row| row.get(0)).expect("asked").collect::<Result<_, _>>().expect("names");
    for trigger in triggers {
        other.execute_batch(&format!("DROP TRIGGER {trigger}")).expect("dropped");
    }
    other.execute_batch("DELETE FROM audit; DELETE FROM audit_head").expect("emptied");
    let broken = || AuditLog::read(&store).expect("readable").broken.map(|broken| (broken.seq, broken.problem));
    assert_eq!(broken(), Some((1, AuditProblem::Emptied)));
    store.append(at(30), "erin", "note", "o", &serde_json::json!({})).expect("a chain of its own");
    assert_eq!(broken(), Some((2, AuditProblem::Emptied)), "begun anew");
}

//! Copies of the file, and files that are not sound.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rusqlite::Connection;

use super::{folder, open};
use crate::store::contract::sample::{at, lease, scan};
use crate::store::{Audit as _, Leases as _, Scans as _, SqliteStore, Upkeep as _};

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

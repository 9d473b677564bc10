use std::fs;

use super::{as_if_killed_now, folder, open};
use crate::store::SqliteStore;
use crate::store::contract::sample::{at, draft, finding, lease, result, scan};
use crate::store::contract::scans::{full_scan, nothing_is_stored};
use crate::store::sqlite::scans;
use crate::store::traits::{Findings, Leases, Outbox, OutboxDraft, ScanCommit, Scans, StoreError};
use crate::types::Verdict;

/// A commit large enough that SQLite writes half of it to the log before it is asked to commit.
fn large_scan() -> ScanCommit {
    let instances = (0..2000).map(|number| result(&format!("i-{number:05}"), Verdict::Drifted)).collect();
    ScanCommit { instances, ..full_scan("s1", 0) }
}

#[test]
fn a_process_killed_inside_a_commit_leaves_nothing_of_it() {
    let (folder, path) = folder();
    let copy = folder.path().join("copy.db");
    let store = open(&path);
    let lease = lease(&store);
    {
        let mut connection = store.lock();
        connection.execute_batch("PRAGMA cache_size = 10").expect("a tiny cache spills early");
        let log = || fs::metadata(format!("{}-wal", path.display())).expect("the log").len();
        let before = log();
        let tx = connection.transaction().expect("begins");
        scans::put(&tx, &lease, &large_scan()).expect("all written");
        assert!(log() > before + 100_000, "half of the commit is in the log, or this test shows nothing");
        as_if_killed_now(&path, &copy);
        // Dropped without a commit.
    }
    nothing_is_stored(&store);
    let reopened = open(&copy);
    nothing_is_stored(&reopened);
    reopened.commit_scan(&lease, &large_scan()).expect("the next attempt goes through");
}

#[test]
fn a_process_killed_after_a_commit_loses_nothing() {
    let (folder, path) = folder();
    let copy = folder.path().join("copy.db");
    let store = open(&path);
    store.commit_scan(&lease(&store), &full_scan("s1", 0)).expect("commits");
    as_if_killed_now(&path, &copy);
    let reopened = open(&copy);
    assert_eq!(reopened.findings(true).expect("readable").len(), 1);
    assert_eq!(reopened.due(at(0), 10).expect("readable").len(), 1, "its alert is still to be sent");
    let held = reopened.acquire("scan", "host-b pid 2 scan", at(1), 60);
    assert!(matches!(held, Err(StoreError::LeaseHeld { .. })), "the dead process's lease has to expire");
}

fn limit_pages(store: &SqliteStore, more: i64) {
    let connection = store.lock();
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).expect("a count");
    let limit = pages + more;
    connection.query_row(&format!("PRAGMA max_page_count = {limit}"), [], |_| Ok(())).expect("a limit");
}

#[test]
fn a_full_disk_refuses_the_commit_and_keeps_the_one_before() {
    let (_folder, path) = folder();
    let store = open(&path);
    let lease = lease(&store);
    store.commit_scan(&lease, &full_scan("s1", 0)).expect("commits");
    limit_pages(&store, 20);
    let notice = OutboxDraft { payload: serde_json::json!("x".repeat(200_000)), ..draft("n-2", "slack", 0) };
    let findings = vec![finding("f-2", "i-1", 100)];
    let too_much = ScanCommit { findings, notices: vec![notice], ..scan("s2", 100) };
    let refused = store.commit_scan(&lease, &too_much).expect_err("no room");
    assert!(matches!(refused, StoreError::Full { .. }), "{refused}");
    assert_eq!(store.findings(true).expect("readable").len(), 1, "not half of it");
    assert_eq!(store.last_scan().expect("readable").expect("a scan").scan_id, "s1".into());
    assert_eq!(store.due(at(200), 10).expect("readable").len(), 1);

    limit_pages(&store, 10_000);
    store.commit_scan(&lease, &too_much).expect("room was made");
    assert_eq!(store.findings(true).expect("readable").len(), 2);
}

//! Looking after the state.

use super::sample::{at, event, input, lease, result, scan};
use crate::store::{ScanCommit, Store};
use crate::types::Verdict;

pub(super) fn what_would_be_pruned_is_told_and_kept(store: &impl Store) {
    let lease = lease(store);
    let old = ScanCommit {
        instances: vec![result("i-old", Verdict::Drifted)],
        events: vec![event("ev-old", 1, &["i-old"])],
        inputs: vec![input("i-old", "d-old")],
        ..scan("s-old", 0)
    };
    store.commit_scan(&lease, &old).expect("commits");
    store.commit_scan(&lease, &scan("s-new", 1000)).expect("commits");
    let told: u64 = store.prunable(at(500)).expect("counts").iter().map(|kind| kind.rows).sum();
    assert!(told >= 2, "a scan and an event at least: {told}");
    assert_eq!(store.stats().expect("readable").oldest_scan, Some(at(10)), "nothing was deleted");
    assert_eq!(store.prune(at(500)).expect("prunes"), told, "the preview is what happens");
    assert_eq!(store.stats().expect("readable").oldest_scan, Some(at(1010)));
}

pub(super) fn stats_name_what_is_kept(store: &impl Store) {
    let lease = lease(store);
    store.commit_scan(&lease, &scan("s-1", 0)).expect("commits");
    let stats = store.stats().expect("readable");
    let audit = stats.tables.iter().find(|table| table.name == "audit").expect("the audit log");
    assert_eq!(audit.rows, store.entries().expect("readable").len() as u64);
    assert!(audit.bytes > 0 && audit.bytes <= stats.bytes);
    assert_eq!(store.unsound().expect("readable"), Vec::<String>::new());
}

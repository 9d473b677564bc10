//! Counters.

use super::sample::{at, lease, scan};
use crate::store::counters::{API_CALLS, MOST_SERIES, NOTICES, SCANS};
use crate::store::{Counter, OutboxDraft, Store};

fn call(account: &str, value: u64) -> Counter {
    Counter::new(API_CALLS, &[("account", account), ("outcome", "ok")], value)
}

pub(super) fn counts_add_up(store: &impl Store) {
    store.count(&[call("1", 2), call("2", 1)], at(1)).expect("counted");
    store.count(&[call("1", 3)], at(2)).expect("counted");
    assert_eq!(store.counters().expect("readable"), [call("1", 5), call("2", 1)]);
}

pub(super) fn series_are_bounded(store: &impl Store) {
    let many: Vec<Counter> = (0..MOST_SERIES + 2).map(|index| call(&format!("{index:05}"), 1)).collect();
    store.count(&many, at(1)).expect("counted");
    let mut found = store.counters().expect("readable");
    assert_eq!(found.len() as u64, MOST_SERIES + 1);
    let other = Counter::new(API_CALLS, &[("account", "other"), ("outcome", "other")], 2);
    assert_eq!(found.pop(), Some(other), "what had no room");
    store.count(&[call("00001", 4)], at(2)).expect("counted");
    assert!(store.counters().expect("readable").contains(&call("00001", 5)), "a known series grows");
}

pub(super) fn scans_and_notices_are_counted_with_what_happens(store: &impl Store) {
    let lease = lease(store);
    store.commit_scan(&lease, &scan("s-1", 0)).expect("commits");
    store.commit_scan(&lease, &scan("s-2", 100)).expect("commits");
    assert!(store.commit_scan(&lease, &scan("s-2", 100)).is_err(), "refused, so not counted");
    let draft = |key: &str| OutboxDraft {
        key: key.to_owned(),
        destination: "ops".to_owned(),
        group: key.to_owned(),
        due_at: at(1),
        payload: serde_json::json!({}),
    };
    store.enqueue(&[draft("a"), draft("b")], at(1)).expect("kept");
    let rows = store.rows(None).expect("readable");
    store.failed(rows[0].seq, "HTTP 500", at(2)).expect("marked");
    for _ in 0..2 {
        store.delivered(rows[0].seq, at(3)).expect("saying the same twice is fine");
    }
    store.dead(rows[1].seq, "gone", at(3)).expect("marked");
    let notice = |outcome: &str| Counter::new(NOTICES, &[("destination", "ops"), ("outcome", outcome)], 1);
    let code = scan("s-1", 0).exit_code.to_string();
    let scans = Counter::new(SCANS, &[("exit_code", &code)], 2);
    assert_eq!(store.counters().expect("readable"), [notice("dead"), notice("delivered"), notice("retried"), scans]);
}

pub(super) fn a_series_that_is_not_counted_any_more_goes(store: &impl Store) {
    store.count(&[call("1", 2)], at(1)).expect("counted");
    store.count(&[call("2", 2)], at(900)).expect("counted");
    store.prune(at(500)).expect("prunes");
    assert_eq!(store.counters().expect("readable"), [call("2", 2)]);
}

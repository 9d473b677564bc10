//! The audit log.

use serde_json::json;

use super::sample::{at, lease, scan};
use crate::store::Store;
use crate::store::audit::{verify, verify_to};

pub(super) fn entries_form_a_chain(store: &impl Store) {
    let details = json!({"ratio": 0.1, "nested": {"z": [1, null], "a": "\u{7f}é\"\n"}});
    let first = store.append(at(0), "erin@ops", "test.note", "-", &details).expect("appends");
    assert_eq!((first.seq, first.previous.as_str()), (1, "0".repeat(64).as_str()));
    let lease = lease(store);
    store.commit_scan(&lease, &scan("s1", 0)).expect("commits");
    store.append(at(20), "erin@ops", "test.note", "-", &json!(null)).expect("appends");
    let entries = store.entries().expect("readable");
    assert_eq!(entries[0], first, "what was returned is what is read, or its hash would not match");
    assert_eq!((entries[1].action.as_str(), entries[1].object.as_str()), ("scan.commit", "s1"));
    assert_eq!(entries.len(), 3);
    assert_eq!(verify(&entries), Ok(()));
}

pub(super) fn the_head_tells_what_is_missing(store: &impl Store) {
    assert_eq!(store.head().expect("readable"), None);
    for second in 0..3 {
        store.append(at(second), "erin@ops", "test.note", "-", &json!({})).expect("appends");
    }
    let mut entries = store.entries().expect("readable");
    let head = store.head().expect("readable");
    assert_eq!(verify_to(&entries, head.as_ref()), Ok(()));
    entries.pop();
    assert_eq!(verify(&entries), Ok(()), "the chain alone cannot know");
    assert_eq!(verify_to(&entries, head.as_ref()).map_err(|found| found.seq), Err(3));
}

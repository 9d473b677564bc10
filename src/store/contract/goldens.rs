//! The golden registry.

use super::sample::{at, golden};
use crate::store::{Store, StoreError};
use crate::types::{Golden, GoldenRef, GoldenStatus};

fn status(store: &impl Store, reference: &str) -> GoldenStatus {
    let reference = GoldenRef::parse(reference).expect("LINE@VERSION");
    store.golden(&reference).expect("readable").expect("recorded").status
}

fn set(store: &impl Store, reference: &str, status: GoldenStatus, second: i64) -> Result<Golden, StoreError> {
    let reference = GoldenRef::parse(reference).expect("LINE@VERSION");
    store.set_golden_status(&reference, status, Some("because"), "erin@ops", at(second))
}

pub(super) fn a_version_is_added_once(store: &impl Store) {
    let one = golden("web", "1", 0);
    store.add_golden(&one).expect("new");
    assert_eq!(store.golden(&one.reference()).expect("readable"), Some(one.clone()));
    let refused = store.add_golden(&Golden { recorded_by: "mallory".to_owned(), ..one.clone() });
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    assert_eq!(store.golden(&one.reference()).expect("readable"), Some(one));
    assert_eq!(store.golden(&GoldenRef::new("web", "2")).expect("readable"), None);
    let missing = store.save_golden(&golden("web", "2", 0));
    assert!(matches!(missing, Err(StoreError::NotFound(_))));
}

pub(super) fn promoting_deprecates_the_former(store: &impl Store) {
    for (line, version) in [("web", "1"), ("web", "2"), ("db", "1")] {
        store.add_golden(&golden(line, version, 0)).expect("new");
    }
    set(store, "web@1", GoldenStatus::Promoted, 1).expect("promotes");
    set(store, "db@1", GoldenStatus::Promoted, 1).expect("another line");
    let second = set(store, "web@2", GoldenStatus::Promoted, 2).expect("promotes");
    assert_eq!(second.promoted_at, Some(at(2)));
    assert_eq!(status(store, "web@1"), GoldenStatus::Deprecated);
    assert_eq!(status(store, "web@2"), GoldenStatus::Promoted);
    assert_eq!(status(store, "db@1"), GoldenStatus::Promoted);
    set(store, "web@1", GoldenStatus::Promoted, 3).expect("promoting the former is the rollback");
    assert_eq!(status(store, "web@2"), GoldenStatus::Deprecated);
}

pub(super) fn saving_a_promoted_one_deprecates_too(store: &impl Store) {
    store.add_golden(&Golden { status: GoldenStatus::Promoted, ..golden("web", "1", 0) }).expect("new");
    store.add_golden(&golden("web", "2", 1)).expect("new");
    store.save_golden(&Golden { status: GoldenStatus::Promoted, ..golden("web", "2", 1) }).expect("saves");
    assert_eq!(status(store, "web@1"), GoldenStatus::Deprecated);
    assert_eq!(status(store, "web@2"), GoldenStatus::Promoted);
}

/// An import must not roll a fleet by itself.
pub(super) fn a_second_promoted_one_cannot_be_added(store: &impl Store) {
    store.add_golden(&Golden { status: GoldenStatus::Promoted, ..golden("web", "1", 0) }).expect("new");
    let refused = store.add_golden(&Golden { status: GoldenStatus::Promoted, ..golden("web", "2", 0) });
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    assert_eq!(status(store, "web@1"), GoldenStatus::Promoted);
    assert_eq!(store.goldens().expect("readable").len(), 1);
}

pub(super) fn revoked_is_final(store: &impl Store) {
    store.add_golden(&golden("web", "1", 0)).expect("new");
    set(store, "web@1", GoldenStatus::Revoked, 1).expect("revokes");
    for target in [GoldenStatus::Promoted, GoldenStatus::Deprecated, GoldenStatus::Recorded] {
        assert!(matches!(set(store, "web@1", target, 2), Err(StoreError::Conflict(_))), "{target}");
    }
    assert_eq!(status(store, "web@1"), GoldenStatus::Revoked);
    assert!(matches!(set(store, "web@9", GoldenStatus::Revoked, 2), Err(StoreError::NotFound(_))));
}

pub(super) fn listing_is_by_line_then_recording(store: &impl Store) {
    for (line, version, recorded) in [("web", "10", 5), ("web", "9", 9), ("db", "1", 7)] {
        store.add_golden(&golden(line, version, recorded)).expect("new");
    }
    let listed: Vec<String> =
        store.goldens().expect("readable").iter().map(|golden| golden.reference().to_string()).collect();
    assert_eq!(listed, ["db@1", "web@10", "web@9"]);
}

pub(super) fn status_changes_are_audited(store: &impl Store) {
    store.add_golden(&golden("web", "1", 0)).expect("new");
    store.add_golden(&golden("web", "2", 0)).expect("new");
    set(store, "web@1", GoldenStatus::Promoted, 1).expect("promotes");
    set(store, "web@1", GoldenStatus::Promoted, 2).expect("says the same again");
    set(store, "web@2", GoldenStatus::Promoted, 3).expect("promotes");
    assert!(set(store, "web@2", GoldenStatus::Recorded, 4).is_err());
    let entries = store.entries().expect("readable");
    let told: Vec<(&str, &str, &str)> =
        entries.iter().map(|entry| (entry.action.as_str(), entry.object.as_str(), entry.actor.as_str())).collect();
    assert_eq!(
        told,
        [
            ("golden.record", "web@1", "carol@ops"),
            ("golden.record", "web@2", "carol@ops"),
            ("golden.promote", "web@1", "erin@ops"),
            ("golden.promote", "web@2", "erin@ops"),
        ]
    );
    assert_eq!(entries[3].details["superseded"], "web@1");
    assert_eq!(entries[3].at, at(3));
}

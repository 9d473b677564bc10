//! Events from files beside events of scans.

use super::sample::{at, event, lease, place, scan};
use crate::store::{Link, ScanCommit, Store};
use crate::types::{ChangeEvent, EventId, InstanceId};

pub(super) fn a_replay_of_a_file_changes_nothing(store: &impl Store) {
    let events = [event("ev-1", 1, &["i-1"]), event("ev-2", 2, &[])];
    let link = Link { place: place(), key: "eni-1".to_owned(), instance: InstanceId::new("i-1"), seen_at: at(1) };
    for new in [2, 0] {
        assert_eq!(store.keep_ingested(&events, std::slice::from_ref(&link)).expect("kept"), new);
        assert_eq!(store.events_since(at(0)).expect("readable"), events);
        assert_eq!(store.events_of(&InstanceId::new("i-1")).expect("readable"), events[..1]);
        assert_eq!(store.links().expect("readable"), std::slice::from_ref(&link));
    }
}

pub(super) fn a_scan_judges_what_was_only_ingested(store: &impl Store) {
    let id = EventId::new("ev-1");
    let unresolved = ChangeEvent { unresolved: vec!["eni-1".to_owned()], ..event("ev-1", 1, &[]) };
    store.keep_ingested(&[unresolved], &[]).expect("kept");
    assert!(store.known_events(std::slice::from_ref(&id)).expect("readable").is_empty(), "new to a scan");
    let resolved = event("ev-1", 1, &["i-1"]);
    let lease = lease(store);
    store.commit_scan(&lease, &ScanCommit { events: vec![resolved.clone()], ..scan("s1", 10) }).expect("commits");
    assert_eq!(store.known_events(std::slice::from_ref(&id)).expect("readable"), [id].into());
    assert_eq!(store.events_of(&InstanceId::new("i-1")).expect("readable"), std::slice::from_ref(&resolved));
    let again = ChangeEvent { summary: "something else".to_owned(), ..event("ev-1", 1, &["i-2"]) };
    assert_eq!(store.keep_ingested(&[again], &[]).expect("kept"), 0);
    assert_eq!(store.events_since(at(0)).expect("readable"), [resolved]);
}

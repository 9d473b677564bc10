//! Scans: all of one or nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::sample::{at, decision, draft, event, finding, input, lease, place, result, scan};
use crate::store::{InstanceResult, Lease, Link, ScanCommit, Store, StoreError, UserDataMemo};
use crate::types::{ChangeEvent, EventId, Finding, InstanceId, InventoryContent, Observed, Verdict};

fn link(key: &str, instance: &str, seen: i64) -> Link {
    Link { place: place(), key: key.to_owned(), instance: instance.into(), seen_at: at(seen) }
}

fn memo(instance: &str, digest: Option<&str>, fetched: i64) -> UserDataMemo {
    UserDataMemo {
        place: place(),
        instance: instance.into(),
        digest: digest.map(str::to_owned),
        fetched_at: at(fetched),
    }
}

/// A scan with something of everything.
pub(crate) fn full_scan(id: &str, start: i64) -> ScanCommit {
    ScanCommit {
        exit_code: 1,
        instances: vec![result("i-1", Verdict::Clean), result("i-2", Verdict::Drifted)],
        findings: vec![finding("f-1", "i-2", start)],
        events: vec![event("ev-1", start - 1, &["i-2"])],
        checkpoints: vec![(place(), "lookup".to_owned(), at(start))],
        links: vec![link("eni-1", "i-1", start)],
        user_data: vec![memo("i-1", Some("sha256:1"), start)],
        notices: vec![draft("n-1", "slack", start)],
        inputs: vec![input("i-2", "d-1")],
        ..scan(id, start)
    }
}

fn without_rows(mut result: InstanceResult) -> InstanceResult {
    for item in result.instance.inventory.values_mut() {
        item.content = Arc::new(InventoryContent { entries: vec![], digest: item.content.digest.clone() });
    }
    result
}

/// Everything that a commit can change, to see that it changed nothing.
pub(crate) fn nothing_is_stored(store: &impl Store) {
    assert_eq!(store.last_scan().expect("readable"), None);
    assert_eq!(store.instance_results().expect("readable"), []);
    assert_eq!(store.findings(true).expect("readable"), []);
    assert_eq!(store.events_since(at(-1000)).expect("readable"), []);
    assert_eq!(store.checkpoints().expect("readable"), BTreeMap::new());
    assert_eq!(store.links().expect("readable"), []);
    assert_eq!(store.user_data().expect("readable"), []);
    assert_eq!(store.last_plan().expect("readable"), None);
    assert_eq!(store.rows(None).expect("readable"), []);
    assert_eq!(store.inputs_since(at(-1000)).expect("readable"), []);
    assert_eq!(store.entries().expect("readable"), []);
}

pub(super) fn everything_of_a_scan_comes_back(store: &impl Store) {
    let commit = full_scan("s1", 0);
    store.commit_scan(&lease(store), &commit).expect("commits");
    let summary = store.last_scan().expect("readable").expect("a scan");
    assert_eq!((summary.clean, summary.drifted, summary.unjudged, summary.exit_code), (1, 1, 0, 1));
    assert_eq!((summary.started_at, summary.finished_at), (at(0), at(10)));
    assert_eq!((&summary.scan_id, &summary.coverage), (&commit.scan_id, &commit.coverage));
    let expected: Vec<InstanceResult> = commit.instances.iter().cloned().map(without_rows).collect();
    assert_eq!(store.instance_results().expect("readable"), expected);
    assert_eq!(store.instance_result(&InstanceId::new("i-2")).expect("readable"), Some(expected[1].clone()));
    assert_eq!(store.instance_result(&InstanceId::new("i-9")).expect("readable"), None);
    assert_eq!(store.findings(false).expect("readable"), commit.findings);
    assert_eq!(store.events_of(&InstanceId::new("i-2")).expect("readable"), commit.events);
    assert_eq!(store.events_of(&InstanceId::new("i-1")).expect("readable"), []);
    assert_eq!(store.links().expect("readable"), commit.links);
    assert_eq!(store.user_data().expect("readable"), commit.user_data);
    assert_eq!(store.last_plan().expect("readable"), Some(commit.plan));
    assert_eq!(store.rows(None).expect("readable")[0].draft, commit.notices[0]);
    assert_eq!(store.inputs_since(at(0)).expect("readable")[0].input, commit.inputs[0].2);
    let clean = BTreeMap::from([(InstanceId::new("i-1"), at(0))]);
    assert_eq!(store.last_clean().expect("readable"), clean);
}

pub(super) fn a_lost_lease_commits_nothing(store: &impl Store) {
    let lost = store.acquire("scan", "a", at(0), 60).expect("a free lease");
    let ours = store.acquire("scan", "b", at(60), 60).expect("expired");
    let audit = store.entries().expect("readable");
    for stale in
        [&lost, &Lease { epoch: ours.epoch + 1, ..ours.clone() }, &Lease { name: "none".into(), ..ours.clone() }]
    {
        assert!(matches!(store.commit_scan(stale, &full_scan("s1", 0)), Err(StoreError::LeaseLost { .. })));
    }
    assert_eq!(store.entries().expect("readable"), audit);
    nothing_is_stored(store);
    store.release(&ours).expect("ours");
    assert!(matches!(store.commit_scan(&ours, &full_scan("s1", 0)), Err(StoreError::LeaseLost { .. })));
    nothing_is_stored(store);
}

pub(super) fn a_scan_commits_once(store: &impl Store) {
    let lease = lease(store);
    store.commit_scan(&lease, &scan("s1", 0)).expect("commits");
    let again = ScanCommit { findings: vec![finding("f-1", "i-1", 0)], ..scan("s1", 0) };
    assert!(matches!(store.commit_scan(&lease, &again), Err(StoreError::Conflict(_))));
    assert_eq!(store.findings(true).expect("readable"), []);
}

/// What changes without anything happening is stored apart from the rest, and must not be mixed up.
pub(super) fn volatile_parts_come_back_as_last_seen(store: &impl Store) {
    let lease = lease(store);
    let first = result("i-1", Verdict::Drifted);
    store.commit_scan(&lease, &ScanCommit { instances: vec![first.clone()], ..scan("s1", 0) }).expect("commits");
    let mut second = first;
    second.decision = Some(decision("i-1", "input-2"));
    if let Observed::Seen(Some(node)) = &mut second.instance.node {
        node.last_ping = Some(at(90));
    }
    for item in second.instance.inventory.values_mut() {
        item.captured_at = Some(at(80));
    }
    store.commit_scan(&lease, &ScanCommit { instances: vec![second.clone()], ..scan("s2", 100) }).expect("commits");
    assert_eq!(store.instance_results().expect("readable"), [without_rows(second.clone())]);

    second.instance.node = Observed::Seen(None);
    second.instance.inventory.clear();
    second.decision = None;
    store.commit_scan(&lease, &ScanCommit { instances: vec![second.clone()], ..scan("s3", 200) }).expect("commits");
    assert_eq!(store.instance_results().expect("readable"), [second]);
}

pub(super) fn results_are_those_of_the_last_scan(store: &impl Store) {
    let lease = lease(store);
    let of = |ids: &[&str]| ids.iter().map(|id| result(id, Verdict::Clean)).collect::<Vec<_>>();
    store.commit_scan(&lease, &ScanCommit { instances: of(&["i-2", "i-1"]), ..scan("s1", 0) }).expect("commits");
    store.commit_scan(&lease, &ScanCommit { instances: of(&["i-2"]), ..scan("s2", 100) }).expect("commits");
    let ids: Vec<String> =
        store.instance_results().expect("readable").iter().map(|result| result.instance.id.to_string()).collect();
    assert_eq!(ids, ["i-2"]);
    assert!(store.instance_result(&InstanceId::new("i-1")).expect("readable").is_some(), "its last result is kept");
}

pub(super) fn history_outlives_a_scan_that_saw_less(store: &impl Store) {
    let lease = lease(store);
    let verdicts =
        [Some(Verdict::Clean), Some(Verdict::Unjudged), None, Some(Verdict::Drifted), Some(Verdict::Drifted)];
    for (number, verdict) in (0..).zip(verdicts) {
        let instances = verdict.map(|verdict| result("i-1", verdict)).into_iter().collect();
        let commit = ScanCommit { instances, ..scan(&format!("s{number}"), number * 100) };
        store.commit_scan(&lease, &commit).expect("commits");
    }
    let id = InstanceId::new("i-1");
    let expected = [
        (at(0), Verdict::Clean),
        (at(100), Verdict::Unjudged),
        (at(300), Verdict::Drifted),
        (at(400), Verdict::Drifted),
    ];
    assert_eq!(store.verdicts_of(&id).expect("readable"), expected);
    assert_eq!(store.last_clean().expect("readable"), BTreeMap::from([(id, at(0))]));
}

pub(super) fn checkpoints_never_go_back(store: &impl Store) {
    let lease = lease(store);
    for (number, through) in [(1, 50), (2, 20)] {
        let checkpoints = vec![(place(), "lookup".to_owned(), at(through))];
        let commit = ScanCommit { checkpoints, ..scan(&format!("s{number}"), number * 100) };
        store.commit_scan(&lease, &commit).expect("commits");
    }
    let expected = BTreeMap::from([((place(), "lookup".to_owned()), at(50))]);
    assert_eq!(store.checkpoints().expect("readable"), expected);
}

pub(super) fn known_events_stay_as_first_seen(store: &impl Store) {
    let lease = lease(store);
    let (late, early) = (event("ev-2", 5, &["i-1", "i-2"]), event("ev-1", 3, &["i-1"]));
    let first = ScanCommit { events: vec![late.clone(), early.clone()], ..scan("s1", 10) };
    store.commit_scan(&lease, &first).expect("commits");
    let altered = ChangeEvent { summary: "something else".to_owned(), ..event("ev-2", 5, &["i-3"]) };
    store.commit_scan(&lease, &ScanCommit { events: vec![altered], ..scan("s2", 20) }).expect("commits");
    assert_eq!(store.events_since(at(0)).expect("readable"), [early.clone(), late.clone()]);
    assert_eq!(store.events_since(at(4)).expect("readable"), std::slice::from_ref(&late));
    assert_eq!(store.events_of(&InstanceId::new("i-1")).expect("readable"), [early, late]);
    assert_eq!(store.events_of(&InstanceId::new("i-3")).expect("readable"), []);
    let known = store.known_events(&["ev-2", "ev-9"].map(EventId::new)).expect("readable");
    assert_eq!(known, [EventId::new("ev-2")].into());
}

pub(super) fn an_event_is_known_better_when_its_target_is_found(store: &impl Store) {
    let lease = lease(store);
    let open = ChangeEvent { unresolved: vec!["vol-1".to_owned()], ..event("ev-1", 5, &[]) };
    store.commit_scan(&lease, &ScanCommit { events: vec![open.clone()], ..scan("s1", 10) }).expect("commits");
    let found = event("ev-1", 5, &["i-1"]);
    store.commit_scan(&lease, &ScanCommit { events: vec![found.clone()], ..scan("s2", 20) }).expect("commits");
    assert_eq!(store.events_of(&InstanceId::new("i-1")).expect("readable"), std::slice::from_ref(&found));
    store.commit_scan(&lease, &ScanCommit { events: vec![open], ..scan("s3", 30) }).expect("commits");
    assert_eq!(store.events_since(at(0)).expect("readable"), [found], "and not worse again");
}

pub(super) fn moved_links_end_with_the_newest_owner(store: &impl Store) {
    let lease = lease(store);
    for (number, owner) in [(1, "i-2"), (2, "i-1"), (3, "i-2")] {
        let links = vec![link("eni-1", owner, number * 100)];
        let commit = ScanCommit { links, ..scan(&format!("s{number}"), number * 100) };
        store.commit_scan(&lease, &commit).expect("commits");
    }
    assert_eq!(store.links().expect("readable"), [link("eni-1", "i-1", 200), link("eni-1", "i-2", 300)]);
}

pub(super) fn user_data_keeps_the_newest(store: &impl Store) {
    let lease = lease(store);
    for (number, memo) in [(1, memo("i-1", Some("a"), 50)), (2, memo("i-1", None, 60)), (3, memo("i-1", Some("b"), 55))]
    {
        let commit = ScanCommit { user_data: vec![memo], ..scan(&format!("s{number}"), number * 100) };
        store.commit_scan(&lease, &commit).expect("commits");
    }
    assert_eq!(store.user_data().expect("readable"), [memo("i-1", None, 60)]);
}

pub(super) fn inputs_are_kept_once_while_nothing_changes(store: &impl Store) {
    let lease = lease(store);
    let commit = |number: i64, digest: &str, verdict, findings: Vec<Finding>| {
        let commit = ScanCommit {
            instances: vec![result("i-1", verdict)],
            findings,
            inputs: vec![input("i-1", digest)],
            ..scan(&format!("s{number}"), number * 100)
        };
        store.commit_scan(&lease, &commit).expect("commits");
        let inputs = store.inputs_since(at(0)).expect("readable");
        inputs.into_iter().map(|input| (input.digest, input.scanned_at)).collect::<Vec<_>>()
    };
    let row = |digest: &str, second| (digest.to_owned(), at(second));
    commit(1, "d1", Verdict::Clean, vec![]);
    assert_eq!(commit(2, "d2", Verdict::Clean, vec![]), [row("d2", 200)], "the same was decided");
    assert_eq!(commit(3, "d2", Verdict::Clean, vec![]), [row("d2", 300)], "the same document");
    let drifted = finding("f-1", "i-1", 400);
    let both = commit(4, "d4", Verdict::Drifted, vec![drifted.clone()]);
    assert_eq!(both, [row("d2", 300), row("d4", 400)]);
    let seen_again = Finding { last_seen: at(500), times_seen: 2, ..drifted };
    assert_eq!(commit(5, "d5", Verdict::Drifted, vec![seen_again.clone()]), [row("d2", 300), row("d5", 500)]);
    let further = Finding { fingerprint: "bb".to_owned(), ..seen_again };
    let three = commit(6, "d6", Verdict::Drifted, vec![further]);
    assert_eq!(three, [row("d2", 300), row("d5", 500), row("d6", 600)], "it drifted further");
}

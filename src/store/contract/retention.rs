//! Retention.

use super::sample::{at, attribution, draft, event, finding, input, lease, place, result, scan};
use crate::remediate::OperationStatus;
use crate::remediate::sample::{operation, turned};
use crate::store::{Link, ScanCommit, Store, UserDataMemo};
use crate::types::{EventId, Finding, FindingId, FindingStatus, InstanceId, OperationId, OperationKind, Verdict};

/// `i-gone` was seen in an old scan only; `i-kept` too, but its finding is open; `i-live` is still there.
fn old_scan() -> ScanCommit {
    let link = |key: &str| Link { place: place(), key: key.to_owned(), instance: "i-live".into(), seen_at: at(0) };
    let memo = |instance: &str| UserDataMemo {
        place: place(),
        instance: instance.into(),
        digest: Some("sha256:1".to_owned()),
        fetched_at: at(0),
    };
    ScanCommit {
        instances: ["i-gone", "i-kept", "i-live"].map(|id| result(id, Verdict::Clean)).into(),
        findings: vec![
            Finding { attribution: vec![attribution("ev-kept", 1)], ..finding("f-open", "i-kept", 0) },
            Finding {
                attribution: vec![attribution("ev-gone", 1)],
                status: FindingStatus::Resolved,
                ..finding("f-done", "i-gone", 0)
            },
        ],
        events: ["ev-kept", "ev-gone"].map(|id| event(id, 1, &["i-kept"])).into(),
        links: vec![link("eni-old"), link("eni-live")],
        user_data: vec![memo("i-gone"), memo("i-live")],
        notices: vec![draft("n-1", "slack", 0), draft("n-2", "slack", 0), draft("n-3", "slack", 0)],
        inputs: vec![input("i-gone", "d-gone"), input("i-live", "d-live")],
        ..scan("s-old", 0)
    }
}

pub(super) fn old_scans_go_and_open_findings_stay(store: &impl Store) {
    let lease = lease(store);
    store.commit_scan(&lease, &old_scan()).expect("commits");
    for row in store.rows(None).expect("readable") {
        if row.draft.key != "n-3" {
            store.delivered(row.seq, at(20)).expect("pending");
        }
    }
    let live = Link { place: place(), key: "eni-live".to_owned(), instance: "i-live".into(), seen_at: at(1000) };
    let newer = ScanCommit {
        instances: vec![result("i-live", Verdict::Drifted)],
        events: vec![event("ev-new", 990, &["i-live"])],
        links: vec![live.clone()],
        inputs: vec![input("i-live", "d-live-2")],
        ..scan("s-new", 1000)
    };
    store.commit_scan(&lease, &newer).expect("commits");
    let audit_before = store.entries().expect("readable");

    assert!(store.prune(at(500)).expect("prunes") > 0);

    let (gone, kept, live_id) = (InstanceId::new("i-gone"), InstanceId::new("i-kept"), InstanceId::new("i-live"));
    assert_eq!(store.verdicts_of(&live_id).expect("readable"), [(at(1000), Verdict::Drifted)]);
    assert_eq!(store.instance_result(&gone).expect("readable"), None);
    assert!(store.instance_result(&kept).expect("readable").is_some(), "its finding is open");
    assert!(store.finding(&FindingId::new("f-open")).expect("readable").is_some());
    assert_eq!(store.finding(&FindingId::new("f-done")).expect("readable"), None);
    let known = store.known_events(&["ev-kept", "ev-gone", "ev-new"].map(EventId::new)).expect("readable");
    assert_eq!(known, ["ev-kept", "ev-new"].map(EventId::new).into());
    assert_eq!(store.links().expect("readable"), [live]);
    let memos = store.user_data().expect("readable");
    assert_eq!(memos.iter().map(|memo| memo.instance.as_str()).collect::<Vec<_>>(), ["i-live"]);
    let keys: Vec<String> = store.rows(None).expect("readable").into_iter().map(|row| row.draft.key).collect();
    assert_eq!(keys, ["n-3"], "pending, and newest of its group");
    let inputs = store.inputs_since(at(0)).expect("readable");
    assert_eq!(inputs.iter().map(|input| input.digest.as_str()).collect::<Vec<_>>(), ["d-live-2"]);
    assert_eq!(store.entries().expect("readable"), audit_before, "the audit log is never pruned");
    assert_eq!(store.prune(at(500)).expect("prunes"), 0, "nothing is left to delete");
}

pub(super) fn the_last_scan_is_never_pruned(store: &impl Store) {
    let lease = lease(store);
    let only = ScanCommit { instances: vec![result("i-1", Verdict::Clean)], ..scan("s1", 0) };
    store.commit_scan(&lease, &only).expect("commits");
    assert_eq!(store.prune(at(100_000)).expect("prunes"), 0);
    assert_eq!(store.instance_results().expect("readable").len(), 1);
    assert_eq!(store.last_plan().expect("readable"), Some(only.plan));
}

pub(super) fn operations_outlive_their_scans(store: &impl Store) {
    const DAY: i64 = 86_400;
    let lease = lease(store);
    for (id, instance, over) in [("op-old", "i-gone", true), ("op-open", "i-open", false), ("op-kept", "i-live", true)]
    {
        let record = operation(id, OperationKind::Quarantine, instance, 0);
        store.begin_operation(&lease, &record).expect("begins");
        if over {
            let (record, entry) = turned(&record, OperationStatus::Done, 10);
            store.record_progress(&lease, &record, &entry).expect("legal");
        }
    }
    let live = |id: &str, start| ScanCommit { instances: vec![result("i-live", Verdict::Clean)], ..scan(id, start) };
    store.commit_scan(&lease, &live("s-1", 300 * DAY)).expect("commits");
    store.prune(at(299 * DAY)).expect("prunes");
    assert_eq!(store.operations_since(at(0)).expect("readable").len(), 3, "audits ask for longer than scans are kept");

    store.commit_scan(&lease, &live("s-2", 401 * DAY)).expect("commits");
    store.prune(at(400 * DAY)).expect("prunes");
    let kept = store.operations_since(at(0)).expect("readable");
    let ids: Vec<&str> = kept.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["op-open", "op-kept"], "not over, or of an instance that lives");
    assert_eq!(store.journal_of(&OperationId::new("op-old")).expect("readable"), []);
    assert_eq!(store.journal_of(&OperationId::new("op-kept")).expect("readable").len(), 2);
}

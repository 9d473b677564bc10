//! Findings between scans.

use super::sample::{at, finding, lease, scan};
use crate::store::{ScanCommit, Store, StoreError};
use crate::types::{Finding, FindingId, FindingStatus};

fn status(store: &impl Store, id: &str) -> FindingStatus {
    store.finding(&FindingId::new(id)).expect("readable").expect("known").status
}

fn set(store: &impl Store, id: &str, status: FindingStatus, second: i64) -> Result<Finding, StoreError> {
    store.set_finding_status(&FindingId::new(id), status, "erin@ops", at(second))
}

fn commit(store: &impl Store, findings: &[(&str, FindingStatus)]) {
    let findings = findings.iter().map(|(id, status)| Finding { status: *status, ..finding(id, "i-1", 0) }).collect();
    store.commit_scan(&lease(store), &ScanCommit { findings, ..scan("s1", 0) }).expect("commits");
}

pub(super) fn resolved_ones_are_left_out_unless_asked(store: &impl Store) {
    let statuses = [
        ("f-a", FindingStatus::Acknowledged),
        ("f-o", FindingStatus::Open),
        ("f-r", FindingStatus::Resolved),
        ("f-w", FindingStatus::Waived),
    ];
    commit(store, &statuses);
    let ids = |with_resolved| -> Vec<String> {
        store.findings(with_resolved).expect("readable").iter().map(|finding| finding.id.to_string()).collect()
    };
    assert_eq!(ids(false), ["f-a", "f-o", "f-w"]);
    assert_eq!(ids(true), ["f-a", "f-o", "f-r", "f-w"]);
    let whole = store.finding(&FindingId::new("f-o")).expect("readable");
    assert_eq!(whole, Some(finding("f-o", "i-1", 0)));
    assert_eq!(store.finding(&FindingId::new("f-?")).expect("readable"), None);
}

pub(super) fn people_acknowledge_and_reopen(store: &impl Store) {
    commit(store, &[("f-1", FindingStatus::Open)]);
    let acknowledged = set(store, "f-1", FindingStatus::Acknowledged, 20).expect("open");
    assert_eq!(acknowledged.status, FindingStatus::Acknowledged);
    assert_eq!(status(store, "f-1"), FindingStatus::Acknowledged);
    set(store, "f-1", FindingStatus::Acknowledged, 21).expect("says the same again");
    set(store, "f-1", FindingStatus::Open, 22).expect("acknowledged");
    assert_eq!(status(store, "f-1"), FindingStatus::Open);
    let entries = store.entries().expect("readable");
    let told: Vec<(&str, &str, &str)> = entries
        .iter()
        .filter(|entry| entry.object == "f-1")
        .map(|entry| (entry.action.as_str(), entry.actor.as_str(), entry.details["to"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(told, [("finding.ack", "erin@ops", "acknowledged"), ("finding.reopen", "erin@ops", "open")]);
    assert!(matches!(set(store, "f-9", FindingStatus::Open, 23), Err(StoreError::NotFound(_))));
}

pub(super) fn people_neither_resolve_nor_waive(store: &impl Store) {
    commit(store, &[("f-o", FindingStatus::Open), ("f-r", FindingStatus::Resolved), ("f-w", FindingStatus::Waived)]);
    let before = store.entries().expect("readable").len();
    for (id, target) in [
        ("f-o", FindingStatus::Resolved),
        ("f-o", FindingStatus::Waived),
        ("f-r", FindingStatus::Acknowledged),
        ("f-w", FindingStatus::Open),
        ("f-w", FindingStatus::Acknowledged),
    ] {
        assert!(matches!(set(store, id, target, 20), Err(StoreError::Conflict(_))), "{id} to {target}");
    }
    assert_eq!(store.entries().expect("readable").len(), before, "a refused change leaves no entry");
}

/// The scan read the finding as open before the person spoke, and writes it back as open.
pub(super) fn a_running_scan_does_not_undo_an_acknowledgement(store: &impl Store) {
    let lease = lease(store);
    let findings = vec![finding("f-1", "i-1", 0)];
    store.commit_scan(&lease, &ScanCommit { findings: findings.clone(), ..scan("s1", 0) }).expect("commits");
    set(store, "f-1", FindingStatus::Acknowledged, 105).expect("open");
    let seen_again = vec![Finding { last_seen: at(100), times_seen: 2, ..findings[0].clone() }];
    store.commit_scan(&lease, &ScanCommit { findings: seen_again.clone(), ..scan("s2", 100) }).expect("commits");
    let kept = store.finding(&FindingId::new("f-1")).expect("readable").expect("known");
    assert_eq!((kept.status, kept.times_seen), (FindingStatus::Acknowledged, 2));

    // A scan that began later read what the person said, and may well say otherwise.
    store.commit_scan(&lease, &ScanCommit { findings: seen_again, ..scan("s3", 200) }).expect("commits");
    assert_eq!(status(store, "f-1"), FindingStatus::Open);
}

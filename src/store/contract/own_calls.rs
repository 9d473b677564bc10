//! What the journal knows of calls that were made, and who approved what.

use super::journal::write;
use super::sample::{at, lease};
use crate::remediate::sample::{moved, operation, turned};
use crate::remediate::{Approval, OperationStatus, StepState};
use crate::store::{Store, StoreError};
use crate::types::OperationKind;

pub(super) fn a_window_ends_at_the_next_entry_of_its_step(store: &impl Store) {
    let lease = lease(store);
    let record = operation("op-1", OperationKind::Quarantine, "i-1", 0);
    store.begin_operation(&lease, &record).expect("begins");
    let record = write(store, &lease, moved(&record, 0, StepState::Intended, 10));
    let record = write(store, &lease, moved(&record, 1, StepState::Intended, 11));
    // A second attempt: the first one's answer never came.
    let record = write(store, &lease, moved(&record, 0, StepState::Intended, 20));
    let (record, mut entry) = moved(&record, 0, StepState::Done, 21);
    entry.request_id = Some("req-2".to_owned());
    let record = write(store, &lease, (record, entry));
    let windows = |since| {
        let calls = store.own_calls(at(since)).expect("readable");
        let one = |call: crate::remediate::OwnCall| (call.call.event_name(), call.from, call.until, call.request_id);
        calls.into_iter().map(one).collect::<Vec<_>>()
    };
    let first = ("ModifyInstanceAttribute", at(10), Some(at(20)), None);
    let open = ("ModifyNetworkInterfaceAttribute", at(11), None, None);
    let answered = ("ModifyInstanceAttribute", at(20), Some(at(21)), Some("req-2".to_owned()));
    assert_eq!(windows(0), [first, open.clone(), answered.clone()]);
    assert_eq!(windows(21), [open.clone(), answered], "a window that reaches into the time counts");
    assert_eq!(windows(1_000), vec![open.clone()], "an open one always does");

    let record = write(store, &lease, moved(&record, 1, StepState::Done, 2_000));
    write(store, &lease, turned(&record, OperationStatus::Done, 2_001));
    assert_eq!(windows(3_000), []);
    let ended = (open.0, open.1, Some(at(2_000)), None);
    assert_eq!(windows(2_000), [ended]);
}

pub(super) fn undoing_is_a_call_too(store: &impl Store) {
    let lease = lease(store);
    let record = operation("op-1", OperationKind::Quarantine, "i-1", 0);
    store.begin_operation(&lease, &record).expect("begins");
    let record = write(store, &lease, moved(&record, 0, StepState::Done, 10));
    let record = write(store, &lease, turned(&record, OperationStatus::RollingBack, 11));
    let record = write(store, &lease, moved(&record, 0, StepState::Undoing, 12));
    let calls = store.own_calls(at(0)).expect("readable");
    assert_eq!(calls.len(), 1);
    assert_eq!(Some(&calls[0].call), record.steps[0].step.undo.first());
    assert_eq!((&calls[0].place, &calls[0].operation), (&record.place, &record.id));
}

pub(super) fn approvals_expire(store: &impl Store) {
    let approval = |approver: &str, given: i64, until: i64| Approval {
        plan: "blake3:1".into(),
        operations: ["blake3:2".into(), "blake3:3".into()].into(),
        approver: approver.to_owned(),
        at: at(given),
        expires_at: at(until),
    };
    store.approve(&approval("erin@ops", 0, 100)).expect("valid");
    store.approve(&approval("frank@ops", 10, 50)).expect("valid");
    assert_eq!(store.approvals(at(49)).expect("readable").len(), 2);
    assert_eq!(store.approvals(at(50)).expect("readable"), [approval("erin@ops", 0, 100)]);
    store.approve(&approval("erin@ops", 60, 160)).expect("again");
    assert_eq!(store.approvals(at(120)).expect("readable"), [approval("erin@ops", 60, 160)], "one a person");
    assert_eq!(store.approvals(at(160)).expect("readable"), []);
    for never in [approval("erin@ops", 10, 10), approval("", 0, 10)] {
        assert!(matches!(store.approve(&never), Err(StoreError::Conflict(_))));
    }
    let told: Vec<String> =
        store.entries().expect("readable").iter().map(|entry| format!("{} {}", entry.action, entry.actor)).collect();
    assert_eq!(told, ["plan.approve erin@ops", "plan.approve frank@ops", "plan.approve erin@ops"]);
}

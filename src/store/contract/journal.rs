//! The journal of operations.

use super::sample::{at, lease};
use crate::remediate::sample::{moved, operation, turned};
use crate::remediate::{JournalEntry, OperationRecord, OperationStatus, StepState};
use crate::store::{Lease, Store, StoreError};
use crate::types::{InstanceId, OperationId, OperationKind};

pub(super) fn write(
    store: &impl Store,
    lease: &Lease,
    (record, entry): (OperationRecord, JournalEntry),
) -> OperationRecord {
    store.record_progress(lease, &record, &entry).expect("a legal move");
    record
}

fn conflict(result: Result<(), StoreError>) -> String {
    match result {
        Err(StoreError::Conflict(text)) => text,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

fn begun(store: &impl Store, lease: &Lease, id: &str, kind: OperationKind, instance: &str) -> OperationRecord {
    let record = operation(id, kind, instance, 0);
    store.begin_operation(lease, &record).expect("nothing else goes on");
    record
}

fn actions(store: &impl Store) -> Vec<String> {
    store.entries().expect("readable").iter().map(|entry| format!("{} {}", entry.action, entry.object)).collect()
}

pub(super) fn an_operation_comes_back_as_it_was_written(store: &impl Store) {
    let lease = lease(store);
    let record = begun(store, &lease, "op-1", OperationKind::Replace, "i-1");
    let record = write(store, &lease, moved(&record, 0, StepState::Intended, 10));
    let (mut record, mut entry) = moved(&record, 0, StepState::Done, 11);
    entry.request_id = Some("req-1".to_owned());
    record.facts.replacement = Some("i-2".into());
    let record = write(store, &lease, (record, entry));

    assert_eq!(store.operation(&record.id).expect("readable"), Some(record.clone()));
    assert_eq!(store.operation(&OperationId::new("op-2")).expect("readable"), None);
    assert_eq!(store.unfinished_operations().expect("readable"), vec![record.clone()]);
    for instance in ["i-1", "i-2"] {
        let of = store.operations_of(&InstanceId::new(instance)).expect("readable");
        assert_eq!(of, vec![record.clone()], "{instance}");
    }
    assert_eq!(store.operations_of(&InstanceId::new("i-3")).expect("readable"), []);
    assert_eq!(store.operations_since(at(0)).expect("readable").len(), 1);
    assert_eq!(store.operations_since(at(1)).expect("readable"), []);
    let last = |kind| store.last_operation(&record.instance, kind).expect("readable").map(|found| found.id);
    assert_eq!(last(OperationKind::Replace), Some(record.id.clone()));
    assert_eq!(last(OperationKind::Quarantine), None);
    let journal = store.journal_of(&record.id).expect("readable");
    let told: Vec<_> = journal.iter().map(|entry| (entry.step, entry.name.as_str(), entry.state)).collect();
    let expected = [
        (None, "running", None),
        (Some(0), "protect", Some(StepState::Intended)),
        (Some(0), "protect", Some(StepState::Done)),
    ];
    assert_eq!(told, expected);
    assert_eq!(journal[1].call, record.steps[0].call, "the call of the intent, in full");
    assert_eq!(journal[2].request_id.as_deref(), Some("req-1"));
}

pub(super) fn one_operation_at_a_time_on_an_instance(store: &impl Store) {
    let lease = lease(store);
    let record = begun(store, &lease, "op-1", OperationKind::Replace, "i-1");
    let again = conflict(store.begin_operation(&lease, &record));
    assert!(again.contains("op-1"), "{again}");
    let second = operation("op-2", OperationKind::Quarantine, "i-1", 5);
    let told = conflict(store.begin_operation(&lease, &second));
    assert_eq!(told, "operation op-1 is about i-1 and is not over: it is running");

    let (mut record, entry) = moved(&record, 0, StepState::Intended, 10);
    record.facts.replacement = Some("i-2".into());
    let record = write(store, &lease, (record, entry));
    let on_its_replacement = operation("op-3", OperationKind::Quarantine, "i-2", 11);
    let told = conflict(store.begin_operation(&lease, &on_its_replacement));
    assert_eq!(told, "operation op-1 made i-2 and is not over: it is running");

    let record = write(store, &lease, turned(&record, OperationStatus::Retaining, 20));
    store.begin_operation(&lease, &on_its_replacement).expect("what it made serves by itself");
    let told = conflict(store.begin_operation(&lease, &second));
    assert_eq!(told, "operation op-1 is about i-1 and is not over: it is retaining");

    let record = write(store, &lease, turned(&record, OperationStatus::Running, 30));
    write(store, &lease, turned(&record, OperationStatus::Done, 40));
    store.begin_operation(&lease, &second).expect("the first one is over");
    assert_eq!(store.unfinished_operations().expect("readable").len(), 2);
}

pub(super) fn only_what_undoes_an_operation_may_begin_beside_it(store: &impl Store) {
    let lease = lease(store);
    let record = begun(store, &lease, "op-1", OperationKind::Replace, "i-1");
    let rollback = |id: &str, undoes: &str| OperationRecord {
        undoes: Some(undoes.into()),
        ..operation(id, OperationKind::Rollback, "i-1", 30)
    };
    conflict(store.begin_operation(&lease, &rollback("op-2", "op-1")));
    write(store, &lease, turned(&record, OperationStatus::Retaining, 20));
    conflict(store.begin_operation(&lease, &rollback("op-3", "op-0")));
    conflict(store.begin_operation(&lease, &operation("op-4", OperationKind::Replace, "i-1", 30)));
    store.begin_operation(&lease, &rollback("op-5", "op-1")).expect("nobody is working on it");
    let told = conflict(store.begin_operation(&lease, &rollback("op-6", "op-1")));
    assert!(told.contains("op-5"), "{told}");
}

pub(super) fn a_finished_quarantine_can_be_released(store: &impl Store) {
    let lease = lease(store);
    let record = begun(store, &lease, "op-1", OperationKind::Quarantine, "i-1");
    write(store, &lease, turned(&record, OperationStatus::Done, 20));
    let release =
        OperationRecord { undoes: Some(record.id.clone()), ..operation("op-2", OperationKind::Release, "i-1", 30) };
    store.begin_operation(&lease, &release).expect("the quarantine is over");
}

pub(super) fn illegal_moves_are_refused_and_change_nothing(store: &impl Store) {
    let lease = lease(store);
    let record = begun(store, &lease, "op-1", OperationKind::Quarantine, "i-1");
    let record = write(store, &lease, moved(&record, 0, StepState::Done, 10));
    let before = (store.journal_of(&record.id).expect("readable"), store.entries().expect("readable"));
    let (same, entry) = turned(&record, OperationStatus::Running, 11);
    let entry = &entry;
    let mut fewer = same.clone();
    fewer.steps.pop();
    let mut others = same.clone();
    others.steps[1].step.subject = "eni-2".to_owned();
    let mut image = same.clone();
    image.before.isolation_group = "sg-other".into();
    let mut settings = same.clone();
    settings.settings.retain_s = 1;
    let instance = OperationRecord { instance: "i-2".into(), ..same.clone() };
    for altered in [fewer, others, image, settings, instance] {
        let told = conflict(store.record_progress(&lease, &altered, entry));
        assert!(told.contains("cannot change after it began"), "{told}");
    }
    let (rolled_back, _) = turned(&record, OperationStatus::RolledBack, 11);
    let told = conflict(store.record_progress(&lease, &rolled_back, entry));
    assert_eq!(told, "operation op-1 is running and cannot become rolled-back");
    let (back, told_of) = moved(&record, 0, StepState::Intended, 11);
    let told = conflict(store.record_progress(&lease, &back, &told_of));
    assert_eq!(told, "operation op-1: step protect is done and cannot become intended");
    let (next, told_of) = moved(&record, 1, StepState::Intended, 11);
    let wrong = [
        JournalEntry { state: Some(StepState::Done), ..told_of.clone() },
        JournalEntry { step: Some(9), ..told_of.clone() },
        JournalEntry { operation: "op-9".into(), ..told_of },
    ];
    for entry in wrong {
        conflict(store.record_progress(&lease, &next, &entry));
    }
    let unknown = OperationRecord { id: "op-9".into(), ..same };
    assert!(matches!(store.record_progress(&lease, &unknown, entry), Err(StoreError::NotFound(_))));
    assert_eq!(store.operation(&record.id).expect("readable"), Some(record.clone()));
    assert_eq!((store.journal_of(&record.id).expect("readable"), store.entries().expect("readable")), before);
}

pub(super) fn what_is_over_stays_over(store: &impl Store) {
    let lease = lease(store);
    for (id, status) in [("op-1", OperationStatus::Done), ("op-2", OperationStatus::RolledBack)] {
        let record = begun(store, &lease, id, OperationKind::Quarantine, "i-1");
        let record = match status {
            OperationStatus::RolledBack => write(store, &lease, turned(&record, OperationStatus::RollingBack, 5)),
            _ => record,
        };
        let record = write(store, &lease, turned(&record, status, 10));
        for next in OperationStatus::ALL {
            let (record, entry) = turned(&record, next, 11);
            conflict(store.record_progress(&lease, &record, &entry));
        }
    }
    assert_eq!(store.unfinished_operations().expect("readable"), []);
}

pub(super) fn an_operation_begins_at_its_beginning(store: &impl Store) {
    let lease = lease(store);
    let fresh = operation("op-1", OperationKind::Quarantine, "i-1", 0);
    let (over, _) = turned(&fresh, OperationStatus::Done, 1);
    conflict(store.begin_operation(&lease, &over));
    let (half, _) = moved(&fresh, 0, StepState::Done, 1);
    conflict(store.begin_operation(&lease, &half));
    let (skipped, _) = moved(&fresh, 0, StepState::Skipped, 1);
    store.begin_operation(&lease, &skipped).expect("nothing to do is known in advance");
}

pub(super) fn a_lost_lease_writes_nothing(store: &impl Store) {
    let mine = lease(store);
    let record = begun(store, &mine, "op-1", OperationKind::Quarantine, "i-1");
    let theirs = store.acquire("scan", "host-b pid 2 scan", at(4000), 3600).expect("expired");
    let before = store.entries().expect("readable");
    let (next, entry) = moved(&record, 0, StepState::Intended, 10);
    let lost = store.record_progress(&mine, &next, &entry);
    assert!(matches!(lost, Err(StoreError::LeaseLost { .. })), "a paused process that wakes up cannot act");
    let other = operation("op-2", OperationKind::Quarantine, "i-2", 10);
    assert!(matches!(store.begin_operation(&mine, &other), Err(StoreError::LeaseLost { .. })));
    assert_eq!(store.operation(&record.id).expect("readable"), Some(record));
    assert_eq!(store.entries().expect("readable"), before);
    store.record_progress(&theirs, &next, &entry).expect("the new holder goes on");
}

pub(super) fn what_happens_is_audited_without_contents(store: &impl Store) {
    let lease = lease(store);
    let record = begun(store, &lease, "op-1", OperationKind::Quarantine, "i-1");
    let record = write(store, &lease, moved(&record, 0, StepState::Intended, 10));
    let record = write(store, &lease, moved(&record, 0, StepState::Done, 11));
    let record = write(store, &lease, moved(&record, 1, StepState::Failed, 12));
    let record = write(store, &lease, turned(&record, OperationStatus::RollingBack, 13));
    let record = write(store, &lease, moved(&record, 0, StepState::Undoing, 14));
    let record = write(store, &lease, moved(&record, 0, StepState::Undone, 15));
    let record = write(store, &lease, moved(&record, 1, StepState::Stuck, 16));
    write(store, &lease, turned(&record, OperationStatus::NeedsHuman, 17));
    assert_eq!(
        actions(store),
        [
            "operation.begin op-1",
            "operation.step-done op-1",
            "operation.step-failed op-1",
            "operation.rolling-back op-1",
            "operation.step-undone op-1",
            "operation.step-stuck op-1",
            "operation.needs-human op-1",
        ]
    );
    let entries = store.entries().expect("readable");
    assert!(entries.iter().all(|entry| entry.actor == "cattleguard"));
    assert_eq!(
        entries[1].details,
        serde_json::json!({"kind": "quarantine", "instance": "i-1", "place": "000000000000/eu-west-1", "fleet": "web",
            "step": "protect", "call": "ec2:ModifyInstanceAttribute"})
    );
    let head = store.head().expect("readable");
    assert_eq!(crate::store::audit::verify_to(&entries, head.as_ref()), Ok(()));
}

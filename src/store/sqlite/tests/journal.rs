use proptest::prelude::*;

use super::{as_if_killed_now, folder, open};
use crate::remediate::sample::{moved, operation, turned};
use crate::remediate::{Journal, OperationStatus, StepState};
use crate::store::SqliteStore;
use crate::store::audit;
use crate::store::contract::sample::{at, lease};
use crate::store::sqlite::journal;
use crate::store::traits::{Audit, StoreError};
use crate::types::{InstanceId, OperationId, OperationKind};

#[test]
fn a_process_killed_inside_a_write_leaves_record_journal_and_audit_as_they_were() {
    let (folder, path) = folder();
    let copy = folder.path().join("copy.db");
    let store = open(&path);
    let lease = lease(&store);
    let record = operation("op-1", OperationKind::Quarantine, "i-1", 0);
    store.begin_operation(&lease, &record).expect("begins");
    let (next, entry) = moved(&record, 0, StepState::Done, 10);
    {
        let mut connection = store.lock();
        let tx = connection.transaction().expect("begins");
        journal::progress(&tx, &lease, &next, &entry).expect("all written");
        as_if_killed_now(&path, &copy);
        // Dropped without a commit.
    }
    let reopened = open(&copy);
    for state in [&store, &reopened] {
        assert_eq!(state.operation(&record.id).expect("readable"), Some(record.clone()));
        assert_eq!(state.journal_of(&record.id).expect("readable").len(), 1);
        assert_eq!(state.entries().expect("readable").len(), 1);
    }
    reopened.record_progress(&lease, &next, &entry).expect("the next attempt goes through");
}

#[test]
fn an_intent_that_was_committed_survives_a_kill() {
    let (folder, path) = folder();
    let copy = folder.path().join("copy.db");
    let store = open(&path);
    let lease = lease(&store);
    let record = operation("op-1", OperationKind::Quarantine, "i-1", 0);
    store.begin_operation(&lease, &record).expect("begins");
    let (next, entry) = moved(&record, 0, StepState::Intended, 10);
    store.record_progress(&lease, &next, &entry).expect("commits");
    as_if_killed_now(&path, &copy);
    let reopened = open(&copy);
    assert_eq!(reopened.unfinished_operations().expect("readable"), [next]);
    assert_eq!(reopened.own_calls(at(0)).expect("readable").len(), 1);
}

/// A thousand finished operations must not slow down going on after a crash: no query of it walks the table.
#[test]
fn going_on_after_a_crash_asks_by_index() {
    let store = SqliteStore::open_in_memory().expect("memory");
    let connection = store.lock();
    let plan = |sql: &str| -> String {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a query");
        let parameters = statement.parameter_count();
        let rows = statement
            .query_map(rusqlite::params_from_iter((0..parameters).map(|_| "i-1")), |row| row.get::<_, String>(3))
            .expect("a plan");
        rows.collect::<Result<Vec<_>, _>>().expect("rows").join("; ")
    };
    assert_eq!(plan(journal::UNFINISHED), "SCAN operation USING INDEX operation_unfinished");
    let of_instance = plan(journal::OF_INSTANCE);
    assert!(of_instance.contains("operation_by_instance (instance=?)"), "{of_instance}");
    assert!(of_instance.contains("operation_by_replacement (replacement=?)"), "{of_instance}");
    assert!(!of_instance.contains("SCAN operation"), "{of_instance}");
}

#[test]
fn nothing_in_the_journal_can_be_edited() {
    let (_folder, path) = folder();
    let store = open(&path);
    store.begin_operation(&lease(&store), &operation("op-1", OperationKind::Quarantine, "i-1", 0)).expect("begins");
    let other = rusqlite::Connection::open(&path).expect("opens");
    assert!(other.execute("UPDATE journal SET detail = 'nothing happened'", []).is_err(), "append-only");
}

#[derive(Clone, Debug)]
enum Attempt {
    Begin(u8, OperationKind, u8),
    Step(u8, usize, StepState),
    Turn(u8, OperationStatus),
}

fn attempt() -> impl Strategy<Value = Attempt> {
    const STATES: [StepState; 8] = [
        StepState::Pending,
        StepState::Intended,
        StepState::Done,
        StepState::Skipped,
        StepState::Failed,
        StepState::Undoing,
        StepState::Undone,
        StepState::Stuck,
    ];
    let kind = prop::sample::select(vec![OperationKind::Quarantine, OperationKind::Replace, OperationKind::Release]);
    prop_oneof![
        (0..4u8, kind, 0..2u8).prop_map(|(id, kind, instance)| Attempt::Begin(id, kind, instance)),
        (0..4u8, 0..4usize, prop::sample::select(STATES.to_vec()))
            .prop_map(|(id, step, to)| Attempt::Step(id, step, to)),
        (0..4u8, prop::sample::select(OperationStatus::ALL.to_vec())).prop_map(|(id, to)| Attempt::Turn(id, to)),
    ]
}

/// Makes one attempt. Returns whether it was accepted.
fn make(store: &SqliteStore, lease: &crate::store::Lease, attempt: &Attempt, second: i64) -> bool {
    let stored = |id: &u8| store.operation(&OperationId::new(format!("op-{id}"))).expect("readable");
    let result = match attempt {
        Attempt::Begin(id, kind, instance) => {
            store.begin_operation(lease, &operation(&format!("op-{id}"), *kind, &format!("i-{instance}"), second))
        }
        Attempt::Step(id, step, to) => {
            let Some(record) = stored(id).filter(|record| *step < record.steps.len()) else { return false };
            let legal = record.steps[*step].state.may_become(*to) && record.status.may_become(record.status);
            let (next, entry) = moved(&record, *step, *to, second);
            let result = store.record_progress(lease, &next, &entry);
            assert_eq!(result.is_ok(), legal, "{attempt:?} of {:?}", record.steps[*step].state);
            result
        }
        Attempt::Turn(id, to) => {
            let Some(record) = stored(id) else { return false };
            let legal = record.status.may_become(*to);
            let (next, entry) = turned(&record, *to, second);
            let result = store.record_progress(lease, &next, &entry);
            assert_eq!(result.is_ok(), legal, "{attempt:?} of {}", record.status);
            result
        }
    };
    assert!(matches!(result, Ok(()) | Err(StoreError::Conflict(_))), "{result:?}");
    result.is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is tried in whatever order: exactly the legal moves are accepted, each with one entry; an instance
    /// never has two operations that are not over; and the audit log's chain holds.
    #[test]
    fn only_legal_moves_are_ever_stored(attempts in prop::collection::vec(attempt(), 1..60)) {
        let store = SqliteStore::open_in_memory().expect("memory");
        let lease = lease(&store);
        let mut accepted = 0;
        for (second, attempt) in (1..).zip(&attempts) {
            accepted += usize::from(make(&store, &lease, attempt, second));
        }
        let all = store.operations_since(at(0)).expect("readable");
        let entries: usize = all.iter().map(|one| store.journal_of(&one.id).expect("readable").len()).sum();
        prop_assert_eq!(entries, accepted);
        for instance in ["i-0", "i-1"].map(InstanceId::new) {
            let open = all.iter().filter(|one| one.instance == instance && !one.status.is_over()).count();
            prop_assert!(open <= 1);
        }
        for record in &all {
            prop_assert_eq!(record.status.is_over(), record.ended_at.is_some());
        }
        let chain = store.entries().expect("readable");
        let head = store.head().expect("readable");
        prop_assert_eq!(audit::verify_to(&chain, head.as_ref()), Ok(()));
    }
}

//! The outbox.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::sample::{at, draft, lease, scan};
use crate::store::{OutboxDraft, OutboxRow, OutboxState, ScanCommit, Store, StoreError};

fn keys(rows: &[OutboxRow]) -> Vec<&str> {
    rows.iter().map(|row| row.draft.key.as_str()).collect()
}

fn due(store: &impl Store, second: i64) -> Vec<OutboxRow> {
    store.due(at(second), 100).expect("readable")
}

/// A known key is ignored, but never because another destination has it.
pub(super) fn a_key_is_inserted_once_for_each_destination(store: &impl Store) {
    let notices = vec![draft("n-1", "slack", 0), draft("n-1", "hook", 0), draft("n-1", "slack", 50)];
    store.commit_scan(&lease(store), &ScanCommit { notices, ..scan("s1", 0) }).expect("commits");
    store.enqueue(&[draft("n-1", "slack", 99)], at(99)).expect("ignored");
    let rows = store.rows(None).expect("readable");
    let found: Vec<_> = rows.iter().map(|row| (row.draft.destination.as_str(), row.draft.due_at)).collect();
    assert_eq!(found, [("slack", at(0)), ("hook", at(0))]);
    assert_eq!(rows[0].draft, draft("n-1", "slack", 0));
    assert_eq!((rows[0].state, rows[0].attempts, rows[0].created_at), (OutboxState::Pending, 0, at(10)));
}

pub(super) fn order_holds_within_a_destination(store: &impl Store) {
    let drafts = [draft("a1", "a", 0), draft("a2", "a", 60), draft("a3", "a", 0), draft("b1", "b", 0)];
    store.enqueue(&drafts, at(0)).expect("new keys");
    assert_eq!(keys(&due(store, 10)), ["a1", "b1"], "a3 is due but must not overtake a2");
    assert_eq!(keys(&due(store, 60)), ["a1", "a2", "a3", "b1"]);
    assert_eq!(keys(&store.due(at(60), 2).expect("readable")), ["a1", "a2"]);
    assert_eq!(store.next_due().expect("readable"), Some(at(0)));
    for row in due(store, 10) {
        store.delivered(row.seq, at(11)).expect("pending");
    }
    assert_eq!(store.next_due().expect("readable"), Some(at(60)), "a3 waits for a2");
}

pub(super) fn what_waits_for_its_time_holds_back_its_group_only(store: &impl Store) {
    let of = |key: &str, group: &str, due| OutboxDraft { group: group.to_owned(), ..draft(key, "a", due) };
    let drafts = [of("g1", "g", 60), of("h1", "h", 0), of("g2", "g", 0), of("h2", "h", 5)];
    store.enqueue(&drafts, at(0)).expect("new keys");
    assert_eq!(keys(&due(store, 0)), ["h1"], "g2 is due but must not overtake g1");
    assert_eq!(store.next_due().expect("readable"), Some(at(0)));
    store.failed(due(store, 0)[0].seq, "503", at(30)).expect("pending");
    assert_eq!(keys(&due(store, 10)), [""; 0], "h2 is of another time but waits for what was tried");
    assert_eq!(store.next_due().expect("readable"), Some(at(30)));
    let after = due(store, 30);
    assert_eq!(keys(&after), ["h1", "h2"]);
    for row in after {
        store.delivered(row.seq, at(31)).expect("pending");
    }
    assert_eq!(store.next_due().expect("readable"), Some(at(60)), "the first of the group decides");
    assert_eq!(keys(&due(store, 60)), ["g1", "g2"]);
}

pub(super) fn a_begun_delivery_is_remembered(store: &impl Store) {
    store.enqueue(&[draft("a1", "a", 0)], at(0)).expect("a new key");
    let row = due(store, 0).remove(0);
    assert_eq!(row.begun_at, None);
    store.begin(row.seq, at(1)).expect("pending");
    store.begin(row.seq, at(9)).expect("again");
    assert_eq!(due(store, 10)[0].begun_at, Some(at(1)), "the first time counts");
}

pub(super) fn a_notice_carries_the_head_of_the_audit_log(store: &impl Store) {
    let notice =
        |key: &str| OutboxDraft { payload: json!({"schema": "cattleguard.dev/notice/v1"}), ..draft(key, "a", 0) };
    store.enqueue(&[notice("a1")], at(0)).expect("a new key");
    assert_eq!(due(store, 0)[0].draft, notice("a1"), "there is no entry yet");
    let entry = store.append(at(1), "erin@ops", "test", "nothing", &json!({})).expect("appended");
    store.enqueue(&[notice("a2"), draft("a3", "a", 0)], at(2)).expect("new keys");
    let rows = due(store, 2);
    assert_eq!(rows[1].draft.payload["audit"], json!({"seq": entry.seq, "hash": entry.hash}));
    assert_eq!(rows[2].draft, draft("a3", "a", 0), "only notices");
}

pub(super) fn a_failed_row_holds_back_its_destination_only(store: &impl Store) {
    store.enqueue(&[draft("a1", "a", 0), draft("a2", "a", 0), draft("b1", "b", 0)], at(0)).expect("new keys");
    let first = due(store, 0)[0].seq;
    store.failed(first, "503", at(30)).expect("pending");
    assert_eq!(keys(&due(store, 10)), ["b1"]);
    let row = &due(store, 30)[0];
    assert_eq!((row.draft.key.as_str(), row.attempts, row.last_error.as_deref()), ("a1", 1, Some("503")));
    store.dead(first, "410", at(31)).expect("pending");
    assert_eq!(keys(&due(store, 31)), ["a2", "b1"], "a row that was given up holds nothing back");
    assert_eq!(keys(&store.rows(Some(OutboxState::Dead)).expect("readable")), ["a1"]);
}

pub(super) fn settled_rows_stay_settled(store: &impl Store) {
    store.enqueue(&[draft("a1", "a", 0)], at(0)).expect("a new key");
    let seq = due(store, 0)[0].seq;
    store.delivered(seq, at(1)).expect("pending");
    store.delivered(seq, at(2)).expect("saying it again is fine");
    assert!(matches!(store.failed(seq, "late", at(3)), Err(StoreError::Conflict(_))));
    assert!(matches!(store.dead(seq, "late", at(3)), Err(StoreError::Conflict(_))));
    assert!(matches!(store.delivered(seq + 1, at(3)), Err(StoreError::NotFound(_))));
    let rows = store.rows(Some(OutboxState::Delivered)).expect("readable");
    assert_eq!((rows.len(), rows[0].attempts), (1, 1));
    assert_eq!(store.next_due().expect("readable"), None);
}

pub(super) fn what_takes_nothing_now_is_known_and_a_failed_test_can_be_taken_back(store: &impl Store) {
    let failing = || store.failing().expect("readable").into_iter().collect::<Vec<_>>();
    store.enqueue(&[draft("a1", "a", 0), draft("b1", "b", 0), draft("c1", "c", 0)], at(0)).expect("new keys");
    assert!(failing().is_empty(), "not tried yet");
    let seqs: Vec<i64> = due(store, 0).into_iter().map(|row| row.seq).collect();
    store.failed(seqs[0], "503", at(30)).expect("pending");
    store.dead(seqs[1], "410", at(1)).expect("pending");
    store.delivered(seqs[2], at(1)).expect("pending");
    assert_eq!(failing(), ["a", "b"]);
    store.enqueue(&[draft("b2", "b", 1)], at(1)).expect("a new key");
    let again = due(store, 1).into_iter().find(|row| row.draft.key == "b2").expect("due").seq;
    store.delivered(again, at(2)).expect("pending");
    assert_eq!(failing(), ["a"], "it takes notices again");
    store.withdraw(seqs[0]).expect("pending");
    store.withdraw(seqs[1]).expect("given up");
    store.withdraw(seqs[2]).expect("delivered rows stay");
    assert_eq!(keys(&store.rows(None).expect("readable")), ["c1", "b2"]);
    assert!(failing().is_empty());
}

pub(super) fn errors_are_bounded(store: &impl Store) {
    store.enqueue(&[draft("a1", "a", 0)], at(0)).expect("a new key");
    let seq = due(store, 0)[0].seq;
    store.failed(seq, &"é".repeat(100_000), at(1)).expect("pending");
    let kept = store.rows(None).expect("readable")[0].last_error.clone().unwrap_or_default();
    assert_eq!(kept.chars().count(), 500);
}

pub(super) fn last_notice_ignores_dead_rows(store: &impl Store) {
    let group = draft("", "a", 0).group;
    assert_eq!(store.last_notice("a", &group).expect("readable"), None);
    store.enqueue(&[draft("a1", "a", 5), draft("a2", "a", 6), draft("a3", "a", 7)], at(0)).expect("new keys");
    let seqs: Vec<i64> = due(store, 10).iter().map(|row| row.seq).collect();
    assert_eq!(store.last_notice("a", &group).expect("readable"), Some((at(7), json!({"text": "a3"}))));
    store.delivered(seqs[0], at(8)).expect("pending");
    store.delivered(seqs[1], at(9)).expect("pending");
    store.dead(seqs[2], "gone", at(10)).expect("pending");
    assert_eq!(store.last_notice("a", &group).expect("readable"), Some((at(9), json!({"text": "a2"}))));
    assert_eq!(store.last_notice("b", &group).expect("readable"), None);
}

/// What a delivery loop meets, in any order.
#[derive(Clone, Debug)]
enum Step {
    Enqueue { destination: u8, due: i64 },
    Deliver { which: prop::sample::Index },
    Fail { which: prop::sample::Index, retry: i64 },
    GiveUp { which: prop::sample::Index },
    Wait { seconds: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = any::<prop::sample::Index>;
    let step = prop_oneof![
        3 => (0..3_u8, 0..50_i64).prop_map(|(destination, due)| Step::Enqueue { destination, due }),
        3 => which().prop_map(|which| Step::Deliver { which }),
        1 => (which(), 1..40_i64).prop_map(|(which, retry)| Step::Fail { which, retry }),
        1 => which().prop_map(|which| Step::GiveUp { which }),
        2 => (1..20_i64).prop_map(|seconds| Step::Wait { seconds }),
    ];
    prop::collection::vec(step, 1..60)
}

/// Against a plain list as the model: whatever happens, a destination gets its rows in the order in which
/// they were put in, and every row that may go now is offered. Each case uses destinations of its own, so
/// that cases do not meet in one store.
pub(super) fn no_row_overtakes_another(store: &impl Store) {
    let cases = Cell::new(0_u32);
    let mut runner = TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&steps(), |steps| {
        let case = cases.get() + 1;
        cases.set(case);
        let mut now = 0;
        let mut model: BTreeMap<String, Vec<(String, i64)>> = BTreeMap::new();
        for (number, step) in steps.iter().enumerate() {
            let mine = format!("{case}-");
            let offered: Vec<OutboxRow> = store
                .due(at(now), 1000)
                .expect("readable")
                .into_iter()
                .filter(|row| row.draft.destination.starts_with(&mine))
                .collect();
            for (destination, pending) in &model {
                let expected: Vec<&str> =
                    pending.iter().take_while(|(_, due)| *due <= now).map(|(key, _)| key.as_str()).collect();
                let found: Vec<&str> = offered
                    .iter()
                    .filter(|row| row.draft.destination == *destination)
                    .map(|row| row.draft.key.as_str())
                    .collect();
                prop_assert_eq!(found, expected);
            }
            apply(store, step, &offered, &mut model, &mut now, format!("{case}-{number}"), case);
        }
        // Leave nothing pending for the next case.
        for row in store.rows(Some(OutboxState::Pending)).expect("readable") {
            store.dead(row.seq, "end of case", at(now)).expect("pending");
        }
        Ok(())
    });
    ran.expect("order holds");
}

fn apply(
    store: &impl Store,
    step: &Step,
    offered: &[OutboxRow],
    model: &mut BTreeMap<String, Vec<(String, i64)>>,
    now: &mut i64,
    key: String,
    case: u32,
) {
    let chosen = |which: &prop::sample::Index| (!offered.is_empty()).then(|| which.get(offered));
    match step {
        Step::Wait { seconds } => *now += seconds,
        Step::Enqueue { destination, due } => {
            let destination = format!("{case}-{destination}");
            let draft = OutboxDraft { due_at: at(*now + due), ..draft(&key, &destination, 0) };
            store.enqueue(&[draft], at(*now)).expect("a new key");
            model.entry(destination).or_default().push((key, *now + due));
        }
        Step::Deliver { which } | Step::GiveUp { which } => {
            let Some(row) = chosen(which) else { return };
            match step {
                Step::Deliver { .. } => store.delivered(row.seq, at(*now)),
                _ => store.dead(row.seq, "no", at(*now)),
            }
            .expect("pending");
            model.entry(row.draft.destination.clone()).or_default().retain(|(key, _)| *key != row.draft.key);
        }
        Step::Fail { which, retry } => {
            let Some(row) = chosen(which) else { return };
            store.failed(row.seq, "no", at(*now + retry)).expect("pending");
            for (key, due) in model.entry(row.draft.destination.clone()).or_default() {
                if *key == row.draft.key {
                    *due = *now + retry;
                }
            }
        }
    }
}

//! Log objects and messages between scans.

use super::sample::{at, lease, place, scan};
use crate::store::{DeadLetter, ObjectMark, ScanCommit, Store, TrailMarks};
use crate::types::Place;

fn object(key: &str, delivered: i64, problem: Option<&str>) -> ObjectMark {
    ObjectMark {
        place: place(),
        source: "s3:logs/".to_owned(),
        key: key.to_owned(),
        etag: "0a".to_owned(),
        size: 7,
        delivered_at: at(delivered),
        attempts: u32::from(problem.is_some()),
        problem: problem.map(str::to_owned),
    }
}

fn letter(name: &str, reason: &str, when: i64) -> DeadLetter {
    DeadLetter {
        source: "sqs:queue".to_owned(),
        name: name.to_owned(),
        reason: reason.to_owned(),
        body: "{".to_owned(),
        at: at(when),
        again: false,
    }
}

fn keys(store: &impl Store) -> Vec<String> {
    store.object_marks().expect("readable").into_iter().map(|mark| mark.key).collect()
}

fn commit(store: &impl Store, number: i64, marks: TrailMarks) {
    let lease = store.acquire("scan", "a", at(number * 100), 60).expect("free or expired");
    store.commit_scan(&lease, &ScanCommit { marks, ..scan(&format!("s{number}"), number * 100) }).expect("commits");
}

pub(super) fn objects_are_remembered_until_they_are_settled(store: &impl Store) {
    let elsewhere = ObjectMark { place: Place::new(place().account, "eu-west-2"), ..object("a", 1, None) };
    let objects = vec![object("b", 20, None), object("a", 10, None), elsewhere.clone()];
    commit(store, 1, TrailMarks { objects, ..TrailMarks::default() });
    let expected = [elsewhere.clone(), object("a", 10, None), object("b", 20, None)];
    assert_eq!(store.object_marks().expect("readable"), expected);
    let settled = vec![(place(), "s3:logs/".to_owned(), at(20)), (place(), "s3:other/".to_owned(), at(99))];
    commit(store, 2, TrailMarks { settled, ..TrailMarks::default() });
    assert_eq!(store.object_marks().expect("readable"), [elsewhere, object("b", 20, None)]);
}

pub(super) fn what_could_not_be_read_is_kept_until_it_is(store: &impl Store) {
    let settled = vec![(place(), "s3:logs/".to_owned(), at(500))];
    let objects = vec![object("a", 10, Some("access denied"))];
    commit(store, 1, TrailMarks { objects, settled: settled.clone(), ..TrailMarks::default() });
    assert_eq!(store.object_marks().expect("readable"), [object("a", 10, Some("access denied"))]);
    let again = ObjectMark { etag: "0b".to_owned(), ..object("a", 10, None) };
    commit(store, 2, TrailMarks { objects: vec![again], settled, ..TrailMarks::default() });
    assert_eq!(keys(store), Vec::<String>::new());
}

pub(super) fn what_was_given_up_is_told_once(store: &impl Store) {
    let dead = vec![letter("m-1", "it is not JSON", 1), letter("m-2", "the object is gone", 1)];
    commit(store, 1, TrailMarks { dead: dead.clone(), ..TrailMarks::default() });
    commit(store, 2, TrailMarks { dead: vec![letter("m-1", "again", 2)], ..TrailMarks::default() });
    let expected: Vec<DeadLetter> = dead.into_iter().rev().collect();
    assert_eq!(store.dead_letters().expect("readable"), expected);
}

pub(super) fn old_marks_and_letters_go(store: &impl Store) {
    let _ = lease(store);
    let objects = vec![object("a", 10, None), object("b", 900, None)];
    let dead = vec![letter("m-1", "old", 10), letter("m-2", "new", 900)];
    let lease = store.acquire("scan", "b", at(4000), 60).expect("expired");
    let marks = TrailMarks { objects, dead, ..TrailMarks::default() };
    store.commit_scan(&lease, &ScanCommit { marks, ..scan("s1", 4000) }).expect("commits");
    store.prune(at(500)).expect("prunes");
    assert_eq!(keys(store), ["b"]);
    assert_eq!(store.dead_letters().expect("readable"), [letter("m-2", "new", 900)]);
}

pub(super) fn letters_are_tried_again_or_dropped_by_people(store: &impl Store) {
    let name = |name: &str| ("sqs:queue".to_owned(), name.to_owned());
    let again = || -> Vec<(String, bool, String)> {
        let letters = store.dead_letters().expect("readable");
        letters.into_iter().map(|letter| (letter.name, letter.again, letter.reason)).collect()
    };
    let is = |name: &str, again: bool, reason: &str| (name.to_owned(), again, reason.to_owned());
    let dead = vec![letter("m-1", "one", 1), letter("m-2", "two", 1), letter("m-3", "three", 1)];
    commit(store, 1, TrailMarks { dead, ..TrailMarks::default() });
    let refused = store.retry_dead_letters(&[name("m-1"), name("m-9")], "why", "ann", at(200));
    assert!(refused.is_err() && again().iter().all(|(_, again, _)| !again), "all of them or none");
    store.retry_dead_letters(&[name("m-1"), name("m-2")], "the key is back", "ann", at(210)).expect("there");
    store.drop_dead_letters(&[name("m-3")], "a test message", "ann", at(220)).expect("there");
    assert_eq!(again(), [is("m-2", true, "two"), is("m-1", true, "one")]);
    let dead = vec![letter("m-1", "still not", 2)];
    commit(store, 3, TrailMarks { dead, revived: vec![name("m-2")], ..TrailMarks::default() });
    assert_eq!(again(), [is("m-1", false, "still not")]);
    let entries = store.entries().expect("readable");
    let told: Vec<&str> =
        entries.iter().map(|entry| entry.action.as_str()).filter(|a| a.starts_with("trail.")).collect();
    assert_eq!(told, ["trail.retry", "trail.retry", "trail.drop"]);
    assert!(entries.iter().any(|entry| entry.details["reason"] == "the key is back" && entry.actor == "ann"));
}

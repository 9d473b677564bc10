//! Destinations that show one thing for each problem: each of them is ended, and an end opens none.

use super::tests::{World, resolved_all, session, storm};
use super::*;
use crate::remediate::{OperationStatus, sample};
use crate::report::fixtures::{self, at};
use crate::report::notice::NoticeKind;
use crate::report::render::pagerduty::{action, dedup_key};
use crate::types::OperationKind;

fn pager() -> Destination {
    let kind = DestinationKind::PagerDuty { key: "k".to_owned().into(), url: "http://127.0.0.1/".to_owned() };
    Destination { kind, ..fixtures::slack("page", "http://127.0.0.1/") }
}

fn world(storm_groups: usize) -> World {
    let mut world = World::new();
    world.destinations = vec![pager()];
    world.settings.storm_groups = storm_groups;
    world
}

/// What is done to which incident.
fn actions(told: &[Notice]) -> Vec<(&'static str, String)> {
    told.iter().map(|notice| (action(notice.kind), dedup_key(notice))).collect()
}

#[test]
fn many_incidents_that_end_at_once_are_resolved_one_by_one() {
    let mut world = world(20);
    let opened = actions(&world.scan(fixtures::report(storm(7)), 0));
    world.settings.storm_groups = 3;
    let told = world.scan(resolved_all(storm(7)), 600);
    let expected: Vec<_> = opened.into_iter().map(|(_, key)| ("resolve", key)).collect();
    assert_eq!(actions(&told), expected);
    assert_eq!(world.scan(resolved_all(storm(7)), 900), []);
}

#[test]
fn the_incident_of_a_digest_ends_with_the_last_of_what_it_told() {
    let mut world = world(20);
    let opened = actions(&world.scan(fixtures::report(storm(25)), 0));
    assert_eq!((opened.len(), opened[0].0), (1, "trigger"));
    let mut fewer = fixtures::report(storm(3));
    fewer.resolved = resolved_all(storm(25).split_off(3)).resolved;
    assert_eq!(world.scan(fewer, 600), [], "22 groups that end open no incident, and three go on");
    let told = world.scan(resolved_all(storm(3)), 900);
    assert!(actions(&told).contains(&("resolve", opened[0].1.clone())), "{told:?}");
    assert!(told.iter().all(|notice| action(notice.kind) == "resolve"));
    assert_eq!(world.scan(fixtures::report(Vec::new()), 1200), [], "once");
    assert_eq!(world.kinds(fixtures::report(storm(1)), 1500), [NoticeKind::New], "the same again is news");
}

#[test]
fn a_digest_that_ends_as_a_whole_is_resolved() {
    let mut world = world(20);
    let opened = actions(&world.scan(fixtures::report(storm(25)), 0));
    let told = world.scan(resolved_all(storm(25)), 600);
    assert_eq!(actions(&told), [("resolve", opened[0].1.clone())]);
    assert_eq!(told[0].title, "25 groups resolved at once");
}

#[test]
fn elsewhere_many_ends_are_one_message_that_says_whether_others_go_on() {
    let mut world = world(20);
    world.destinations = vec![fixtures::slack("ops", "http://127.0.0.1/")];
    world.scan(fixtures::report(storm(25)), 0);
    let mut fewer = fixtures::report(storm(3));
    fewer.resolved = resolved_all(storm(25).split_off(3)).resolved;
    let told = world.scan(fewer, 600);
    assert_eq!((told.len(), told[0].kind), (1, NoticeKind::DigestEnding));
}

#[test]
fn a_server_that_was_replaced_and_is_kept_is_no_problem_any_more() {
    let mut world = world(20);
    let opened = actions(&world.scan(fixtures::report(vec![session("i-1")]), 0));
    let mut kept = fixtures::report(vec![session("i-1")]);
    let record = sample::operation("op-1", OperationKind::Replace, "i-1", 0);
    kept.unfinished = vec![sample::turned(&record, OperationStatus::Retaining, 10).0];
    let told = world.scan(kept.clone(), 600);
    assert_eq!(actions(&told), [("resolve", opened[0].1.clone())]);
    assert!(told[0].lines[0].contains("was replaced"), "{:?}", told[0].lines);
    for seconds in [900, 5 * 3600] {
        assert_eq!(world.scan(kept.clone(), seconds), []);
    }
    kept.plan.frozen.push(("web".into(), "all drifted".to_owned()));
    let frozen = world.scan(kept, 6 * 3600);
    assert_eq!((frozen[0].kind, frozen[0].totals.instances), (NoticeKind::MassDrift, 0), "nor in a fleet's drift");
    assert_eq!(frozen[0].time, at(6 * 3600));
}

//! What the state of a trail says, without and with the event history beside it.

use super::super::fixtures::{event, snapshot, time};
use super::*;
use crate::types::{Directness, Trail};

/// A healthy trail as it is seen at 12:00.
fn healthy() -> TrailState {
    let arn = "arn:aws:cloudtrail:eu-west-1:000000000000:trail/main".to_owned();
    TrailState {
        place: Place::new("000000000000", "eu-west-1"),
        trail: Trail {
            arn,
            name: "main".to_owned(),
            home: "eu-west-1".into(),
            validation: true,
            bucket: None,
            key: None,
            topic: None,
        },
        status: TrailStatus {
            logging: true,
            started_at: Some(time("00:00")),
            delivered_at: Some(time("11:55")),
            digest_at: Some(time("11:10")),
            ..TrailStatus::default()
        },
        writes: Some(true),
    }
}

fn told(states: Vec<TrailState>, events: &[ChangeEvent]) -> Vec<(String, Severity)> {
    let mut snapshot = snapshot(Vec::new(), Vec::new());
    snapshot.trails = states;
    let events: Vec<&ChangeEvent> = events.iter().collect();
    findings(&snapshot, &events).into_iter().map(|found| (found.code.to_string(), found.severity)).collect()
}

fn with(edit: impl FnOnce(&mut TrailState)) -> TrailState {
    let mut state = healthy();
    edit(&mut state);
    state
}

fn gap() -> Vec<(String, Severity)> {
    vec![("blind-trail-gap".to_owned(), Severity::High)]
}

#[test]
fn a_digest_that_is_overdue_is_a_gap() {
    assert_eq!(told(vec![healthy()], &[]), []);
    let late = with(|state| state.status.digest_at = Some(time("08:59")));
    assert_eq!(told(vec![late.clone()], &[]), gap());
    let unvalidated = TrailState { trail: Trail { validation: false, ..late.trail.clone() }, ..late.clone() };
    assert_eq!(told(vec![unvalidated], &[]), [], "it writes none");
    let young = TrailState { status: TrailStatus { started_at: Some(time("10:00")), ..late.status }, ..healthy() };
    assert_eq!(told(vec![young], &[]), [], "none is due yet");
}

#[test]
fn a_quiet_trail_is_no_gap_but_one_that_leaves_out_a_known_change_is() {
    let quiet = with(|state| state.status.delivered_at = Some(time("05:00")));
    let change = |at| vec![event("e", at, Directness::Direct, &[])];
    assert_eq!(told(vec![quiet.clone()], &[]), []);
    assert_eq!(told(vec![quiet.clone()], &change("09:00")), gap());
    assert_eq!(told(vec![quiet.clone()], &change("04:00")), [], "that was delivered");
    assert_eq!(told(vec![quiet.clone()], &change("11:00")), [], "that may still come");
    let elsewhere = TrailState { writes: None, ..quiet };
    assert_eq!(told(vec![elsewhere], &change("09:00")), [], "nobody says that it records changes");
}

#[test]
fn what_s3_refuses_is_told_also_of_digests_alone() {
    let refused = with(|state| state.status.digest_error = Some("AccessDenied".to_owned()));
    assert_eq!(told(vec![refused], &[]), gap());
}

#[test]
fn one_trail_that_records_changes_is_enough() {
    let silent = || with(|state| state.writes = Some(false));
    let other = |mut state: TrailState| {
        state.trail.arn.push('2');
        state
    };
    let narrowed = ("blind-trail-narrowed".to_owned(), Severity::High);
    assert_eq!(told(vec![silent()], &[]), vec![narrowed.clone()]);
    assert_eq!(told(vec![silent(), other(silent())], &[]), [narrowed.clone(), narrowed]);
    assert_eq!(told(vec![silent(), other(healthy())], &[]), []);
    let shadow = other(with(|state| state.writes = None));
    assert_eq!(told(vec![silent(), shadow], &[]), [], "what another region's trail records is not known here");
    let far = other(with(|state| state.place = Place::new("000000000000", "us-east-1")));
    assert_eq!(told(vec![silent(), far], &[]).len(), 1, "a trail of another place does not help");
}

#[test]
fn a_place_without_a_trail_is_worse_where_the_event_history_is_not_read() {
    let mut snapshot = snapshot(Vec::new(), Vec::new());
    snapshot.untrailed = vec![Place::new("000000000000", "eu-west-1")];
    let severity = |snapshot: &Snapshot| match findings(snapshot, &[]).as_slice() {
        [one] => (one.code.to_string(), one.severity),
        other => panic!("{other:#?}"),
    };
    assert_eq!(severity(&snapshot), ("blind-trail-missing".to_owned(), Severity::High));
    let looked_up = |region: &str| crate::types::TrailProgress {
        name: "lookup".to_owned(),
        account: "000000000000".into(),
        region: region.into(),
        status: crate::types::CoverageStatus::Complete,
        through: None,
        unread: 0,
        reason: None,
    };
    snapshot.trail_sources = vec![looked_up("us-east-1")];
    assert_eq!(severity(&snapshot).1, Severity::High, "that is another place");
    snapshot.trail_sources.push(looked_up("eu-west-1"));
    assert_eq!(severity(&snapshot).1, Severity::Medium);
}

#[test]
fn a_key_is_known_by_its_arn_and_by_its_id_in_its_own_place() {
    let state = with(|state| state.trail.key = Some("arn:aws:kms:eu-west-1:000000000000:key/k-1".to_owned()));
    let mut snapshot = snapshot(Vec::new(), Vec::new());
    snapshot.trails = vec![state];
    let concerns = |target: &str, region: &str| {
        let mut event = event("e", "09:00", Directness::Direct, &[]);
        (event.code, event.region, event.unresolved) =
            (codes::BLIND_TRAIL_STORAGE, region.into(), vec![target.to_owned()]);
        concerns_a_trail(&event, &snapshot)
    };
    assert!(
        concerns("key:k-1", "eu-west-1") && concerns("key:arn:aws:kms:eu-west-1:000000000000:key/k-1", "eu-west-1")
    );
    assert!(!concerns("key:k-1", "us-east-1") && !concerns("key:1", "eu-west-1") && !concerns("bucket:b", "eu-west-1"));
    assert!(concerns("requestParameters omitted", "eu-west-1"), "an unknown target is not no target");
}

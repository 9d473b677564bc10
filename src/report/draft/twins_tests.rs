use super::super::tests::{World, silence};
use super::*;
use crate::report::fixtures::{self};
use crate::report::notice::{Notice, NoticeKind};
use crate::types::{BECAUSE_DIRECT, FindingStatus, Severity};

/// A change of user data as the trail and the server tell it.
fn both() -> Vec<Finding> {
    let mut event = fixtures::finding("event-user-data-changed", "i-1", "user data");
    event.attribution[0].because = BECAUSE_DIRECT.to_owned();
    event.severity = Severity::Critical;
    let mut state = fixtures::finding("config-user-data", "i-1", "user data");
    state.attribution.clone_from(&event.attribution);
    vec![event, state]
}

fn told(world: &mut World, findings: Vec<Finding>, seconds: i64) -> Vec<(NoticeKind, String)> {
    let read = |notice: Notice| (notice.kind, notice.group.code.as_str().to_owned());
    world.scan(fixtures::report(findings), seconds).into_iter().map(read).collect()
}

fn new(code: &str) -> Vec<(NoticeKind, String)> {
    vec![(NoticeKind::New, code.to_owned())]
}

#[test]
fn two_findings_of_one_change_are_told_once() {
    let mut world = World::new();
    assert_eq!(told(&mut world, both(), 0), new("config-user-data"));
    assert_eq!(told(&mut world, both(), 600), []);
}

#[test]
fn where_a_filter_leaves_the_state_out_the_event_is_told() {
    let mut world = World::new();
    world.destinations[0].filter.codes = vec!["event-*".to_owned()];
    world.destinations.push(fixtures::slack("all", "http://127.0.0.1/"));
    let expected = [new("event-user-data-changed"), new("config-user-data")].concat();
    assert_eq!(told(&mut world, both(), 0), expected, "each destination by its own filter");
    assert_eq!(told(&mut world, both(), 600), []);

    let mut world = World::new();
    world.destinations[0].filter.min_severity = Severity::Critical;
    assert_eq!(told(&mut world, both(), 0), new("event-user-data-changed"));
}

#[test]
fn a_silence_covers_only_what_it_names() {
    let mut world = World::new();
    world.settings.silences = vec![silence(Some("web"), Some("config-*"), None)];
    assert_eq!(told(&mut world, both(), 10), new("event-user-data-changed"));
    assert_eq!(told(&mut world, both(), 600), []);
    let after = world.scan(fixtures::report(both()), 1000);
    let kinds: Vec<_> = after.iter().map(|notice| notice.kind).collect();
    assert_eq!(kinds, [NoticeKind::New, NoticeKind::Reattributed], "the state takes over when the silence ends");
    assert!(after[1].lines[0].contains("told with config-user-data from now on"), "{:?}", after[1].lines);

    let mut world = World::new();
    world.settings.silences = vec![silence(Some("web"), None, None)];
    assert_eq!(told(&mut world, both(), 10), [], "both are silenced");
}

#[test]
fn in_quiet_hours_what_is_severe_is_told_although_its_state_waits() {
    let mut world = World::new();
    world.destinations[0].quiet.windows = vec![crate::types::plan::Window {
        days: Vec::new(),
        from: "10:00".to_owned(),
        to: "11:00".to_owned(),
        zone: "UTC".to_owned(),
    }];
    assert_eq!(told(&mut world, both(), 60), new("event-user-data-changed"));
}

#[test]
fn a_person_who_acknowledged_the_state_knows_of_the_event() {
    let mut world = World::new();
    let mut seen = both();
    seen[1].status = FindingStatus::Acknowledged;
    assert_eq!(told(&mut world, seen, 0), []);
}

//! `exceptions`, from the grant to the end.

use super::world::World;
use crate::store::{Findings as _, Outbox as _};
use crate::testing::SimActor;
use crate::types::FindingStatus;

const NOTIFY: &str =
    "[[notify]]\nname = \"hook\"\nkind = \"webhook\"\nurl = { file = \"url\" }\nsecrets = [{ file = \"secret\" }]\n";

fn add(world: &World, scope: &[&str]) -> i32 {
    let why = ["--reason", "hotfix", "--ticket", "OPS-1", "--approver", "dora", "--expires", "10d"];
    world.run(&[&["exceptions", "add"], scope, &why].concat())
}

fn kinds(world: &World) -> Vec<String> {
    let rows = world.store().rows(None).expect("readable");
    rows.iter().map(|row| row.draft.payload["kind"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn one_waives_is_warned_of_ends_and_is_told() {
    let world = World::new(NOTIFY);
    // Nobody answers there, and nothing has to arrive.
    world.secret("url", "https://127.0.0.1:9/hook");
    world.secret("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    world.record(&[]);
    let member = world.fleet.instances()[0].clone();
    world.fleet.cloud.start_session(&SimActor::person("Alice Example"), &member).expect("a session");
    world.fleet.clock.advance(std::time::Duration::from_secs(900));
    assert_eq!(world.run(&["scan"]), 1);
    assert_eq!(add(&world, &["--fleet", "web"]), 64, "a whole fleet is a policy");
    assert_eq!(add(&world, &["--fleet", "nowhere", "--code", "event-*"]), 64);
    assert_eq!(add(&world, &["--account", "999999999999", "--code", "event-interactive-session"]), 64);
    assert_eq!(add(&world, &["--path", "etc/motd"]), 64);
    assert_eq!(add(&world, &["--fleet", "web", "--code", "event-interactive-session"]), 0);
    assert_eq!(add(&world, &["--path", "/opt/none/**"]), 0);
    let (_, list) = world.json(&["exceptions", "list"]);
    let states: Vec<(&str, u64)> = list["exceptions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["state"].as_str().expect("a state"), one["waives"].as_u64().expect("a count")))
        .collect();
    assert!(states.contains(&("active", 1)) && states.contains(&("unused", 0)), "{states:?}");
    assert_eq!(world.json(&["exceptions", "list", "--unused"]).1["exceptions"].as_array().map(Vec::len), Some(1));
    let day = |count: u64| {
        world.fleet.clock.advance(std::time::Duration::from_secs(count * 86_400));
        world.run(&["scan"]);
    };
    let status = || {
        let findings = world.store().findings(false).expect("readable");
        let session = findings.iter().find(|finding| finding.code.as_str() == "event-interactive-session");
        session.expect("the finding").status
    };
    day(1);
    assert_eq!(status(), FindingStatus::Waived);
    assert!(!kinds(&world).contains(&"exception_ending".to_owned()), "nine days are left");
    day(3);
    day(1);
    let ending = |world: &World| kinds(world).iter().filter(|kind| *kind == "exception_ending").count();
    assert_eq!(ending(&world), 1, "once in the last week");
    day(4);
    assert_eq!(ending(&world), 2, "and once on the last day");
    assert_eq!(world.json(&["exceptions", "list"]).1["exceptions"][0]["state"], "ends soon");
    day(2);
    assert_eq!(status(), FindingStatus::Open);
    assert_eq!(kinds(&world).iter().filter(|kind| *kind == "exception_ended").count(), 1);
    day(1);
    assert_eq!(kinds(&world).iter().filter(|kind| *kind == "exception_ended").count(), 1, "once");
    assert_eq!(world.json(&["exceptions", "list"]).1["exceptions"].as_array().map(Vec::len), Some(0));
}

#[test]
fn the_configuration_bounds_exceptions_and_asks_for_another_approver() {
    let world = World::new("[exceptions]\nmax_duration = \"5d\"\nother_approver = true\n");
    let scope = ["--instance", "i-0123456789abcdef0"];
    assert_eq!(add(&world, &scope), 64, "ten days are too long");
    let mine = crate::app::operator::operator(&std::env::vars().collect::<Vec<_>>());
    let args = ["exceptions", "add", "--reason", "r", "--ticket", "T", "--expires", "5d"];
    assert_eq!(world.run(&[&args[..], &scope, &["--approver", &mine]].concat()), 64);
    assert_eq!(world.run(&[&args[..], &scope, &["--approver", "somebody-else"]].concat()), 0);
}

#[test]
fn a_row_of_another_hand_that_is_too_wide_waives_nothing() {
    let world = World::new("");
    world.record(&[]);
    let member = world.fleet.instances()[0].clone();
    world.fleet.cloud.start_session(&SimActor::person("Alice Example"), &member).expect("a session");
    world.fleet.clock.advance(std::time::Duration::from_secs(900));
    assert_eq!(world.run(&["scan"]), 1);
    for scope in
        [&["--subject", "*"][..], &["--code", "event-*", "--subject", "*"], &["--fleet", "web", "--subject", "*"]]
    {
        assert_eq!(add(&world, scope), 64, "{scope:?}");
    }
    assert_eq!(add(&world, &["--code", "event-interactive-session"]), 0);
    let database = rusqlite::Connection::open(world.path("state.db")).expect("opens");
    let changed = "UPDATE exception SET body = json_set(body, '$.code', NULL, '$.subject', '*')";
    assert_eq!(database.execute(changed, []).expect("written"), 1);
    world.fleet.clock.advance(std::time::Duration::from_secs(900));
    assert_eq!(world.run(&["scan"]), 1);
    let findings = world.store().findings(false).expect("readable");
    assert!(findings.iter().all(|finding| finding.status == FindingStatus::Open), "{findings:#?}");
    let (_, list) = world.json(&["exceptions", "list"]);
    assert_eq!((&list["exceptions"][0]["state"], &list["exceptions"][0]["waives"]), (&"too wide".into(), &0.into()));
}

#[test]
fn lists_write_nothing() {
    let world = World::new("");
    for list in [&["exceptions", "list"][..], &["silences", "list"], &["golden", "list"]] {
        assert_eq!(world.run(list), 0, "{list:?}");
        assert!(!world.path("state.db").exists(), "{list:?} made a state");
    }
    assert_ne!(world.run(&["store", "prune", "--dry-run"]), 0);
    assert!(!world.path("state.db").exists());
}

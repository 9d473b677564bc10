//! `doctor`: what is missing is said with what to do, and nothing is changed by looking.

use cattleguard::collect::ReadFailure;
use cattleguard::testing::FailRule;
use serde_json::Value;

use crate::harness::{CONFIG, OK, Setup, TestApp, array, small, text};

const PERMISSION: i32 = 77;

/// The checks of one topic, as health and text.
fn of<'v>(report: &'v Value, topic: &str) -> Vec<(&'v str, &'v str, &'v str)> {
    let checks = array(report, "checks").iter().filter(|check| text(check, "topic") == topic);
    checks.map(|check| (text(check, "health"), text(check, "subject"), text(check, "text"))).collect()
}

fn ready() -> TestApp {
    let app = Setup::new(small()).start();
    app.settle();
    app.scan();
    app
}

#[test]
fn a_world_that_is_ready_has_no_failed_check_and_stays_as_it_is() {
    let app = ready();
    let before = std::fs::read(app.path("state.db")).expect("the state");
    let (code, report) = app.json(&["doctor"]);
    assert_eq!(code, OK, "{report:#}");
    assert_eq!(report["summary"]["failed"], 0);
    for topic in ["configuration", "state", "policies", "clock", "identity", "reading", "trail", "inventory", "goldens"]
    {
        assert!(!of(&report, topic).is_empty(), "nothing is said of {topic}");
    }
    assert_eq!(std::fs::read(app.path("state.db")).expect("the state"), before, "looking changed the state");
}

#[test]
fn a_denied_call_is_named_with_the_action_to_allow() {
    let app = Setup::new(small()).failing().start();
    app.settle();
    app.faults.add_rule(FailRule::fail(ReadFailure::Denied).api("ssm:GetInventory"));
    let (code, report) = app.json(&["doctor"]);
    assert_eq!(code, PERMISSION, "{report:#}");
    let failed: Vec<_> = of(&report, "reading").into_iter().filter(|(health, ..)| *health == "failed").collect();
    assert!(failed.iter().any(|(_, _, said)| said.contains("ssm")), "{report:#}");
    let advice = array(&report, "checks").iter().filter_map(|check| check["advice"].as_str());
    assert!(advice.into_iter().any(|advice| advice.contains("allow ssm:GetInventory")), "{report:#}");
}

#[test]
fn a_fleet_that_is_to_be_replaced_needs_a_promoted_golden() {
    let app = Setup::new(small()).mode("replace").fleet("enforcement = \"replace\"").start_unrecorded();
    app.settle();
    let (code, report) = app.json(&["doctor"]);
    assert_eq!(code, CONFIG, "{report:#}");
    let goldens = of(&report, "goldens");
    assert!(goldens.iter().any(|(health, subject, _)| (*health, *subject) == ("failed", "fleet web")), "{report:#}");
}

#[test]
fn of_a_state_that_cannot_be_read_nothing_is_claimed() {
    let app = ready();
    app.may_leave_alerts();
    std::fs::write(app.path("state.db"), "no database").unwrap();
    let (_, report) = app.json(&["doctor"]);
    std::fs::remove_file(app.path("state.db")).unwrap();
    let goldens = of(&report, "goldens");
    assert!(!goldens.is_empty() && goldens.iter().all(|(.., said)| said.starts_with("not looked at")), "{report:#}");
}

#[test]
fn what_people_see_names_every_topic_once_and_counts() {
    let app = ready();
    let (_, shown) = app.text("table", &["doctor"]);
    assert_eq!(shown.lines().filter(|line| *line == "reading").count(), 1, "{shown}");
    assert!(shown.contains("no destination is configured"), "{shown}");
    let (_, problems) = app.text("table", &["doctor", "--problems"]);
    assert!(!problems.contains("  ok "), "{problems}");
    assert!(problems.contains("checks, "), "{problems}");
}

#[test]
fn servers_whose_inventory_grew_old_are_counted() {
    let app = ready();
    app.minutes(60 * 24 * 3);
    let (_, report) = app.json(&["doctor"]);
    let inventory = of(&report, "inventory");
    assert!(
        inventory.iter().any(|(health, _, said)| *health == "warning" && said.contains("no recent inventory")),
        "{report:#}"
    );
}

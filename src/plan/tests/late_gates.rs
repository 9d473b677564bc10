//! Budget to permissions, and what follows from several gates together.

use jiff::SignedDuration;
use serde_json::json;

use super::table::*;
use super::world::*;
use crate::plan::{Alarm, AlarmState, Approval, OperationState, Permissions};
use crate::types::GateAnswer::{Allow, Hold, Refuse};
use crate::types::{Action, CoverageStatus, Enforcement, Gate, GoldenStatus, OperationKind, Severity, Source, Track};

#[test]
fn budget() {
    table(
        Gate::Budget,
        &[
            ("percent rounds down to none", |w| w.fleets[0].budget_percent = 9.9, Refuse),
            (
                "one is let through",
                |w| {
                    w.fleets[0].budget_percent = 9.9;
                    w.fleets[0].allow_min_one = true;
                },
                Allow,
            ),
            ("no count", |w| w.fleets[0].budget_count = 0, Refuse),
            ("another in flight", |w| w.history.operations.push(past(5, OperationState::InFlight)), Hold),
            (
                "another in flight, with room",
                |w| {
                    w.history.operations.push(past(4, OperationState::InFlight));
                    w.fleets[0].budget_count = 2;
                    w.fleets[0].budget_percent = 20.0;
                },
                Allow,
            ),
            (
                "itself in flight",
                |w| {
                    w.history.operations.push(past(0, OperationState::InFlight));
                    w.fleets[0].budget_count = 9;
                    w.fleets[0].budget_percent = 90.0;
                },
                Hold,
            ),
            ("another unhealthy", |w| w.members[3].instance.state = "stopped".to_owned(), Hold),
            ("itself unhealthy", |w| w.first().instance.state = "stopped".to_owned(), Allow),
            (
                "finished within the cool-down",
                |w| {
                    let at = ago(0).checked_sub(SignedDuration::from_mins(29)).unwrap();
                    w.history.operations.push(past(5, OperationState::Finished(at)));
                },
                Hold,
            ),
            (
                "finished before the cool-down",
                |w| {
                    w.history.operations.push(past(5, OperationState::Finished(ago(1))));
                },
                Allow,
            ),
        ],
    );
}

#[test]
fn the_budget_goes_to_the_most_severe_then_to_the_oldest() {
    let mut world = World::new();
    world.fleets[0].one_zone_at_a_time = false;
    world.members[1] = drifted(1, "web", Action::Replace, Severity::Critical);
    world.members[2] = drifted(2, "web", Action::Replace, Severity::High);
    world.members[2].findings[0].first_seen = ago(9);
    assert_eq!(world.operations(), [(OperationKind::Replace, 1)]);
    world.fleets[0].budget_count = 2;
    world.fleets[0].budget_percent = 20.0;
    assert_eq!(world.operations(), [(OperationKind::Replace, 1), (OperationKind::Replace, 2)]);
}

#[test]
fn availability() {
    fn targets(world: &mut World, in_group: u32, in_zone: u32) {
        world.first().instance.targets = vec![target(in_group, in_zone)];
    }
    table(
        Gate::Availability,
        &[
            ("hygiene: the only healthy target", |w| targets(w, 1, 1), Allow),
            (
                "hygiene: already below the minimum",
                |w| {
                    targets(w, 2, 1);
                    w.fleets[0].min_healthy = 3;
                },
                Hold,
            ),
            (
                "containing the only healthy target",
                |w| {
                    contain(w);
                    targets(w, 1, 1);
                },
                Hold,
            ),
            (
                "containing one of two in two zones",
                |w| {
                    contain(w);
                    targets(w, 2, 1);
                },
                Hold,
            ),
            (
                "containing one of two in one zone",
                |w| {
                    contain(w);
                    targets(w, 2, 2);
                },
                Allow,
            ),
            (
                "containing the only server, which is registered on two ports",
                |w| {
                    contain(w);
                    let one = target(1, 1);
                    let other = crate::types::TargetMembership { port: Some(81), ..target(1, 1) };
                    w.first().instance.targets = vec![one, other];
                },
                Hold,
            ),
            (
                "containing one that is not healthy",
                |w| {
                    contain(w);
                    targets(w, 1, 1);
                    w.first().instance.targets[0].health = "draining".to_owned();
                },
                Allow,
            ),
            (
                "compromise: replacing contains first",
                |w| {
                    w.decision().track = Track::Compromise;
                    targets(w, 1, 1);
                },
                Hold,
            ),
            (
                "group at its minimum, containing",
                |w| {
                    contain(w);
                    in_group(w, 2, 2);
                },
                Hold,
            ),
            (
                "group above its minimum, containing",
                |w| {
                    contain(w);
                    in_group(w, 3, 2);
                },
                Allow,
            ),
            ("group at its minimum, hygiene", |w| in_group(w, 2, 2), Allow),
            ("load balancers not read", |w| w.coverage.retain(|c| c.source != Source::Elb), Hold),
            ("groups not read, and it has none", |w| w.coverage.retain(|c| c.source != Source::Autoscaling), Allow),
            (
                "groups not read, and it has one",
                |w| {
                    in_group(w, 3, 2);
                    w.coverage_of(Source::Autoscaling).status = CoverageStatus::Partial;
                },
                Hold,
            ),
        ],
    );
}

#[test]
fn two_containments_count_against_the_same_target_group() {
    let mut world = World::new();
    world.members[2] = drifted(2, "web", Action::Quarantine, Severity::High);
    contain(&mut world);
    for number in [0, 2] {
        world.members[number].instance.targets = vec![target(2, 2)];
    }
    world.fleets[0].budget_count = 5;
    world.fleets[0].budget_percent = 50.0;
    assert_eq!(world.operations(), [(OperationKind::Quarantine, 0)]);
}

#[test]
fn alarm() {
    fn alarm(fleet: Option<&str>, state: AlarmState) -> Alarm {
        Alarm { fleet: fleet.map(Into::into), name: "errors".to_owned(), state }
    }
    table(
        Gate::Alarm,
        &[
            ("quiet", |w| w.alarms.push(alarm(None, AlarmState::Ok)), Allow),
            ("firing", |w| w.alarms.push(alarm(None, AlarmState::Firing)), Hold),
            ("own fleet's", |w| w.alarms.push(alarm(Some("web"), AlarmState::Firing)), Hold),
            ("another fleet's", |w| w.alarms.push(alarm(Some("db"), AlarmState::Firing)), Allow),
            ("unknown", |w| w.alarms.push(alarm(None, AlarmState::Unknown)), Hold),
        ],
    );
}

#[test]
fn approval() {
    table(Gate::Approval, &[("wanted", |w| w.fleets[0].approval = true, Hold)]);
    let mut world = World::new();
    world.fleets[0].approval = true;
    let waiting = world.plan();
    assert!(waiting.operations.is_empty());
    let approve = |hash: &crate::types::PlanHash, hours: i64| Approval {
        plan: hash.clone(),
        approver: "ben".to_owned(),
        given_at: ago(0),
        expires_at: ago(-hours),
    };
    world.approvals = vec![approve(&waiting.hash, 1)];
    let approved = world.plan();
    assert_eq!(approved.operations.len(), 1);
    assert_eq!(approved.hash, waiting.hash, "what was approved is what runs");
    let own = waiting.held[0].operation.clone().expect("nothing else holds it");
    assert_eq!(waiting.approval.as_ref(), Some(&waiting.hash), "there is nothing else in the plan");
    world.approvals = vec![approve(&own, 1)];
    assert_eq!(world.plan().operations.len(), 1, "the operation alone was approved");
    let mut begun = super::table::past(0, crate::plan::OperationState::Finished(ago(2)));
    begun.instance = world.first().instance.id.clone();
    begun.begun_at = ago(-1);
    world.history.operations.push(begun);
    assert_eq!(world.answer(Gate::Approval), Hold, "it was used up");
    world.history.operations.clear();
    world.approvals = vec![approve(&waiting.hash, -1)];
    assert_eq!(world.answer(Gate::Approval), Hold, "it expired");
    world.approvals = vec![approve(&"blake3:00".into(), 1)];
    assert_eq!(world.answer(Gate::Approval), Hold, "it is for another plan");
    world.approvals = vec![approve(&waiting.hash, 1)];
    world.first().instance.instance_type = "m7g.xlarge".to_owned();
    assert_eq!(world.answer(Gate::Approval), Hold, "the instance is not what was approved");
}

/// The instances of this world are of the type `m7g.large`.
fn built_for(world: &mut World, architecture: &str) {
    world.images.values_mut().for_each(|image| image.architecture = Some(architecture.to_owned()));
}

#[test]
fn golden_usable() {
    table(
        Gate::GoldenUsable,
        &[
            ("none promoted", |w| w.goldens[0].status = GoldenStatus::Recorded, Refuse),
            ("revoked", |w| w.goldens[0].status = GoldenStatus::Revoked, Refuse),
            ("another line's", |w| w.goldens[0].line = "db".into(), Refuse),
            ("no image here", |w| w.goldens[0].images[0].region = "us-east-1".into(), Refuse),
            ("another account's image", |w| w.goldens[0].images[0].account = Some("999999999999".into()), Refuse),
            ("disabled", |w| w.images.values_mut().for_each(|image| image.state = "disabled".to_owned()), Refuse),
            ("deprecated", |w| w.images.values_mut().for_each(|image| image.deprecated_at = Some(ago(1))), Refuse),
            (
                "deprecated later",
                |w| w.images.values_mut().for_each(|image| image.deprecated_at = Some(ago(-1))),
                Allow,
            ),
            ("another architecture's", |w| built_for(w, "x86_64"), Refuse),
            ("its own architecture's", |w| built_for(w, "arm64"), Allow),
            (
                "that of its type",
                |w| {
                    built_for(w, "x86_64");
                    w.first().instance.instance_type = "m7i.large".to_owned();
                },
                Allow,
            ),
            (
                "that of the only type the golden allows",
                |w| {
                    built_for(w, "x86_64");
                    w.goldens[0].contract.instance_types = Some(["m7i.large".to_owned()].into());
                },
                Allow,
            ),
            (
                "not that of the only type the golden allows",
                |w| {
                    built_for(w, "arm64");
                    w.goldens[0].contract.instance_types = Some(["m7i.large".to_owned()].into());
                },
                Refuse,
            ),
            (
                "what EC2 says goes before the name",
                |w| {
                    built_for(w, "x86_64");
                    w.first().instance.architecture = Some("x86_64".to_owned());
                },
                Allow,
            ),
            ("not described", |w| w.images.clear(), Hold),
            (
                "not described when observing",
                |w| {
                    w.images.clear();
                    w.mode = Enforcement::Observe;
                },
                Allow,
            ),
            (
                "containing",
                |w| {
                    contain(w);
                    w.goldens.clear();
                },
                Allow,
            ),
        ],
    );
}

#[test]
fn permissions() {
    table(
        Gate::Permissions,
        &[
            ("not checked", |w| w.permissions = Permissions::Unknown, Allow),
            (
                "not checked when observing",
                |w| {
                    w.permissions = Permissions::Unknown;
                    w.mode = Enforcement::Observe;
                },
                Allow,
            ),
            (
                "missing",
                |w| {
                    w.permissions =
                        Permissions::Checked([(ACCOUNT.into(), vec!["ec2:RunInstances".to_owned()])].into());
                },
                Refuse,
            ),
            (
                "another account was checked",
                |w| w.permissions = Permissions::Checked([("9".into(), vec![])].into()),
                Hold,
            ),
        ],
    );
}

#[test]
fn a_ceiling_of_quarantine_contains_and_says_why_it_does_not_replace() {
    let mut world = World::new();
    world.fleets[0].enforcement = Enforcement::Quarantine;
    world.decision().action = Action::Quarantine;
    world.decision().capped_by = Some("fleet web: enforcement = \"quarantine\"".to_owned());
    let plan = world.plan();
    assert_eq!(crate::plan::check(&plan), Vec::<String>::new());
    assert_eq!(plan.operations.iter().map(|operation| operation.kind).collect::<Vec<_>>(), [OperationKind::Quarantine]);
    assert_eq!(plan.held.iter().map(|held| held.kind).collect::<Vec<_>>(), [OperationKind::Replace]);
}

#[test]
fn a_compromise_whose_replacement_is_held_is_contained() {
    let mut world = World::new();
    world.decision().track = Track::Compromise;
    world.decision().severity = Severity::Critical;
    assert_eq!(world.operations(), [(OperationKind::Replace, 0)], "replacing contains first");
    world.fleets[0].windows.clear();
    assert_eq!(world.operations(), [(OperationKind::Quarantine, 0)]);
}

#[test]
fn the_hash_does_not_depend_on_time_or_load() {
    let mut world = World::new();
    world.first().instance.targets = vec![target(5, 3)];
    let one = world.plan().hash;
    world.now = world.now.checked_add(SignedDuration::from_mins(5)).unwrap();
    world.first().instance.targets[0].healthy_in_group = 4;
    world.first().instance.inventory.values_mut().for_each(|item| item.captured_at = Some(ago(2)));
    assert_eq!(world.plan().hash, one);
    world.first().instance.tags.insert("new".to_owned(), json!("x").to_string());
    assert_ne!(world.plan().hash, one);
}

#[test]
fn a_doctored_plan_is_found_out() {
    let plan = World::new().plan();
    let broken = |edit: fn(&mut crate::types::Plan)| {
        let mut copy = plan.clone();
        edit(&mut copy);
        !crate::plan::check(&copy).is_empty()
    };
    assert!(!broken(|_| {}));
    assert!(broken(|plan| plan.operations[0].before_image = "blake3:00".to_owned()));
    assert!(broken(|plan| plan.operations.push(plan.operations[0].clone())));
    assert!(broken(|plan| plan.operations[0].gates[3].answer = Hold));
    assert!(broken(|plan| drop(plan.operations[0].gates.remove(3))));
    assert!(broken(|plan| plan.operations[0].golden = None));
    assert!(broken(|plan| plan.frozen.push(("web".into(), "mass drift".to_owned()))));
}

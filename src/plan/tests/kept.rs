use super::table::past;
use super::world::*;
use crate::plan::{OperationState, PastOperation};
use crate::types::{Action, Gate, GateAnswer, OperationKind, Severity, Track};

/// Replaced, stopped and kept: neither a candidate, nor a member that is down, nor one that drifted.
#[test]
fn what_is_only_kept_is_no_part_of_its_fleet() {
    let mut world = World::new();
    world.fleets[0].budget_percent = 20.0;
    for number in 1..5 {
        world.members[number] = drifted(number, "web", Action::Replace, Severity::High);
        world.members[number].instance.state = "stopped".to_owned();
    }
    let frozen = world.plan();
    assert!(frozen.operations.is_empty() && !frozen.frozen.is_empty(), "five of ten drifted");
    world.history.retained = (1..5).map(|number| instance(number).id).collect();
    let plan = world.plan();
    assert_eq!(plan.frozen, []);
    let ids: Vec<_> = plan.operations.iter().map(|operation| operation.instance.clone()).collect();
    assert_eq!(ids, [instance(0).id]);
    assert!(plan.held.is_empty(), "{:?}", plan.held);
}

/// Somebody has registered it again, and it even answers: its end is near all the same.
#[test]
fn what_is_only_kept_is_no_healthy_target_to_count_on() {
    let mut world = World::new();
    world.first().instance.targets = vec![target(2, 2)];
    world.fleets[0].min_healthy = 2;
    assert_eq!(world.answer(Gate::Availability), GateAnswer::Allow);
    world.members[1].instance.targets = vec![target(2, 2)];
    world.history.retained.insert(instance(1).id);
    let report = world.gate(Gate::Availability);
    assert_eq!(report.answer, GateAnswer::Hold);
    assert!(report.reason.contains("1 healthy targets would remain"), "{}", report.reason);
}

#[test]
fn what_is_contained_is_not_contained_again() {
    let mut world = World::new();
    super::table::contain(&mut world);
    assert_eq!(world.plan().operations.len(), 1);
    world.history.contained.insert(instance(0).id);
    let plan = world.plan();
    assert!(plan.operations.is_empty() && plan.held.is_empty());
}

/// On the hygiene track the old instance serves until the new one does; an isolated one cannot, and must not keep
/// others from their turn.
#[test]
fn what_is_contained_is_replaced_on_the_compromise_track_alone() {
    let mut world = World::new();
    world.history.contained.insert(instance(0).id);
    let report = world.gate(Gate::Ownership);
    assert_eq!(report.answer, GateAnswer::Refuse);
    assert!(report.reason.contains("in quarantine") && report.reason.contains("--contain-first"), "{}", report.reason);
    world.members[1] = drifted(1, "web", Action::Replace, Severity::High);
    let others: Vec<_> = world.plan().operations.into_iter().map(|operation| operation.instance).collect();
    assert_eq!(others, [instance(1).id], "the next one has its turn");
    world.first().decision.as_mut().unwrap().track = Track::Compromise;
    assert_eq!(world.plan().operations[0].kind, OperationKind::Replace);
}

/// One after the other a whole fleet could be contained, where no load balancer counts on its servers.
#[test]
fn what_is_contained_leaves_less_room_to_contain_others_and_none_the_less_to_replace_them() {
    let mut world = World::new();
    world.fleets[0].budget_count = 2;
    world.fleets[0].budget_percent = 100.0;
    world.members[4].instance.state = "running".to_owned();
    world.history.contained = (5..7).map(|number| instance(number).id).collect();
    assert_eq!(world.answer(Gate::Budget), GateAnswer::Allow, "it serves until its replacement does");
    super::table::contain(&mut world);
    let report = world.gate(Gate::Budget);
    assert_eq!(report.answer, GateAnswer::Hold);
    assert!(report.reason.contains("in quarantine 2"), "{}", report.reason);
    for number in 5..7 {
        world.members[number].instance.asg = Some(crate::types::AsgMembership {
            group: "web-1".to_owned(),
            lifecycle_state: Some("Standby".to_owned()),
            health: None,
            min_size: None,
            desired: None,
            max_size: None,
            in_service: None,
        });
    }
    assert_eq!(world.answer(Gate::Budget), GateAnswer::Allow, "their groups have launched substitutes");
}

/// What an operation in flight has launched is left to that operation, and booting is not being ill.
#[test]
fn a_replacement_in_the_making_is_left_alone_and_costs_nothing() {
    let mut world = World::new();
    world.fleets[0].budget_count = 2;
    world.fleets[0].budget_percent = 100.0;
    let making = |number| PastOperation { replacement: Some(instance(number).id), ..past(4, OperationState::InFlight) };
    world.members[9].instance.state = "pending".to_owned();
    assert_eq!(world.answer(Gate::Budget), GateAnswer::Allow);
    world.history.operations.push(past(4, OperationState::InFlight));
    assert_eq!(world.answer(Gate::Budget), GateAnswer::Hold, "one in flight and one that is ill");
    world.history.operations = vec![making(9)];
    assert_eq!(world.answer(Gate::Budget), GateAnswer::Allow, "the one that boots is the operation's own");
    world.history.operations = vec![making(0)];
    let report = world.gate(Gate::Budget);
    assert_eq!(report.answer, GateAnswer::Hold);
    assert!(report.reason.contains("in flight"), "{}", report.reason);
}

//! A fleet is replaced in one availability zone at a time.

use super::table::*;
use super::world::*;
use crate::plan::{OperationState, PastOperation, check};
use crate::types::GateAnswer::{Allow, Hold, Refuse};
use crate::types::{Action, Gate, GateReport, OperationKind, Severity, Track};

/// A budget for more than there is, so that only zones can hold.
fn roomy(world: &mut World) {
    world.fleets[0].budget_count = 10;
    world.fleets[0].budget_percent = 100.0;
    world.fleets[0].mass_drift.at_least = 10;
}

/// Ten servers, all to be replaced: even numbers are in zone a, odd ones in zone b.
fn rolling() -> World {
    let mut world = World::new();
    for number in 0..10 {
        world.members[number] = drifted(number, "web", Action::Replace, Severity::Low);
    }
    roomy(&mut world);
    world
}

fn replaced(world: &World) -> Vec<usize> {
    let plan = world.plan();
    assert_eq!(check(&plan), Vec::<String>::new());
    world
        .operations()
        .into_iter()
        .map(|(kind, number)| (kind == OperationKind::Replace).then_some(number).unwrap())
        .collect()
}

fn budget_of(world: &World, number: usize) -> GateReport {
    let plan = world.plan();
    let held =
        plan.held.iter().find(|held| held.instance == instance(number).id && held.kind == OperationKind::Replace);
    held.unwrap().gates.iter().find(|report| report.gate == Gate::Budget).unwrap().clone()
}

fn finished(number: usize) -> PastOperation {
    past(number, OperationState::Finished(ago(9)))
}

/// Takes a server out of the rollout in another way than by replacing it.
fn refused(world: &mut World, number: usize) {
    world.members[number].instance.operator = Some("someone".to_owned());
}

#[test]
fn what_is_in_flight_in_another_zone_holds() {
    fn in_flight(world: &mut World, edit: impl FnOnce(&mut PastOperation)) {
        roomy(world);
        let mut operation = past(5, OperationState::InFlight);
        edit(&mut operation);
        world.history.operations.push(operation);
    }
    table(
        Gate::Budget,
        &[
            ("a replacement in the other zone", |w| in_flight(w, |_| {}), Hold),
            ("a replacement in the same zone", |w| in_flight(w, |o| o.zone = "eu-west-1a".to_owned()), Allow),
            ("a quarantine in the other zone", |w| in_flight(w, |o| o.kind = OperationKind::Quarantine), Allow),
            ("in another region", |w| in_flight(w, |o| o.place.region = "us-east-1".into()), Allow),
            ("in another account", |w| in_flight(w, |o| o.place.account = "9".into()), Allow),
            ("of another fleet", |w| in_flight(w, |o| o.fleet = "api".into()), Allow),
            ("it is over", |w| in_flight(w, |o| o.state = OperationState::Finished(ago(9))), Allow),
            ("its zone is unknown", |w| in_flight(w, |o| o.zone.clear()), Hold),
            (
                "both zones are unknown",
                |w| {
                    in_flight(w, |o| o.zone.clear());
                    w.first().instance.zone.clear();
                },
                Hold,
            ),
            (
                "the fleet does without",
                |w| {
                    in_flight(w, |_| {});
                    w.fleets[0].one_zone_at_a_time = false;
                },
                Allow,
            ),
            (
                "a compromised server is no rollout",
                |w| {
                    in_flight(w, |_| {});
                    w.decision().track = Track::Compromise;
                },
                Allow,
            ),
            (
                "containing does not wait for a zone",
                |w| {
                    in_flight(w, |_| {});
                    contain(w);
                },
                Allow,
            ),
            (
                "no budget at all says so",
                |w| {
                    in_flight(w, |_| {});
                    w.fleets[0].budget_count = 0;
                },
                Refuse,
            ),
        ],
    );
}

#[test]
fn a_zone_is_finished_before_the_next_is_begun() {
    let mut world = rolling();
    assert_eq!(replaced(&world), [0, 2, 4, 6, 8], "none was begun: the first by name");
    let held = budget_of(&world, 1);
    assert_eq!(held.answer, Hold);
    for part in ["one zone at a time", "now in eu-west-1a", "end of that lifts this", "one_zone_at_a_time = false"] {
        assert!(held.reason.contains(part), "{}", held.reason);
    }
    world.history.operations.push(finished(3));
    assert_eq!(replaced(&world), [1, 3, 5, 7, 9], "the one that was begun");
    world.history.operations.extend([finished(2), finished(4)]);
    assert_eq!(replaced(&world), [0, 2, 4, 6, 8], "the one that was begun more");
    world.history.operations.iter_mut().for_each(|past| past.golden.as_mut().unwrap().version = "0".into());
    world.history.operations[0].golden = Some(golden().reference());
    assert_eq!(replaced(&world), [1, 3, 5, 7, 9], "what another version did was another rollout");
    for number in [1, 3, 5, 7, 9] {
        world.members[number] = clean(number, "web");
    }
    assert_eq!(replaced(&world), [0, 2, 4, 6, 8], "nothing is left there");
}

/// With a budget of one, the zone stays the same from one plan to the next, whoever is more severe elsewhere.
#[test]
fn one_after_the_other_zone_by_zone() {
    let mut world = rolling();
    world.fleets[0].budget_count = 1;
    world.members[3] = drifted(3, "web", Action::Replace, Severity::High);
    let mut order = Vec::new();
    while let [number] = replaced(&world)[..] {
        order.push(number);
        world.members[number] = clean(number, "web");
        world.history.operations.push(finished(number));
    }
    assert_eq!(order, [0, 2, 4, 6, 8, 3, 1, 5, 7, 9]);
}

#[test]
fn a_zone_in_which_nothing_more_can_be_done_holds_no_other() {
    let mut world = rolling();
    for number in [0, 2, 4, 6] {
        world.members[number] = clean(number, "web");
    }
    refused(&mut world, 8);
    assert_eq!(replaced(&world), [1, 3, 5, 7, 9]);
    let mut world = rolling();
    world
        .history
        .operations
        .push(PastOperation { kind: OperationKind::Quarantine, ..past(8, OperationState::InFlight) });
    for number in [0, 2, 4, 6] {
        world.members[number] = clean(number, "web");
    }
    assert_eq!(replaced(&world), [1, 3, 5, 7, 9], "what is left there is busy with something else");
}

#[test]
fn what_waits_for_a_person_is_still_to_be_done() {
    let mut world = rolling();
    world.fleets[0].approval = true;
    let plan = world.plan();
    let waits = |number: usize| {
        let held = plan.held.iter().find(|held| held.instance == instance(number).id).unwrap();
        let not = held.gates.iter().filter(|report| report.answer != Allow);
        not.map(|report| report.gate).collect::<Vec<_>>()
    };
    assert_eq!(waits(0), [Gate::Approval]);
    assert_eq!(waits(1), [Gate::Budget, Gate::Approval]);
}

#[test]
fn observing_shows_the_same_order() {
    let mut world = rolling();
    world.mode = crate::types::Enforcement::Observe;
    let plan = world.plan();
    let in_the_way = |number: usize| {
        let held = plan.held.iter().find(|held| held.instance == instance(number).id).unwrap();
        held.gates.iter().any(|report| report.gate == Gate::Budget && report.answer == Hold)
    };
    assert!(!in_the_way(0) && !in_the_way(8) && in_the_way(1));
}

#[test]
fn every_account_region_has_its_own_zone() {
    let mut world = rolling();
    for number in 5..10 {
        world.members[number].instance.region = "us-east-1".into();
        world.members[number].decision.as_mut().unwrap().region = "us-east-1".into();
    }
    let mut there = golden().images[0].clone();
    there.region = "us-east-1".into();
    world.goldens[0].images.push(there);
    for entry in world.coverage.clone() {
        world.coverage.push(crate::types::Coverage { region: "us-east-1".into(), ..entry });
    }
    for number in [0, 2, 4] {
        world.members[number] = clean(number, "web");
    }
    assert_eq!(
        replaced(&world),
        [1, 3, 6, 8],
        "zone b is all that is left in the first, zone a comes first in the other"
    );
}

#[test]
fn a_compromised_server_elsewhere_does_not_wait_and_the_rollout_waits_for_it() {
    let mut world = rolling();
    world.members[1] = drifted(1, "web", Action::Replace, Severity::Critical);
    world.members[1].decision.as_mut().unwrap().track = Track::Compromise;
    assert_eq!(replaced(&world), [1], "it comes first, and then zone a waits for its end");
    assert!(budget_of(&world, 0).reason.contains("now in eu-west-1b"));
}

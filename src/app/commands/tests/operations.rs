//! `operations`, `approve`, and what the reading commands say of operations.

use super::world::World;
use crate::remediate::sample::{moved, operation, turned};
use crate::remediate::{Journal as _, OperationRecord, OperationStatus, StepState};
use crate::store::{Audit as _, Leases as _, Scans as _};
use crate::types::{Gate, GateAnswer, GateReport, Held, OperationKind};

/// An operation in the state of a world.
fn keep(world: &World, record: &OperationRecord, more: &[(usize, StepState)], status: OperationStatus) {
    let store = world.store();
    let lease = store.acquire("test", "test", crate::remediate::sample::at(0), 60).expect("free");
    store.begin_operation(&lease, record).expect("begins");
    let mut record = record.clone();
    for (second, (index, state)) in (10..).zip(more) {
        let (next, entry) = moved(&record, *index, *state, second);
        store.record_progress(&lease, &next, &entry).expect("legal");
        record = next;
    }
    if status != OperationStatus::Running {
        let (next, entry) = turned(&record, status, 100);
        store.record_progress(&lease, &next, &entry).expect("legal");
    }
    store.release(&lease).expect("ours");
}

#[test]
fn operations_are_listed_shown_and_found_by_the_beginning_of_their_id() {
    let world = World::new("");
    let id = world.fleet.instances().remove(0).to_string();
    let first = operation("op-0190aa", OperationKind::Quarantine, &id, 0);
    keep(&world, &first, &[(0, StepState::Intended), (0, StepState::Done)], OperationStatus::NeedsHuman);
    keep(&world, &operation("op-0190ab", OperationKind::Quarantine, "i-2", 5), &[], OperationStatus::Done);

    let (exit, list) = world.json(&["operations", "list"]);
    assert_eq!((exit, list["operations"].as_array().map(Vec::len)), (4, Some(1)), "it waits for a person");
    let (exit, list) = world.json(&["operations", "list", "--all"]);
    assert_eq!((exit, list["operations"].as_array().map(Vec::len)), (4, Some(2)));
    for good in ["op-0190aa", "op-0190aa", "0190aa"] {
        let (exit, shown) = world.json(&["operations", "show", good]);
        assert_eq!((exit, &shown["id"]), (0, &"op-0190aa".into()), "{good}");
        assert_eq!(shown["journal"].as_array().map(Vec::len), Some(4));
    }
    assert_eq!(world.run(&["operations", "show", "op-0190"]), 64, "two begin so");
    assert_eq!(world.run(&["operations", "show", "op-0191"]), 2);

    let (exit, text) = world.text("table", &["timeline", &id]);
    assert_eq!(exit, 0);
    assert!(text.contains("quarantine protect done") && text.contains("quarantine needs-human"), "{text}");
    assert_eq!(world.run(&["scan"]), 1);
    let (_, explained) = world.json(&["explain", &id]);
    assert_eq!(explained["operations"][0]["id"], "op-0190aa");
}

/// Lets the last plan wait for an approval, as it does for a fleet that wants one.
pub(super) fn await_approval(world: &World) -> String {
    let mut plan = world.store().last_plan().expect("readable").expect("a plan");
    let gates = Gate::ALL.map(|gate| GateReport {
        gate,
        answer: if gate == Gate::Approval { GateAnswer::Hold } else { GateAnswer::Allow },
        until: None,
        reason: "as it is".to_owned(),
    });
    plan.held.push(Held {
        kind: OperationKind::Replace,
        instance: "i-1".into(),
        account: "000000000000".into(),
        region: "eu-west-1".into(),
        fleet: Some("web".into()),
        operation: None,
        gates: gates.into(),
    });
    let body = serde_json::to_string(&plan).expect("JSON");
    let connection = rusqlite::Connection::open(world.path("state.db")).expect("the file");
    let hash = plan.hash.to_string();
    assert_eq!(connection.execute("UPDATE plan SET body = ?1 WHERE hash = ?2", [&body, &hash]).expect("written"), 1);
    hash
}

#[test]
fn the_last_plan_is_approved_by_its_hash() {
    let world = World::new("");
    assert_eq!(world.run(&["approve", "blake3:00112233"]), 2, "no plan");
    assert_eq!(world.run(&["scan"]), 1);
    let hash = world.store().last_plan().expect("readable").expect("a plan").hash.to_string();
    assert_eq!(world.run(&["approve", &hash]), 2, "it waits for nobody");
    assert_eq!(await_approval(&world), hash);
    assert_eq!(world.run(&["approve", "blake3:0011223344"]), 2, "another plan");
    assert_eq!(world.run(&["approve", &hash[..9]]), 64, "too short");
    assert_eq!(world.run(&["approve", &hash[..24]]), 0);
    let given = world.store().approvals(world.fleet.clock.now()).expect("readable");
    assert_eq!(given.iter().map(|one| one.plan.as_str()).collect::<Vec<_>>(), [hash.as_str()]);
    assert_eq!(given[0].expires_at.duration_since(given[0].at).as_hours(), 24);
    let audited = world.store().entries().expect("readable");
    assert_eq!(audited.last().map(|entry| entry.action.as_str()), Some("plan.approve"));
    assert_eq!(world.run(&["approve", &hash]), 4, "one person counts once");
}

#[test]
fn two_people_are_needed_where_that_is_configured() {
    let world = World::new("[enforcement]\ntwo_person = true\n");
    assert_eq!(world.run(&["scan"]), 1);
    let hash = await_approval(&world);
    assert_eq!(world.run(&["approve", &hash]), 4, "one of two");
    assert_eq!(world.run(&["approve", &hash]), 4, "the same one again");
    assert_eq!(world.store().approvals(world.fleet.clock.now()).expect("readable").len(), 1);
}

/// What the breaker freezes, a person lets go of, and both are on record.
#[test]
fn a_fleet_that_was_paused_by_the_program_is_resumed_by_a_person() {
    use crate::store::Waivers as _;
    let world = World::new("");
    let fleet = crate::types::FleetName::new("web");
    let why = "a replacement from web@1 differs from its golden";
    world.store().pause(Some(&fleet), why, "cattleguard", world.fleet.clock.now()).expect("paused");
    assert_eq!(world.run(&["resume"]), 2, "everything is not paused, the fleet is");
    assert_eq!(world.run(&["resume", "--fleet", "web"]), 0);
    assert_eq!(world.store().pauses().expect("readable"), []);
    let audited = world.store().entries().expect("readable");
    let told: Vec<(&str, &str, &str)> = audited
        .iter()
        .map(|entry| {
            let member = if entry.action == "enforcement.pause" { "reason" } else { "lifted" };
            (entry.action.as_str(), entry.object.as_str(), entry.details[member].as_str().unwrap_or(""))
        })
        .collect();
    assert_eq!(told, [("enforcement.pause", "web", why), ("enforcement.resume", "web", why)]);
    assert_eq!(audited[0].actor, "cattleguard");
    assert_ne!(audited[1].actor, "cattleguard", "a person");
}

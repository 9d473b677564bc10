//! What we did ourselves is no drift; what somebody else does in our name is.

use super::*;
use crate::remediate::sample::{moved, operation};
use crate::remediate::{Journal as _, OperationRecord, Step, StepState, WriteCall};
use crate::store::{Lease, Leases as _};

const ROLE: &str = "arn:aws:iam::000000000000:role/cattleguard-enforce";

fn us() -> SimActor {
    SimActor::role("cattleguard-enforce", "op-1")
}

/// Writes down that an instance is about to be stopped.
fn intend(world: &World, lease: &Lease, id: &str, instance: &InstanceId) -> OperationRecord {
    let mut record = operation(id, OperationKind::Quarantine, instance.as_str(), 0);
    record.steps[0].step = Step::call("stop", "", WriteCall::Stop { instance: instance.clone() });
    world.store.begin_operation(lease, &record).unwrap();
    let (record, mut entry) = moved(&record, 0, StepState::Intended, 0);
    entry.at = world.fleet.clock.now();
    world.store.record_progress(lease, &record, &entry).unwrap();
    record
}

#[tokio::test]
async fn a_call_of_ours_is_no_drift_although_its_answer_was_lost_and_all_else_is() {
    let mut world = World::new().await;
    world.own_principals = vec![ROLE.to_owned()];
    let [ours, other] = <[InstanceId; 2]>::try_from(world.fleet.instances()).unwrap();
    let now = world.fleet.clock.now();
    let lease = world.store.acquire("test", "test", now, 60).unwrap();
    intend(&world, &lease, "op-1", &ours);
    world.fleet.clock.advance(Duration::from_secs(20));
    world.fleet.cloud.stop(&us(), &ours).unwrap();
    world.fleet.cloud.stop(&us(), &other).unwrap();
    world.wait(5);
    let report = world.scan().await;
    let event = |id: &InstanceId| codes_of(&report, id).contains(&"event-lifecycle");
    assert!(!event(&ours), "{:?}", codes_of(&report, &ours));
    assert!(event(&other), "the same principal, and nothing in the journal: {:?}", codes_of(&report, &other));
}

#[tokio::test]
async fn a_stranger_is_reported_whatever_the_journal_says() {
    let mut world = World::new().await;
    world.own_principals = vec![ROLE.to_owned()];
    let id = world.member();
    let now = world.fleet.clock.now();
    let lease = world.store.acquire("test", "test", now, 60).unwrap();
    intend(&world, &lease, "op-1", &id);
    world.fleet.clock.advance(Duration::from_secs(20));
    world.fleet.cloud.stop(&SimActor::person("mallory"), &id).unwrap();
    world.wait(5);
    let report = world.scan().await;
    assert!(codes_of(&report, &id).contains(&"event-lifecycle"), "{:?}", codes_of(&report, &id));
}

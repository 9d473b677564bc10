//! Calls that go wrong.

use std::time::Duration;

use super::{call_on, place, world};
use crate::collect::CloudRead;
use crate::remediate::{CloudProbe, WriteCall, WriteFailure};
use crate::testing::{Dice, FaultRates, Faults, FaultyCloud, ReadFault, WriteFault};

#[tokio::test]
async fn each_fault_has_the_effect_it_names() {
    let world = world();
    let id = world.server(0);
    let stop = WriteCall::Stop { instance: id.clone() };
    let with = |fault| FaultyCloud::new(world.fleet.cloud.clone(), Faults::at_write(1, fault));
    let effects = || world.fleet.cloud.log().len();

    let refused = call_on(&with(WriteFault::Fail(WriteFailure::Throttled)), stop.clone()).await.unwrap_err();
    assert_eq!((refused.failure, effects()), (WriteFailure::Throttled, 0));

    let before = with(WriteFault::KillBefore);
    assert_eq!(call_on(&before, stop.clone()).await.unwrap_err().detail, "killed");
    assert_eq!(before.status(&place(), &id).await.unwrap_err().detail, "killed", "nothing gets through any more");
    assert!(before.caller(&place()).await.is_err() && before.killed().happened());
    assert_eq!(effects(), 0);

    let late = with(WriteFault::SeenLate(Duration::from_secs(30)));
    call_on(&late, stop.clone()).await.unwrap();
    assert_eq!(world.state(&id).await, "running", "seen late");
    world.wait(30);
    assert_eq!(world.state(&id).await, "stopped");
    assert_eq!(effects(), 1);

    let lost = with(WriteFault::LoseAnswer);
    let start = WriteCall::Start { instance: id.clone() };
    assert_eq!(call_on(&lost, start).await.unwrap_err().failure, WriteFailure::Timeout);
    assert_eq!(effects(), 2, "it happened all the same");

    let twice = with(WriteFault::Twice);
    let snapshots =
        WriteCall::CreateSnapshots { instance: id.clone(), tags: [("k".to_owned(), "v".to_owned())].into() };
    call_on(&twice, snapshots.clone()).await.unwrap();
    assert_eq!(world.fleet.cloud.snapshots(&place(), "k", "v").await.unwrap().len(), 2);

    let after = with(WriteFault::KillAfter);
    assert!(call_on(&after, snapshots).await.is_err());
    assert_eq!(world.fleet.cloud.snapshots(&place(), "k", "v").await.unwrap().len(), 3);
    assert_eq!(after.struck()["killed-after"], 1);

    let reading = FaultyCloud::new(world.fleet.cloud.clone(), Faults::at_read(2, ReadFault::Kill));
    assert!(reading.status(&place(), &id).await.is_ok());
    assert!(reading.status(&place(), &id).await.is_err() && reading.killed().happened());
}

#[tokio::test]
async fn chance_is_the_same_for_the_same_seed() {
    let run = async |seed| {
        let world = world();
        let rates = FaultRates { fail: 100, lose: 100, twice: 100, late: 100, kill: 0, read_fail: 200, read_kill: 0 };
        let cloud = FaultyCloud::new(world.fleet.cloud.clone(), Faults::Chance { dice: Dice::new(seed), rates });
        for _ in 0..60 {
            drop(call_on(&cloud, WriteCall::Stop { instance: world.server(0) }).await);
            drop(cloud.status(&place(), &world.server(0)).await);
        }
        cloud.struck()
    };
    assert_eq!(run(1).await, run(1).await);
    assert_ne!(run(1).await, run(2).await);
    assert!(run(1).await.values().sum::<u64>() > 20);
}

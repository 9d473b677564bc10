//! Auto Scaling groups.

use super::{World, groups, instance, place, world};
use crate::remediate::{CloudProbe, GroupDetail, WriteCall, WriteFailure};
use crate::types::InstanceId;

async fn group(world: &World) -> GroupDetail {
    world.fleet.cloud.group(&place(), &world.group().0).await.unwrap().unwrap()
}

fn states(group: &GroupDetail, state: &str) -> usize {
    group.members.values().filter(|held| *held == state).count()
}

#[tokio::test]
async fn standby_keeps_the_member_and_brings_a_substitute() {
    let world = world();
    let (name, targets, members) = world.group();
    let old = members[0].clone();
    let enter = WriteCall::EnterStandby { group: name.clone(), instance: old.clone(), decrement: false };
    world.does(enter.clone()).await;
    assert_eq!(world.refuses(enter).await.0, WriteFailure::Conflict);
    assert_eq!(world.health(&targets, &old).await, "draining");
    world.wait(30);
    let now = group(&world).await;
    assert_eq!((now.desired, now.members.len(), states(&now, "Standby")), (3, 4, 1));
    world.wait(60);
    assert_eq!(states(&group(&world).await, "InService"), 3);
    world.does(WriteCall::ExitStandby { group: name.clone(), instance: old.clone() }).await;
    assert_eq!(group(&world).await.desired, 4);
    world.does(WriteCall::SetScaleInProtection { group: name.clone(), instance: old.clone(), on: true }).await;
    world.does(WriteCall::SetDesiredCapacity { group: name, desired: 3 }).await;
    world.wait(60);
    let now = group(&world).await;
    assert_eq!(now.members.len(), 3);
    assert!(now.members.contains_key(&old), "protected from scale-in");
    assert!(!now.members.contains_key(&members[1]) || !now.members.contains_key(&members[2]), "an old one went");
}

#[tokio::test]
async fn a_group_replaces_a_member_that_is_cut_stopped_or_ended() {
    let world = world();
    let (_, _, members) = world.group();
    let isolate = world.isolation().await;
    let interface = world.detail(&members[0]).await.interfaces[0].id.clone();
    world.does(WriteCall::SetInterfaceGroups { interface, groups: groups(&[&isolate]) }).await;
    world.does(WriteCall::Stop { instance: members[1].clone() }).await;
    world.does(WriteCall::Terminate { instance: members[2].clone() }).await;
    world.wait(600);
    let now = group(&world).await;
    let old: Vec<&InstanceId> = members.iter().filter(|member| now.members.contains_key(*member)).collect();
    assert_eq!((old.len(), now.members.len(), now.desired), (0, 3, 3));
    assert_eq!(states(&now, "InService"), 3);
    for member in &members {
        assert_eq!(world.state(member).await, "terminated", "its own evidence is gone with it");
    }
}

#[tokio::test]
async fn launching_in_a_group_is_idempotent_and_bounded() {
    let world = world();
    let (name, targets, members) = world.group();
    let subnet = group(&world).await.subnets[0].1.clone();
    let launch =
        |token: &str| WriteCall::LaunchInGroup { group: name.clone(), subnet: subnet.clone(), token: token.to_owned() };
    let new = instance(world.does(launch("a")).await);
    assert_eq!(instance(world.does(launch("a")).await), new);
    assert_eq!((group(&world).await.desired, group(&world).await.members.len()), (4, 4));
    world.wait(100);
    assert_eq!(world.health(&targets, &new).await, "healthy");
    world.does(launch("b")).await;
    world.does(launch("c")).await;
    assert_eq!(world.refuses(launch("d")).await.0, WriteFailure::Invalid, "the maximum is six");
    world.does(WriteCall::DetachFromGroup { group: name.clone(), instance: members[0].clone() }).await;
    world.wait(200);
    let now = group(&world).await;
    assert_eq!((now.desired, now.members.len()), (5, 5), "no substitute for one that left");
    assert_eq!(world.state(&members[0]).await, "running");
    world.does(WriteCall::AttachToGroup { group: name, instance: members[0].clone() }).await;
    assert_eq!(group(&world).await.desired, 6);
}

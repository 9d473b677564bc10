//! Target groups.

use super::{groups, place, world};
use crate::remediate::{WriteCall, WriteFailure};

#[tokio::test]
async fn a_target_is_initial_then_healthy_while_it_runs_and_is_reachable() {
    let world = world();
    let (cloud, id) = (&world.fleet.cloud, world.server(0));
    let group = cloud.add_target_group(&place(), "api", "instance").unwrap();
    let register =
        WriteCall::RegisterTarget { group: group.clone(), target: id.to_string(), port: Some(8080), zone: None };
    world.does(register.clone()).await;
    assert_eq!(world.health(&group, &id).await, "initial");
    world.wait(30);
    world.does(register).await;
    assert_eq!(world.health(&group, &id).await, "healthy", "registering again changes nothing");
    let interface = world.detail(&id).await.interfaces[0].clone();
    let isolate = world.isolation().await;
    let set = |to| WriteCall::SetInterfaceGroups { interface: interface.id.clone(), groups: to };
    world.does(set(groups(&[&isolate]))).await;
    assert_eq!(world.health(&group, &id).await, "unhealthy");
    world.does(set(interface.groups.clone())).await;
    assert_eq!(world.health(&group, &id).await, "initial");
    let leave = |port| WriteCall::DeregisterTarget { group: group.clone(), target: id.to_string(), port };
    world.does(leave(None)).await;
    world.wait(30);
    assert_eq!(world.health(&group, &id).await, "healthy", "the wrong port is silently no target");
    world.does(leave(Some(8080))).await;
    assert_eq!(world.health(&group, &id).await, "draining");
    world.wait(300);
    assert_eq!(world.health(&group, &id).await, "-");
    world.does(leave(Some(8080))).await;
    world.does(WriteCall::Stop { instance: id.clone() }).await;
    world.wait(30);
    let stopped = WriteCall::RegisterTarget { group, target: id.to_string(), port: None, zone: None };
    assert_eq!(world.refuses(stopped).await, (WriteFailure::Conflict, "InvalidTarget".to_owned()));
}

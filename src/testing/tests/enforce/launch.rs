//! Launches and their client tokens.

use super::{instance, place, world};
use crate::collect::CloudRead;
use crate::remediate::{CloudProbe, WriteCall, WriteFailure};
use crate::types::InventoryType;

#[tokio::test]
async fn a_token_holds_within_its_zone_for_the_same_request_until_its_server_is_gone() {
    let world = world();
    let request = world.launch_like(&world.server(0), "token-1").await;
    let launch = |edit: &dyn Fn(&mut crate::remediate::LaunchRequest)| {
        let mut request = request.clone();
        edit(&mut request);
        WriteCall::Launch(Box::new(request))
    };
    let first = instance(world.does(launch(&|_| {})).await);
    assert_eq!(instance(world.does(launch(&|_| {})).await), first);
    let other = world.refuses(launch(&|request| request.instance_type = "m7i.xlarge".to_owned())).await;
    assert_eq!(other, (WriteFailure::TokenMismatch, "IdempotentParameterMismatch".to_owned()));
    let elsewhere = instance(world.does(launch(&|request| request.zone = "eu-west-1b".to_owned())).await);
    assert_ne!(elsewhere, first, "tokens are zonal");
    let found = world.fleet.cloud.launched_with(&place(), "token-1").await.unwrap();
    assert_eq!(found.len(), 2);
    world.does(WriteCall::Terminate { instance: first.clone() }).await;
    let spent = world.refuses(launch(&|_| {})).await;
    assert_eq!(spent, (WriteFailure::TokenSpent, "IdempotentInstanceTerminated".to_owned()));
}

#[tokio::test]
async fn a_new_server_boots_passes_its_checks_registers_and_reports_when_told_to() {
    let world = world();
    let cloud = &world.fleet.cloud;
    let request = world.launch_like(&world.server(0), "token-1").await;
    let new = instance(world.does(WriteCall::Launch(Box::new(request))).await);
    let refresh = WriteCall::RefreshInventory { instance: new.clone() };
    assert_eq!(world.state(&new).await, "pending");
    world.wait(21);
    let checks = cloud.status(&place(), &new).await.unwrap().unwrap();
    assert_eq!((checks.state.as_str(), checks.instance.as_str()), ("running", "initializing"));
    assert_eq!(world.refuses(refresh.clone()).await.0, WriteFailure::NotFound, "the agent is not there yet");
    assert!(cloud.managed_nodes_by_id(&place(), std::slice::from_ref(&new)).await.unwrap().is_empty());
    world.wait(60);
    assert!(cloud.status(&place(), &new).await.unwrap().unwrap().passed());
    let node = cloud.managed_nodes_by_id(&place(), std::slice::from_ref(&new)).await.unwrap().remove(0).node;
    assert_eq!(node.ping_status, "Online");
    assert!(node.last_ping.unwrap() > world.detail(&new).await.instance.launched_at);
    let kind = InventoryType::new("AWS:Application");
    let rows = async || cloud.inventory_entries(&place(), &new, &kind, None).await.unwrap().items.len();
    assert_eq!(rows().await, 0, "nothing is reported before the association runs");
    world.does(refresh).await;
    world.wait(10);
    assert_eq!(rows().await, 0);
    world.wait(10);
    assert_eq!(rows().await, 1);
}

#[tokio::test]
async fn capacity_and_permission_are_refused_where_they_are_missing() {
    let world = world();
    let cloud = &world.fleet.cloud;
    let request = world.launch_like(&world.server(0), "token-1").await;
    let launch = WriteCall::Launch(Box::new(request.clone()));
    cloud.set_capacity(&place(), &request.instance_type, &request.zone, false).unwrap();
    assert_eq!(world.refuses(launch.clone()).await.0, WriteFailure::Capacity);
    assert!(cloud.launched_with(&place(), "token-1").await.unwrap().is_empty());
    cloud.set_capacity(&place(), &request.instance_type, &request.zone, true).unwrap();
    cloud.permit(&place(), "ec2:RunInstances", false).unwrap();
    assert_eq!(world.refuses(launch.clone()).await.0, WriteFailure::Denied);
    let missing = cloud.missing_permissions(&place(), &["ec2:RunInstances", "ec2:StopInstances"]).await.unwrap();
    assert_eq!(missing, ["ec2:RunInstances"]);
    cloud.permit(&place(), "ec2:RunInstances", true).unwrap();
    instance(world.does(launch).await);
}

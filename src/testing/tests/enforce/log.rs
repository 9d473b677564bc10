//! The account's own log.

use super::{groups, place, world};
use crate::remediate::WriteCall;
use crate::testing::{By, Change, SimActor};
use crate::types::OperationId;

#[tokio::test]
async fn it_says_who_did_what_and_what_was_there_just_before() {
    let world = world();
    let (cloud, id) = (&world.fleet.cloud, world.server(0));
    let (_, targets, members) = world.group();
    assert!(cloud.log().is_empty(), "the fleet was built long ago");
    let form = cloud.form(&place(), &id).unwrap();
    cloud.install_package(&id, "nmap", "7").unwrap();
    cloud.stop(&SimActor::person("dave"), &id).unwrap();
    world.does(WriteCall::Terminate { instance: members[0].clone() }).await;
    world.wait(60);
    let log = cloud.log();
    let who: Vec<&By> = log.iter().map(|entry| &entry.by).collect();
    assert_eq!(who[..3], [&By::World, &By::Person("dave".to_owned()), &By::Enforcer(OperationId::new("op-1"))]);
    assert!(matches!(log[1].change, Change::Stopping));
    let scene = log[2].before.as_ref().unwrap();
    assert!(scene[&members[0]].serves_in(&[targets.as_str()].into()), "it served until then");
    assert!(!scene[&id].pristine);
    let launched = log.iter().find(|entry| matches!(entry.change, Change::Launched { .. })).unwrap();
    assert_eq!(launched.by, By::AutoScaling);
    assert!(launched.at < world.fleet.clock.now(), "it happened in its own time, not when somebody looked");
    world.does(WriteCall::Start { instance: id.clone() }).await;
    world.wait(30);
    assert_eq!(cloud.form(&place(), &id).unwrap(), form, "started again, it is as it was");
    let interface = world.detail(&id).await.interfaces[0].id.clone();
    let isolate = world.isolation().await;
    world.does(WriteCall::SetInterfaceGroups { interface, groups: groups(&[&isolate]) }).await;
    assert_ne!(cloud.form(&place(), &id).unwrap(), form);
    assert!(matches!(cloud.log().last().unwrap().change, Change::Regrouped { cut: true, .. }));
}

//! Stopping, starting, terminating.

use super::{place, world};
use crate::collect::CloudRead;
use crate::remediate::{CloudProbe, WriteCall, WriteFailure};
use crate::testing::SimActor;

#[tokio::test]
async fn protection_from_termination_holds_until_it_is_taken_away() {
    let world = world();
    let id = world.server(0);
    world.does(WriteCall::SetTerminationProtection { instance: id.clone(), on: true }).await;
    assert!(world.detail(&id).await.termination_protected);
    let terminate = WriteCall::Terminate { instance: id.clone() };
    let refused = world.refuses(terminate.clone()).await;
    assert_eq!(refused, (WriteFailure::Conflict, "OperationNotPermitted".to_owned()));
    world.does(WriteCall::SetTerminationProtection { instance: id.clone(), on: false }).await;
    world.does(terminate.clone()).await;
    world.does(terminate.clone()).await;
    world.wait(30);
    assert_eq!(world.state(&id).await, "terminated");
    world.wait(3600);
    assert_eq!(world.refuses(terminate).await.0, WriteFailure::NotFound);
}

#[tokio::test]
async fn a_stop_loses_the_automatic_address_and_keeps_the_elastic_one() {
    let world = world();
    let (cloud, one, other) = (&world.fleet.cloud, world.server(0), world.server(1));
    cloud.set_auto_public_ip(&one, true).unwrap();
    cloud.associate_address(&SimActor::iam_user("bob"), &other).unwrap();
    let first = world.detail(&one).await.auto_public_ip.unwrap();
    for id in [&one, &other] {
        world.does(WriteCall::Stop { instance: id.clone() }).await;
        assert_eq!(world.refuses(WriteCall::Start { instance: id.clone() }).await.0, WriteFailure::Conflict);
        world.wait(30);
        world.does(WriteCall::Stop { instance: id.clone() }).await;
        assert_eq!(world.detail(id).await.auto_public_ip, None);
        world.does(WriteCall::Start { instance: id.clone() }).await;
        world.wait(100);
        assert!(cloud.status(&place(), id).await.unwrap().unwrap().passed());
    }
    assert_ne!(world.detail(&one).await.auto_public_ip.unwrap(), first);
    assert_eq!(world.detail(&other).await.addresses.len(), 1);
}

#[tokio::test]
async fn records_name_the_role_the_operation_and_the_request() {
    let world = world();
    let answer = world.call(WriteCall::Stop { instance: world.server(0) }).await.unwrap();
    let refused = world.call(WriteCall::Start { instance: world.server(0) }).await;
    assert!(refused.is_err());
    let records = world.fleet.cloud.trail_records(&place());
    let read = |text: &String| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let (stop, start) = (read(&records[0]), read(&records[1]));
    assert_eq!(stop["eventName"], "StopInstances");
    let arn = "arn:aws:sts::000000000000:assumed-role/cattleguard-enforce/op-1";
    assert_eq!(stop["userIdentity"]["arn"], arn);
    assert_eq!(stop["requestID"], answer.request_id.unwrap());
    assert_eq!(start["errorCode"], "IncorrectInstanceState");
    let principal = crate::remediate::CloudWrite::principal(&world.fleet.cloud, &place()).await.unwrap();
    assert_eq!(principal, "arn:aws:iam::000000000000:role/cattleguard-enforce");
    assert!(CloudRead::calls(&world.fleet.cloud)["ec2:StopInstances"] == 1);
}

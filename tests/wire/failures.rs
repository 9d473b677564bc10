//! What the adapter does when AWS throttles, refuses, fails or hangs up.

use std::time::Duration;

use cattleguard::aws::{AwsCloud, AwsSettings};
use cattleguard::collect::{CloudRead, ReadFailure};
use cattleguard::types::InventoryType;
use serde_json::json;

use crate::scene::{IRELAND, OHIO, SHOP, Scene, ireland, settings};

#[tokio::test]
async fn throttled_calls_are_tried_again_and_counted() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    mia.launch("ami-0123456789abcdef0", "web", 1).await;
    let order = json!({"service": "ec2", "action": "DescribeInstances", "kind": "throttle", "times": 2});
    scene.emulator.steer("_faults", order).await;
    let cloud = scene.cloud();
    assert_eq!(cloud.instances(&ireland(SHOP), None).await.unwrap().items.len(), 1);
    assert_eq!(cloud.calls().get("ec2:DescribeInstances"), Some(&3), "two refused, one answered");
}

#[tokio::test]
async fn a_call_that_stays_throttled_gives_up() {
    let scene = Scene::new().await;
    let order = json!({"service": "ssm", "region": OHIO, "kind": "throttle", "times": 100});
    scene.emulator.steer("_faults", order).await;
    let cloud = scene.cloud();
    let ohio = cattleguard::types::Place::new(SHOP, OHIO);
    let kind = InventoryType::new("AWS:Application");
    let error = cloud.inventory(&ohio, &kind, &[], None).await.unwrap_err();
    assert_eq!((error.api, error.failure), ("ssm:GetInventory", ReadFailure::Throttled), "{error}");
    assert_eq!(cloud.calls().get("ssm:GetInventory"), Some(&3), "the configured attempts");
    cloud.inventory(&ireland(SHOP), &kind, &[], None).await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    let scene = Scene::new().await;
    for (service, action) in [("ec2", "DescribeVolumes"), ("ssm", "DescribeInstanceInformation")] {
        let order = json!({"service": service, "action": action, "kind": "denied", "times": 1});
        scene.emulator.steer("_faults", order).await;
    }
    let cloud = scene.cloud();
    let error = cloud.volumes(&ireland(SHOP), None).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::Denied);
    assert_eq!(
        error.to_string(),
        "ec2:DescribeVolumes in 111122223333/eu-west-1: access denied (UnauthorizedOperation: ordered by the test)"
    );
    let error = cloud.managed_nodes(&ireland(SHOP), None).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::Denied, "{error}");
    assert_eq!(cloud.calls().get("ec2:DescribeVolumes"), Some(&1));
}

#[tokio::test]
async fn outages_and_broken_connections_differ() {
    let scene = Scene::new().await;
    let order = json!({"service": "autoscaling", "kind": "5xx", "times": 100});
    scene.emulator.steer("_faults", order).await;
    let order = json!({"service": "cloudtrail", "kind": "reset", "times": 100});
    scene.emulator.steer("_faults", order).await;
    let cloud = scene.cloud();
    let error = cloud.asg_members(&ireland(SHOP), None).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::Unavailable, "{error}");
    let now = jiff::Timestamp::now();
    let error = cloud.lookup_events(&ireland(SHOP), now, now, None).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::Timeout, "{error}");
}

#[tokio::test]
async fn silence_ends_in_a_timeout() {
    let scene = Scene::new().await;
    let order = json!({"service": "ec2", "action": "DescribeVolumes", "kind": "hang", "times": 100});
    scene.emulator.steer("_faults", order).await;
    let impatient = AwsSettings { attempt_timeout: Duration::from_millis(300), max_attempts: 2, ..settings(&[SHOP]) };
    let cloud = AwsCloud::with_base(scene.base(), impatient).unwrap();
    cloud.caller(&ireland(SHOP)).await.unwrap();
    let error = cloud.volumes(&ireland(SHOP), None).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::Timeout, "{error}");
    assert_eq!(cloud.calls().get("ec2:DescribeVolumes"), Some(&2));
}

#[tokio::test]
async fn nonsense_is_not_an_empty_answer() {
    let scene = Scene::new().await;
    for (service, action) in [("ec2", "DescribeInstances"), ("ssm", "GetInventory"), ("cloudtrail", "LookupEvents")] {
        let order = json!({"service": service, "action": action, "kind": "garbage", "times": 100});
        scene.emulator.steer("_faults", order).await;
    }
    let (cloud, place, now) = (scene.cloud(), ireland(SHOP), jiff::Timestamp::now());
    let error = cloud.instances(&place, None).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::Invalid, "{error}");
    let error = cloud.inventory(&place, &InventoryType::new("AWS:Application"), &[], None).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::Invalid, "{error}");
    let error = cloud.lookup_events(&place, now, now, None).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::Invalid, "{error}");
}

#[tokio::test]
async fn a_broken_connection_is_tried_again() {
    let scene = Scene::new().await;
    let order = json!({"service": "ec2", "action": "DescribeAddresses", "kind": "reset", "times": 1});
    scene.emulator.steer("_faults", order).await;
    let cloud = scene.cloud();
    assert!(cloud.addresses(&ireland(SHOP)).await.unwrap().is_empty());
    assert_eq!(cloud.calls().get("ec2:DescribeAddresses"), Some(&2));
}

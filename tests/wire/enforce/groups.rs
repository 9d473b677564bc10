//! Auto Scaling groups.

use aws_sdk_autoscaling::types::LaunchTemplateSpecification;
use cattleguard::remediate::{CloudProbe, GroupDetail, Output, WriteCall, WriteFailure};
use cattleguard::types::InstanceId;
use serde_json::json;

use super::Yard;
use crate::grounds::launch_template;

const GOLDEN: &str = "ami-0123456789abcdef0";

/// A group of two in two zones, of a template version.
async fn group(yard: &Yard, version: &str) -> Vec<String> {
    launch_template(&yard.mia, "web", GOLDEN).await;
    let subnets = [yard.subnet(0).await.0, yard.subnet(1).await.0];
    let template = LaunchTemplateSpecification::builder().launch_template_name("web").version(version).build();
    let request = aws_sdk_autoscaling::Client::new(&yard.mia.config)
        .create_auto_scaling_group()
        .auto_scaling_group_name("web")
        .launch_template(template)
        .min_size(1)
        .desired_capacity(2)
        .max_size(4)
        .vpc_zone_identifier(subnets.join(","));
    request.send().await.unwrap();
    subnets.to_vec()
}

async fn detail(yard: &Yard) -> GroupDetail {
    yard.enforcer.group(&yard.place, "web").await.unwrap().unwrap()
}

fn named() -> String {
    "web".to_owned()
}

#[tokio::test]
async fn a_group_is_told_with_what_it_would_launch() {
    let yard = Yard::new().await;
    let subnets = group(&yard, "1").await;
    let found = detail(&yard).await;
    assert_eq!((found.min_size, found.desired, found.max_size), (1, 2, 4));
    assert_eq!(found.images, [GOLDEN.into()].into());
    assert!(found.pinned && !found.refreshing);
    assert_eq!(found.subnets.iter().map(|(_, subnet)| subnet.clone()).collect::<Vec<_>>(), subnets);
    assert!(found.subnets.iter().all(|(zone, _)| zone.starts_with("eu-west-1")), "{found:?}");
    assert!(found.members.len() == 2 && found.members.values().all(|state| state == "InService"));
    let scaling = aws_sdk_autoscaling::Client::new(&yard.mia.config);
    scaling.start_instance_refresh().auto_scaling_group_name("web").send().await.unwrap();
    assert!(detail(&yard).await.refreshing);
    assert_eq!(yard.enforcer.group(&yard.place, "absent").await.unwrap(), None);
}

#[tokio::test]
async fn a_template_that_can_change_is_not_pinned() {
    let yard = Yard::new().await;
    group(&yard, "$Latest").await;
    let found = detail(&yard).await;
    assert!(!found.pinned && found.images.len() == 1, "{found:?}");
}

#[tokio::test]
async fn a_launch_configuration_is_pinned() {
    let yard = Yard::new().await;
    let scaling = aws_sdk_autoscaling::Client::new(&yard.mia.config);
    let request = scaling.create_launch_configuration().launch_configuration_name("web").image_id(GOLDEN);
    request.instance_type("t3.micro").send().await.unwrap();
    let request = scaling.create_auto_scaling_group().auto_scaling_group_name("web").launch_configuration_name("web");
    let request = request.min_size(0).max_size(1).availability_zones("eu-west-1a");
    request.send().await.unwrap();
    let found = detail(&yard).await;
    assert!(found.pinned && found.images.contains(&GOLDEN.into()), "{found:?}");
}

#[tokio::test]
async fn a_member_is_launched_in_a_subnet_once() {
    let yard = Yard::new().await;
    let subnet = group(&yard, "1").await.remove(1);
    let launch = |subnet: &str| WriteCall::LaunchInGroup {
        group: named(),
        subnet: subnet.to_owned(),
        token: "t-group-1".to_owned(),
    };
    let answered = yard.call(launch(&subnet)).await;
    let Output::Instance(id) = &answered.output else { panic!("{answered:?}") };
    let found = detail(&yard).await;
    assert_eq!((found.desired, found.members.len()), (3, 3));
    assert!(found.members.contains_key(id));
    let launched = yard.enforcer.instance(&yard.place, id).await.unwrap().unwrap();
    assert_eq!(launched.instance.subnet.as_deref(), Some(subnet.as_str()));
    assert_eq!(yard.call(launch(&subnet)).await.output, answered.output);
    assert_eq!(detail(&yard).await.members.len(), 3, "the token gives the same instance");
    let (other, _) = yard.subnet(0).await;
    let error = yard.try_call(&launch(&other)).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::TokenMismatch, "{error}");
}

#[tokio::test]
async fn a_group_without_capacity_answers_with_a_reason() {
    let yard = Yard::new().await;
    let subnet = group(&yard, "1").await.remove(0);
    let order = json!({"subnet": subnet, "code": "InsufficientInstanceCapacity"});
    yard.scene.emulator.steer("_capacity", order).await;
    let call = WriteCall::LaunchInGroup { group: named(), subnet, token: "t-group-2".to_owned() };
    let error = yard.try_call(&call).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::Capacity, "{error}");
    assert!(error.detail.contains("InsufficientInstanceCapacity"), "{error}");
    assert_eq!(detail(&yard).await.desired, 2);
}

#[tokio::test]
async fn standby_keeps_the_member_and_gives_a_substitute() {
    let yard = Yard::new().await;
    group(&yard, "1").await;
    let member = detail(&yard).await.members.into_keys().next().unwrap();
    let enter = WriteCall::EnterStandby { group: named(), instance: member.clone(), decrement: false };
    yard.call(enter).await;
    let found = detail(&yard).await;
    assert_eq!(found.members.get(&member).map(String::as_str), Some("Standby"));
    assert_eq!(found.desired, 2, "the group keeps its size without it");
    yard.call(WriteCall::ExitStandby { group: named(), instance: member.clone() }).await;
    let found = detail(&yard).await;
    assert_eq!(found.members.get(&member).map(String::as_str), Some("InService"));
    assert_eq!(found.desired, 3);
}

#[tokio::test]
async fn size_protection_and_membership_are_changed() {
    let yard = Yard::new().await;
    group(&yard, "1").await;
    let member = detail(&yard).await.members.into_keys().next().unwrap();
    for on in [true, false] {
        let (group, instance) = (named(), member.clone());
        yard.call(WriteCall::SetScaleInProtection { group, instance, on }).await;
        assert_eq!(detail(&yard).await.protected.contains(&member), on);
    }
    yard.call(WriteCall::SetDesiredCapacity { group: named(), desired: 3 }).await;
    assert_eq!(detail(&yard).await.desired, 3);
    yard.call(WriteCall::DetachFromGroup { group: named(), instance: member.clone() }).await;
    let found = detail(&yard).await;
    assert!(!found.members.contains_key(&member) && found.desired == 2, "{found:?}");
    yard.call(WriteCall::AttachToGroup { group: named(), instance: member.clone() }).await;
    let found = detail(&yard).await;
    assert!(found.members.contains_key(&member) && found.desired == 3, "{found:?}");
}

#[tokio::test]
async fn a_group_or_member_that_does_not_exist_is_not_found() {
    let yard = Yard::new().await;
    let call =
        WriteCall::LaunchInGroup { group: "gone".to_owned(), subnet: yard.subnet(0).await.0, token: "t".to_owned() };
    let error = yard.try_call(&call).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::NotFound, "{error}");
    let nobody = InstanceId::new("i-0feed0feed0feed00");
    assert_eq!(yard.enforcer.instance(&yard.place, &nobody).await.unwrap(), None);
}

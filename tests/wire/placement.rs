//! Auto Scaling groups and target groups that hold the instances.

use aws_sdk_elasticloadbalancingv2::types::{ProtocolEnum, TargetDescription, TargetTypeEnum};
use cattleguard::collect::source::TargetGroup;
use cattleguard::collect::{CloudRead, ReadFailure};

use crate::scene::{IRELAND, Person, SHOP, Scene, ireland};

/// A group `web` of so many members; their ids.
pub(crate) async fn scale_out(person: &Person, desired: i32) -> Vec<String> {
    let groups = aws_sdk_autoscaling::Client::new(&person.config);
    let request = groups.create_launch_configuration().launch_configuration_name("web").instance_type("t3.micro");
    request.image_id(person.image("web").await).send().await.unwrap();
    let request = groups.create_auto_scaling_group().auto_scaling_group_name("web").launch_configuration_name("web");
    let request = request.min_size(1).max_size(5).desired_capacity(desired).availability_zones("eu-west-1a");
    request.send().await.unwrap();
    let answer = groups.describe_auto_scaling_groups().send().await.unwrap();
    let members = answer.auto_scaling_groups.unwrap()[0].instances.clone().unwrap();
    members.into_iter().map(|member| member.instance_id.unwrap()).collect()
}

#[tokio::test]
async fn members_come_with_the_sizes_of_their_group() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    scale_out(&mia, 2).await;
    let page = scene.cloud().asg_members(&ireland(SHOP), None).await.unwrap();
    assert_eq!(page.items.len(), 2);
    for member in &page.items {
        let got = &member.membership;
        assert_eq!((got.group.as_str(), got.lifecycle_state.as_deref()), ("web", Some("InService")));
        assert_eq!((got.min_size, got.desired, got.max_size, got.in_service), (Some(1), Some(2), Some(5), Some(2)));
        assert!(member.instance.as_str().starts_with("i-"));
    }
}

#[tokio::test]
async fn targets_come_with_their_health() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let id = mia.launch("ami-0123456789abcdef0", "web", 1).await.remove(0);
    let elb = aws_sdk_elasticloadbalancingv2::Client::new(&mia.config);
    let vpc = mia.ec2.describe_vpcs().send().await.unwrap().vpcs.unwrap()[0].vpc_id.clone().unwrap();
    let create = async |name: &str, kind: TargetTypeEnum| {
        let request = elb.create_target_group().name(name).protocol(ProtocolEnum::Http).port(8080);
        let answer = request.vpc_id(&vpc).target_type(kind).send().await.unwrap();
        answer.target_groups.unwrap()[0].target_group_arn.clone().unwrap()
    };
    let by_id = create("web", TargetTypeEnum::Instance).await;
    let by_address = create("web-ip", TargetTypeEnum::Ip).await;
    let target = TargetDescription::builder().id(&id).port(8080).build();
    elb.register_targets().target_group_arn(&by_id).targets(target).send().await.unwrap();

    let cloud = scene.cloud();
    let groups = cloud.target_groups(&ireland(SHOP), None).await.unwrap().items;
    let mut kinds: Vec<_> = groups.iter().map(|one| (one.arn.as_str(), one.target_type.as_str())).collect();
    kinds.sort_unstable();
    let mut expected = [(by_id.as_str(), "instance"), (by_address.as_str(), "ip")];
    expected.sort_unstable();
    assert_eq!(kinds, expected);

    let group = groups.iter().find(|one| one.arn == by_id).unwrap();
    let health = cloud.target_health(&ireland(SHOP), group).await.unwrap();
    assert_eq!(health.len(), 1);
    assert_eq!((health[0].target.as_str(), health[0].port), (id.as_str(), Some(8080)));
    assert!(!health[0].state.is_empty());

    let gone = TargetGroup { arn: by_id.replace("/web/", "/gone/"), target_type: "instance".to_owned() };
    let error = cloud.target_health(&ireland(SHOP), &gone).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::NotFound, "{error}");
}

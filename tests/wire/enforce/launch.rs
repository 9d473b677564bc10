//! Launches and their tokens.

use std::collections::BTreeSet;

use cattleguard::collect::user_data_digest;
use cattleguard::remediate::{
    Answered, CallContext, CloudProbe, CloudWrite, LaunchRequest, LaunchVolume, Output, PlacementDetail, WriteCall,
    WriteError, WriteFailure,
};
use cattleguard::types::{InstanceId, MetadataOptions};
use serde_json::json;

use super::{Yard, tags};
use crate::scene::SHOP;

const USER_DATA: &[u8] = b"#!/bin/sh\necho golden\n";

async fn request(yard: &Yard) -> LaunchRequest {
    let (subnet, zone) = yard.subnet(0).await;
    yard.scene.emulator.steer("_profiles", json!({"account": SHOP, "name": "web"})).await;
    LaunchRequest {
        image: "ami-0123456789abcdef0".into(),
        instance_type: "t3.micro".to_owned(),
        subnet,
        zone,
        security_groups: yard.detail().await.interfaces[0].groups.clone(),
        profile: Some("web".to_owned()),
        key_name: None,
        metadata: MetadataOptions { http_tokens: Some("required".to_owned()), ..MetadataOptions::default() },
        user_data: Some(user_data_digest(USER_DATA)),
        volumes: vec![LaunchVolume {
            device: "/dev/sdf".to_owned(),
            size_gib: Some(20),
            volume_type: Some("gp3".to_owned()),
            encrypted: Some(true),
        }],
        source_dest_check: None,
        placement: PlacementDetail::default(),
        tags: tags(&[("app", "web"), ("cattleguard:operation", yard.operation.as_str())]),
        token: "t-launch-1".to_owned(),
    }
}

async fn launch(yard: &Yard, request: &LaunchRequest) -> Result<Answered, WriteError> {
    let context = CallContext { user_data: Some(USER_DATA), ..yard.context() };
    yard.enforcer.call(&context, &WriteCall::Launch(Box::new(request.clone()))).await
}

fn launched(answered: &Answered) -> InstanceId {
    let Output::Instance(id) = &answered.output else { panic!("{answered:?}") };
    id.clone()
}

#[tokio::test]
async fn a_replacement_is_launched_as_the_request_says() {
    let yard = Yard::new().await;
    let wanted = request(&yard).await;
    let id = launched(&launch(&yard, &wanted).await.unwrap());
    let found = yard.enforcer.instance(&yard.place, &id).await.unwrap().unwrap();
    assert_eq!(found.instance.tags, wanted.tags);
    assert_eq!(found.instance.subnet.as_ref(), Some(&wanted.subnet));
    assert_eq!(found.instance.zone, wanted.zone);
    assert_eq!(found.instance.metadata_options.http_tokens.as_deref(), Some("required"));
    assert!(found.profile.is_some_and(|(_, arn)| arn.ends_with(":instance-profile/web")));
    assert_eq!(found.interfaces[0].groups, wanted.security_groups);
    let volume = found.instance.volumes.iter().find(|volume| volume.device == "/dev/sdf").unwrap();
    assert_eq!((volume.size_gib, volume.encrypted), (Some(20), Some(true)));
    let attribute = yard.mia.ec2.describe_instance_attribute().instance_id(id.as_str());
    let attribute = attribute.attribute(aws_sdk_ec2::types::InstanceAttributeName::UserData).send().await.unwrap();
    let encoded = attribute.user_data.unwrap().value.unwrap();
    assert_eq!(encoded, crate::scene::base64(std::str::from_utf8(USER_DATA).unwrap()));
}

#[tokio::test]
async fn a_token_gives_one_instance_in_a_zone() {
    let yard = Yard::new().await;
    let first = request(&yard).await;
    let id = launched(&launch(&yard, &first).await.unwrap());
    assert_eq!(launched(&launch(&yard, &first).await.unwrap()), id);
    assert_eq!(
        yard.enforcer.launched_with(&yard.place, &first.token).await.unwrap(),
        [(id.clone(), "running".to_owned())]
    );
    assert!(yard.enforcer.launched_with(&yard.place, "t-unused").await.unwrap().is_empty());

    let mut other = first.clone();
    other.instance_type = "t3.small".to_owned();
    let error = launch(&yard, &other).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::TokenMismatch, "{error}");

    let mut elsewhere = first.clone();
    (elsewhere.subnet, elsewhere.zone) = yard.subnet(1).await;
    let second = launched(&launch(&yard, &elsewhere).await.unwrap());
    assert_ne!(second, id, "tokens are zonal");
    let known: BTreeSet<_> =
        yard.enforcer.launched_with(&yard.place, &first.token).await.unwrap().into_iter().collect();
    assert_eq!(known.len(), 2);

    yard.call(WriteCall::Terminate { instance: id }).await;
    let error = launch(&yard, &first).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::TokenSpent, "{error}");
}

#[tokio::test]
async fn another_text_than_the_named_one_is_not_launched() {
    let yard = Yard::new().await;
    let call = WriteCall::Launch(Box::new(request(&yard).await));
    for user_data in [None, Some(&b"#!/bin/sh\ncurl evil\n"[..])] {
        let context = CallContext { user_data, ..yard.context() };
        let error = yard.enforcer.call(&context, &call).await.unwrap_err();
        assert_eq!(error.failure, WriteFailure::Invalid, "{error}");
        assert!(!error.to_string().contains("evil"));
    }
    assert_eq!(yard.enforcer.calls().get("ec2:RunInstances"), None);
}

#[tokio::test]
async fn the_lack_of_capacity_has_its_own_class() {
    let yard = Yard::new().await;
    let wanted = request(&yard).await;
    for code in ["InsufficientInstanceCapacity", "VcpuLimitExceeded", "InsufficientFreeAddressesInSubnet"] {
        let order = json!({"action": "RunInstances", "kind": "error", "code": code, "status": 500, "times": 1});
        yard.scene.emulator.steer("_faults", order).await;
        let error = launch(&yard, &wanted).await.unwrap_err();
        assert_eq!(error.failure, WriteFailure::Capacity, "{error}");
    }
    assert_eq!(yard.enforcer.calls().get("ec2:RunInstances"), Some(&3), "one attempt each");
}

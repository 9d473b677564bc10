//! Tags, protection, state, metadata options.

use std::collections::BTreeMap;

use cattleguard::remediate::{CloudProbe, WriteCall};
use cattleguard::types::MetadataOptions;

use super::{Yard, tags};

#[tokio::test]
async fn tags_come_and_go() {
    let yard = Yard::new().await;
    let (resources, operation) = (vec![yard.server.to_string()], yard.operation.to_string());
    let mark = tags(&[("cattleguard:operation", &operation), ("cattleguard:state", "quarantining")]);
    yard.call(WriteCall::CreateTags { resources: resources.clone(), tags: mark }).await;
    let found = yard.detail().await.instance.tags;
    assert_eq!(found.get("cattleguard:operation"), Some(&operation));
    let keys = vec!["cattleguard:operation".to_owned(), "cattleguard:state".to_owned()];
    yard.call(WriteCall::DeleteTags { resources, keys }).await;
    assert_eq!(yard.detail().await.instance.tags, tags(&[("app", "web")]), "only the named keys went");
}

#[tokio::test]
async fn protection_is_set_and_told() {
    let yard = Yard::new().await;
    let instance = yard.server.clone();
    let before = yard.detail().await;
    assert!(!before.termination_protected && !before.stop_protected);
    yard.call(WriteCall::SetTerminationProtection { instance: instance.clone(), on: true }).await;
    yard.call(WriteCall::SetShutdownBehavior { instance: instance.clone(), behavior: "terminate".to_owned() }).await;
    let after = yard.detail().await;
    assert!(after.termination_protected);
    assert_eq!(after.shutdown_behavior, "terminate");
    yard.call(WriteCall::SetTerminationProtection { instance: instance.clone(), on: false }).await;
    assert!(!yard.detail().await.termination_protected);
}

#[tokio::test]
async fn the_source_destination_check_is_switched_and_told() {
    let yard = Yard::new().await;
    assert_eq!(yard.detail().await.instance.source_dest_check, Some(true));
    for on in [false, true] {
        yard.call(WriteCall::SetSourceDestCheck { instance: yard.server.clone(), on }).await;
        assert_eq!(yard.detail().await.instance.source_dest_check, Some(on));
    }
}

#[tokio::test]
async fn volumes_and_interfaces_survive_their_instance() {
    let yard = Yard::new().await;
    let before = yard.detail().await;
    let (device, interface) = (before.instance.volumes[0].device.clone(), before.interfaces[0].clone());
    assert!(before.instance.volumes[0].size_gib.is_some(), "{before:?}");
    let devices = BTreeMap::from([(device, false)]);
    yard.call(WriteCall::SetVolumesDeletion { instance: yard.server.clone(), devices }).await;
    let (id, attachment) = (interface.id.clone(), interface.attachment.clone());
    for delete in [true, false] {
        let (interface, attachment) = (id.clone(), attachment.clone());
        yard.call(WriteCall::SetInterfaceDeletion { interface, attachment, delete }).await;
        assert_eq!(yard.detail().await.interfaces[0].delete_on_termination, delete);
    }
    assert_eq!(yard.detail().await.instance.volumes[0].delete_on_termination, Some(false));
}

#[tokio::test]
async fn metadata_options_are_set_together() {
    let yard = Yard::new().await;
    let options = MetadataOptions {
        http_tokens: Some("required".to_owned()),
        http_endpoint: Some("disabled".to_owned()),
        http_put_response_hop_limit: Some(3),
        instance_metadata_tags: Some("enabled".to_owned()),
    };
    let call = WriteCall::SetMetadataOptions { instance: yard.server.clone(), options: options.clone() };
    yard.call(call).await;
    assert_eq!(yard.detail().await.instance.metadata_options, options);
}

#[tokio::test]
async fn an_instance_is_stopped_started_and_ended() {
    let yard = Yard::new().await;
    let instance = yard.server.clone();
    let status = yard.enforcer.status(&yard.place, &instance).await.unwrap().unwrap();
    assert!(status.passed(), "{status:?}");
    yard.call(WriteCall::Stop { instance: instance.clone() }).await;
    assert_eq!(yard.detail().await.instance.state, "stopped");
    let status = yard.enforcer.status(&yard.place, &instance).await.unwrap().unwrap();
    assert!(!status.passed() && status.state == "stopped", "{status:?}");
    yard.call(WriteCall::Start { instance: instance.clone() }).await;
    assert_eq!(yard.detail().await.instance.state, "running");
    yard.call(WriteCall::Terminate { instance: instance.clone() }).await;
    let ended = yard.detail().await;
    assert_eq!(ended.instance.state, "terminated");
    let nobody = "i-0feed0feed0feed00".into();
    assert_eq!(yard.enforcer.instance(&yard.place, &nobody).await.unwrap(), None);
    assert_eq!(yard.enforcer.status(&yard.place, &nobody).await.unwrap(), None);
}

#[tokio::test]
async fn everything_that_a_before_image_needs_is_told() {
    let yard = Yard::new().await;
    let detail = yard.detail().await;
    assert!(detail.vpc.is_some() && detail.ebs_root && !detail.instance_store, "{detail:?}");
    assert_eq!(detail.shutdown_behavior, "stop");
    assert_eq!(detail.interfaces.len(), 1);
    let interface = &detail.interfaces[0];
    assert_eq!(interface.device_index, 0);
    assert!(!interface.groups.is_empty() && !interface.private_ips.is_empty() && !interface.attachment.is_empty());
    assert_eq!(Some(&interface.subnet), detail.instance.subnet.as_ref());
    let calls = yard.enforcer.calls();
    assert_eq!(calls.get("ec2:DescribeInstanceTypes"), Some(&1));
    yard.detail().await;
    assert_eq!(yard.enforcer.calls().get("ec2:DescribeInstanceTypes"), Some(&1), "a type does not change");
}

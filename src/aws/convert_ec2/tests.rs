use aws_smithy_types::DateTime;

use super::*;

fn place() -> Place {
    Place::new("111122223333", "eu-west-1")
}

fn mapping(device: &str, volume: &str) -> sdk::InstanceBlockDeviceMapping {
    let ebs = sdk::EbsInstanceBlockDevice::builder()
        .volume_id(volume)
        .delete_on_termination(true)
        .attach_time(DateTime::from_secs(1_790_000_000))
        .build();
    sdk::InstanceBlockDeviceMapping::builder().device_name(device).ebs(ebs).build()
}

fn interface(id: &str, index: i32, groups: &[&str]) -> sdk::InstanceNetworkInterface {
    let groups = groups.iter().map(|group| sdk::GroupIdentifier::builder().group_id(*group).build()).collect();
    let attachment = sdk::InstanceNetworkInterfaceAttachment::builder()
        .attachment_id(format!("eni-attach-{index}"))
        .device_index(index)
        .delete_on_termination(index == 0)
        .build();
    let address = |text: &str, primary| {
        sdk::InstancePrivateIpAddress::builder().private_ip_address(text).primary(primary).build()
    };
    sdk::InstanceNetworkInterface::builder()
        .network_interface_id(id)
        .set_groups(Some(groups))
        .attachment(attachment)
        .private_ip_address(format!("10.0.{index}.9"))
        .private_ip_addresses(address(&format!("10.0.{index}.7"), false))
        .private_ip_addresses(address(&format!("10.0.{index}.9"), true))
        .ipv6_addresses(sdk::InstanceIpv6Address::builder().ipv6_address("fd00::2").build())
        .source_dest_check(true)
        .build()
}

fn full() -> sdk::Instance {
    sdk::Instance::builder()
        .instance_id("i-0aa11bb22cc33dd44")
        .image_id("ami-0123456789abcdef0")
        .instance_type(sdk::InstanceType::from("m7g.large"))
        .state(sdk::InstanceState::builder().name(sdk::InstanceStateName::Running).build())
        .launch_time(DateTime::from_secs(1_790_000_000))
        .platform(sdk::PlatformValues::from("windows"))
        .instance_lifecycle(sdk::InstanceLifecycleType::Spot)
        .root_device_name("/dev/xvda")
        .block_device_mappings(mapping("/dev/xvdb", "vol-b"))
        .block_device_mappings(mapping("/dev/xvda", "vol-a"))
        .network_interfaces(interface("eni-1", 1, &["sg-2", "sg-1"]))
        .network_interfaces(interface("eni-0", 0, &["sg-3"]))
        .metadata_options(
            sdk::InstanceMetadataOptionsResponse::builder()
                .http_tokens(sdk::HttpTokensState::Required)
                .http_put_response_hop_limit(2)
                .build(),
        )
        .tags(sdk::Tag::builder().key("app").value("web").build())
        .tags(sdk::Tag::builder().key("empty").build())
        .operator(sdk::OperatorResponse::builder().managed(true).principal("eks.amazonaws.com").build())
        .build()
}

#[test]
fn an_instance_comes_with_every_field_detection_compares() {
    let got = instance(&place(), full()).unwrap();
    assert_eq!((got.id.as_str(), got.state.as_str()), ("i-0aa11bb22cc33dd44", "running"));
    assert_eq!(got.launched_at.as_second(), 1_790_000_000);
    assert_eq!(got.platform.as_deref(), Some("windows"));
    assert_eq!(got.lifecycle.as_deref(), Some("spot"));
    assert_eq!(got.operator.as_deref(), Some("eks.amazonaws.com"));
    assert_eq!(got.metadata_options.http_tokens.as_deref(), Some("required"));
    assert_eq!(got.metadata_options.http_put_response_hop_limit, Some(2));
    assert_eq!(got.tags.get("app").map(String::as_str), Some("web"));
    assert_eq!(got.tags.get("empty").map(String::as_str), Some(""));
    assert_eq!(got.user_data, Observed::Unknown, "another call tells it");
}

#[test]
fn lists_are_sorted_and_the_root_is_known() {
    let got = instance(&place(), full()).unwrap();
    let volumes: Vec<_> = got.volumes.iter().map(|volume| (volume.device.as_str(), volume.root)).collect();
    assert_eq!(volumes, [("/dev/xvda", true), ("/dev/xvdb", false)]);
    let interfaces: Vec<_> = got.interfaces.iter().map(|eni| (eni.id.as_str(), eni.device_index)).collect();
    assert_eq!(interfaces, [("eni-0", 0), ("eni-1", 1)]);
    let groups: Vec<_> = got.interfaces[1].groups.iter().map(|group| group.as_str()).collect();
    assert_eq!(groups, ["sg-1", "sg-2"]);
    assert_eq!(got.interfaces[0].addresses, ["10.0.0.9", "10.0.0.7", "fd00::2"]);
    assert_eq!(got.interfaces[0].attachment.as_deref(), Some("eni-attach-0"));
}

#[test]
fn an_instance_without_an_id_is_not_made_up() {
    assert_eq!(instance(&place(), sdk::Instance::builder().image_id("ami-1").build()), None);
    assert_eq!(volume(sdk::Volume::builder().size(8).build()), None);
}

#[test]
fn volumes_tell_size_type_and_encryption() {
    let attachment = sdk::VolumeAttachment::builder().device("/dev/sdf").delete_on_termination(false).build();
    let found = sdk::Volume::builder()
        .volume_id("vol-a")
        .size(20)
        .volume_type(sdk::VolumeType::Gp3)
        .encrypted(true)
        .attachments(attachment)
        .build();
    let got = volume(found).unwrap();
    assert_eq!((got.device.as_str(), got.size_gib, got.encrypted), ("/dev/sdf", Some(20), Some(true)));
    assert_eq!(got.volume_type.as_deref(), Some("gp3"));
}

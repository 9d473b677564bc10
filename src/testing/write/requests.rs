//! What CloudTrail records of each call: flat for the old EC2 APIs, wrapped for the younger ones, as the services
//! spell it for the others.

use serde_json::{Map, Value, json};

use crate::remediate::{LaunchRequest, Tracking, WriteCall};
use crate::testing::mutate::launch_request;
use crate::testing::trail::{Call, items};
use crate::testing::write::launch::spec_of;

/// The record of a call, with what was answered when something was.
pub(super) fn record(call: &WriteCall, response: Option<Value>) -> Call {
    let (service, name) = call.api().split_once(':').unwrap_or_default();
    let request = request_of(call);
    if service != "ec2" {
        return Call::new(service, name, request).answered(response.unwrap_or_default());
    }
    if is_wrapped(call) {
        return Call::ec2_wrapped(name, request, response.unwrap_or_default());
    }
    Call::ec2(name, request).answered(response.unwrap_or_default())
}

/// EC2 APIs that came with or after the model of 2016-11-15.
fn is_wrapped(call: &WriteCall) -> bool {
    use WriteCall as Call;
    matches!(
        call,
        Call::CreateSnapshots { .. }
            | Call::ReplaceProfile { .. }
            | Call::AssociateProfile { .. }
            | Call::DisassociateProfile { .. }
            | Call::SetMetadataOptions { .. }
            | Call::ReplaceRootVolume { .. }
    )
}

fn request_of(call: &WriteCall) -> Value {
    use WriteCall as Call;
    match call {
        Call::CreateTags { resources, tags } => {
            let set = tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
            json!({"resourcesSet": ids("resourceId", resources), "tagSet": items(set)})
        }
        Call::DeleteTags { resources, keys } => {
            json!({"resourcesSet": ids("resourceId", resources), "tagSet": ids("key", keys)})
        }
        Call::SetTerminationProtection { instance, on } => {
            json!({"instanceId": instance, "disableApiTermination": {"value": on}})
        }
        Call::SetSourceDestCheck { instance, on } => json!({"instanceId": instance, "sourceDestCheck": {"value": on}}),
        Call::SetShutdownBehavior { instance, behavior } => {
            json!({"instanceId": instance, "instanceInitiatedShutdownBehavior": {"value": behavior}})
        }
        Call::SetVolumesDeletion { instance, devices } => {
            let device =
                |(name, delete): (&String, &bool)| json!({"deviceName": name, "ebs": {"deleteOnTermination": delete}});
            json!({"instanceId": instance, "blockDeviceMapping": items(devices.iter().map(device).collect())})
        }
        Call::SetInterfaceDeletion { interface, attachment, delete } => json!({
            "networkInterfaceId": interface,
            "attachment": {"attachmentId": attachment, "deleteOnTermination": delete},
        }),
        Call::CreateSnapshots { instance, tags } => json!({
            "InstanceSpecification": {"InstanceId": instance, "ExcludeBootVolume": false},
            "CopyTagsFromSource": "volume",
            "TagSpecification": {"tag": 1, "ResourceType": "snapshot", "Tag": tag_objects(tags)},
        }),
        Call::SetInterfaceGroups { interface, groups } => {
            let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
            json!({"networkInterfaceId": interface, "groupSet": ids("groupId", &groups)})
        }
        Call::SetTracking { interface, tracking } => {
            json!({"networkInterfaceId": interface, "connectionTrackingSpecification": tracking_of(*tracking)})
        }
        Call::AssociateAddress { allocation, interface, private_ip, take } => json!({
            "allocationId": allocation, "networkInterfaceId": interface, "privateIpAddress": private_ip,
            "allowReassociation": take,
        }),
        Call::DisassociateAddress { association } => json!({"associationId": association}),
        Call::DenyInAcl { acl, rule, egress, cidr } => acl_entry(acl, *rule, *egress, cidr),
        Call::RemoveFromAcl { acl, rule, egress, .. } => {
            json!({"networkAclId": acl, "ruleNumber": rule, "egress": egress})
        }
        Call::AssignPrivateIps { interface, addresses, take } => {
            let set = addresses.iter().map(|address| json!({"privateIpAddress": address})).collect();
            json!({"networkInterfaceId": interface, "privateIpAddressesSet": items(set), "allowReassignment": take})
        }
        Call::DetachInterface { attachment, .. } => json!({"attachmentId": attachment, "force": false}),
        Call::AttachInterface { interface, instance, device_index } => {
            json!({"networkInterfaceId": interface, "instanceId": instance, "deviceIndex": device_index})
        }
        Call::DetachVolume { volume, instance } => {
            json!({"volumeId": volume, "instanceId": instance, "force": false})
        }
        Call::AttachVolume { volume, instance, device } => {
            json!({"volumeId": volume, "instanceId": instance, "device": device})
        }
        Call::ReplaceProfile { association, profile_arn, .. } => {
            json!({"AssociationId": association, "IamInstanceProfile": {"Arn": profile_arn}})
        }
        Call::AssociateProfile { instance, profile_arn } => {
            json!({"InstanceId": instance, "IamInstanceProfile": {"Arn": profile_arn}})
        }
        Call::DisassociateProfile { association, .. } => json!({"AssociationId": association}),
        Call::SetMetadataOptions { instance, options } => json!({
            "InstanceId": instance,
            "HttpTokens": options.http_tokens,
            "HttpEndpoint": options.http_endpoint,
            "HttpPutResponseHopLimit": options.http_put_response_hop_limit,
            "InstanceMetadataTags": options.instance_metadata_tags,
        }),
        Call::Stop { instance } => {
            json!({"instancesSet": items(vec![json!({"instanceId": instance})]), "force": false})
        }
        Call::Start { instance } | Call::Terminate { instance } => {
            json!({"instancesSet": items(vec![json!({"instanceId": instance})])})
        }
        Call::Launch(request) => launch(request),
        Call::ReplaceRootVolume { instance, image, volume, token } => root(instance.as_str(), image, volume, token),
        other => elsewhere(other),
    }
}

/// Requests of other services than EC2.
fn elsewhere(call: &WriteCall) -> Value {
    use WriteCall as Call;
    let target = |id: &str, port: Option<i32>, zone: Option<&str>| {
        let mut target = Map::from_iter([("id".to_owned(), json!(id))]);
        target.extend(port.map(|port| ("port".to_owned(), json!(port))));
        target.extend(zone.map(|zone| ("availabilityZone".to_owned(), json!(zone))));
        json!([target])
    };
    match call {
        Call::RegisterTarget { group, target: id, port, zone } => {
            json!({"targetGroupArn": group, "targets": target(id, *port, zone.as_deref())})
        }
        Call::DeregisterTarget { group, target: id, port } => {
            json!({"targetGroupArn": group, "targets": target(id, *port, None)})
        }
        Call::LaunchInGroup { group, subnet, token } => json!({
            "autoScalingGroupName": group, "clientToken": token, "requestedCapacity": 1, "retryStrategy": "none",
            "subnetIds": [subnet],
        }),
        Call::EnterStandby { group, instance, decrement } => json!({
            "autoScalingGroupName": group, "instanceIds": [instance], "shouldDecrementDesiredCapacity": decrement,
        }),
        Call::ExitStandby { group, instance } | Call::AttachToGroup { group, instance } => {
            json!({"autoScalingGroupName": group, "instanceIds": [instance]})
        }
        Call::SetScaleInProtection { group, instance, on } => {
            json!({"autoScalingGroupName": group, "instanceIds": [instance], "protectedFromScaleIn": on})
        }
        Call::SetDesiredCapacity { group, desired } => {
            json!({"autoScalingGroupName": group, "desiredCapacity": desired, "honorCooldown": false})
        }
        Call::DetachFromGroup { group, instance } => json!({
            "autoScalingGroupName": group, "instanceIds": [instance], "shouldDecrementDesiredCapacity": true,
        }),
        Call::PutRolePolicy { role, policy, document } => {
            json!({"roleName": role, "policyName": policy, "policyDocument": document})
        }
        Call::DeleteRolePolicy { role, policy } => json!({"roleName": role, "policyName": policy}),
        Call::RefreshInventory { instance } => json!({
            "documentName": "AWS-RefreshAssociation", "instanceIds": [instance], "interactive": false,
            "parameters": "HIDDEN_DUE_TO_SECURITY_REASONS",
        }),
        _ => json!({}),
    }
}

fn launch(request: &LaunchRequest) -> Value {
    let data = request.user_data.as_ref().map(|_| &b"hidden"[..]);
    launch_request(&spec_of(request, data), &request.token)
}

fn root(
    instance: &str,
    image: &Option<crate::types::ImageId>,
    volume: &Option<crate::types::VolumeId>,
    token: &str,
) -> Value {
    let mut request = json!({"InstanceId": instance, "ClientToken": token, "DeleteReplacedRootVolume": false});
    if let Some(object) = request.as_object_mut() {
        object.extend(image.as_ref().map(|image| ("ImageId".to_owned(), json!(image))));
        object.extend(volume.as_ref().map(|volume| ("VolumeId".to_owned(), json!(volume))));
    }
    request
}

fn acl_entry(acl: &str, rule: i32, egress: bool, cidr: &str) -> Value {
    let block = if cidr.contains(':') { "ipv6CidrBlock" } else { "cidrBlock" };
    let mut entry = json!({"networkAclId": acl, "ruleNumber": rule, "egress": egress, "ruleAction": "deny",
        "icmpTypeCode": {}, "portRange": {}, "aclProtocol": "-1"});
    if let Some(object) = entry.as_object_mut() {
        object.insert(block.to_owned(), json!(cidr));
    }
    entry
}

fn tracking_of(tracking: Tracking) -> Value {
    json!({
        "tcpEstablishedTimeout": tracking.tcp_established_s,
        "udpStreamTimeout": tracking.udp_stream_s,
        "udpTimeout": tracking.udp_s,
    })
}

fn tag_objects(tags: &std::collections::BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

fn ids(key: &str, list: &[String]) -> Value {
    items(list.iter().map(|id| Value::Object(Map::from_iter([(key.to_owned(), json!(id))]))).collect())
}

//! Every change shows in Describe calls after the delay, and in the trail once, in the right shape.

use std::time::Duration;

use serde_json::Value;

use crate::collect::CloudRead;
use crate::testing::{CommandTarget, FleetBuilder, LaunchSpec, SimActor, SimError, SimFleet};
use crate::types::{Instance, InstanceId, MetadataOptions, Place};

fn place() -> Place {
    Place::new("000000000000", "eu-west-1")
}

fn fleet() -> (SimFleet, InstanceId) {
    let fleet = FleetBuilder::new("web").standalone(2).group(2).packages(30).build().unwrap();
    fleet.cloud.configure(|settings| settings.describe_delay = Duration::from_secs(15));
    let target = fleet.standalone[&place()][0].clone();
    (fleet, target)
}

fn bob() -> SimActor {
    SimActor::iam_user("bob")
}

fn trail(fleet: &SimFleet) -> Vec<Value> {
    fleet.cloud.trail_records(&place()).iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

fn names(fleet: &SimFleet) -> Vec<String> {
    trail(fleet).iter().map(|record| record["eventName"].as_str().unwrap().to_owned()).collect()
}

async fn seen(fleet: &SimFleet, id: &InstanceId) -> Instance {
    fleet.cloud.instances_by_id(&place(), std::slice::from_ref(id)).await.unwrap().remove(0)
}

/// The change is invisible at first, then `check` holds; exactly `records` were left.
async fn shows(
    fleet: &SimFleet,
    id: &InstanceId,
    before: &Instance,
    records: &[&str],
    check: impl Fn(&Instance) -> bool,
) {
    assert_eq!(&seen(fleet, id).await, before, "visible at once: {records:?}");
    fleet.clock.advance(Duration::from_secs(15));
    assert!(check(&seen(fleet, id).await), "not visible after the delay: {records:?}");
    assert_eq!(names(fleet), records);
}

#[tokio::test]
async fn security_groups_change_on_every_interface_with_a_record_each() {
    let (fleet, id) = fleet();
    let (cloud, debug) = (&fleet.cloud, SimFleet::security_group(&place().region, "debug"));
    cloud.attach_network_interface(&bob(), &id, &[]).unwrap();
    fleet.clock.advance(Duration::from_secs(15));
    let before = seen(&fleet, &id).await;
    cloud.modify_security_groups(&bob(), &id, std::slice::from_ref(&debug)).unwrap();
    let records = ["AttachNetworkInterface", "ModifyNetworkInterfaceAttribute", "ModifyNetworkInterfaceAttribute"];
    shows(&fleet, &id, &before, &records, |now| now.interfaces.iter().all(|eni| eni.groups == [debug.clone()])).await;
    let record = &trail(&fleet)[1];
    assert_eq!(record["requestParameters"]["networkInterfaceId"], before.interfaces[0].id.as_str());
    assert_eq!(record["requestParameters"]["groupSet"]["items"][0]["groupId"], debug.as_str());
    assert_eq!(record["userIdentity"]["arn"], "arn:aws:iam::000000000000:user/bob");
}

#[tokio::test]
async fn metadata_options_leave_a_wrapped_record() {
    let (fleet, id) = fleet();
    let before = seen(&fleet, &id).await;
    let wanted = MetadataOptions { http_tokens: Some("optional".to_owned()), ..MetadataOptions::default() };
    fleet.cloud.modify_metadata_options(&bob(), &id, &wanted).unwrap();
    let optional = |now: &Instance| {
        now.metadata_options.http_tokens.as_deref() == Some("optional")
            && now.metadata_options.http_put_response_hop_limit == Some(1)
    };
    shows(&fleet, &id, &before, &["ModifyInstanceMetadataOptions"], optional).await;
    let record = &trail(&fleet)[0];
    let request = &record["requestParameters"]["ModifyInstanceMetadataOptionsRequest"];
    assert_eq!(*request, serde_json::json!({"HttpTokens": "optional", "InstanceId": id}));
    let response = &record["responseElements"]["ModifyInstanceMetadataOptionsResponse"];
    assert_eq!(response["instanceId"], id.as_str());
    assert_eq!(response["requestId"], record["requestID"]);
}

#[tokio::test]
async fn a_replaced_profile_names_its_instance_in_the_response_only() {
    let (fleet, id) = fleet();
    let before = seen(&fleet, &id).await;
    fleet.cloud.replace_instance_profile(&bob(), &id, "admin").unwrap();
    let profile = |now: &Instance| now.instance_profile.as_deref().unwrap().ends_with("instance-profile/admin");
    shows(&fleet, &id, &before, &["ReplaceIamInstanceProfileAssociation"], profile).await;
    let record = &trail(&fleet)[0];
    assert!(!record["requestParameters"].to_string().contains(id.as_str()));
    let response = &record["responseElements"]["ReplaceIamInstanceProfileAssociationResponse"];
    assert_eq!(response["iamInstanceProfileAssociation"]["instanceId"], id.as_str());
    fleet.cloud.disassociate_instance_profile(&bob(), &id).unwrap();
    fleet.cloud.associate_instance_profile(&bob(), &id, "web-server").unwrap();
    assert!(fleet.cloud.associate_instance_profile(&bob(), &id, "other").is_err());
    assert_eq!(names(&fleet)[1..], ["DisassociateIamInstanceProfile", "AssociateIamInstanceProfile"]);
}

#[tokio::test]
async fn user_data_takes_stop_edit_start_and_is_never_in_the_record() {
    let (fleet, id) = fleet();
    let launched = seen(&fleet, &id).await.launched_at;
    fleet.cloud.modify_user_data(&bob(), &id, b"#!/bin/sh\nbackdoor\n").unwrap();
    assert_eq!(names(&fleet), ["StopInstances", "ModifyInstanceAttribute", "StartInstances"]);
    let record = &trail(&fleet)[1];
    assert_eq!(record["requestParameters"]["userData"], "<sensitiveDataRemoved>");
    assert!(!fleet.cloud.trail_log_file(&place()).contains("backdoor"));
    fleet.clock.advance(Duration::from_secs(20));
    let data = fleet.cloud.user_data(&place(), &id).await.unwrap();
    assert_eq!(data.as_deref(), Some(b"#!/bin/sh\nbackdoor\n".as_slice()));
    let now = seen(&fleet, &id).await;
    assert_eq!(now.state, "running");
    assert!(now.launched_at > launched);
}

#[tokio::test]
async fn volumes_come_grow_and_go() {
    let (fleet, id) = fleet();
    let (cloud, before) = (&fleet.cloud, seen(&fleet, &id).await);
    let volume = cloud.attach_volume(&bob(), &id, "/dev/sdf", 100).unwrap();
    let attached = |now: &Instance| now.volumes.iter().any(|held| held.id == volume && held.size_gib.is_none());
    shows(&fleet, &id, &before, &["CreateVolume", "AttachVolume"], attached).await;
    cloud.modify_volume(&bob(), &id, &volume, 200).unwrap();
    cloud.detach_volume(&bob(), &id, &volume).unwrap();
    fleet.clock.advance(Duration::from_secs(15));
    let page = cloud.volumes(&place(), None).await.unwrap();
    let loose = page.items.iter().find(|held| held.id == volume).unwrap();
    assert_eq!((loose.size_gib, loose.device.as_str()), (Some(200), ""));
    assert!(seen(&fleet, &id).await.volumes.iter().all(|held| held.id != volume));
    let record = &trail(&fleet)[2];
    assert_eq!(record["requestParameters"]["ModifyVolumeRequest"]["VolumeId"], volume.as_str());
    assert!(matches!(cloud.detach_volume(&bob(), &id, &volume), Err(SimError::NotFound(_))));
}

#[tokio::test]
async fn other_attributes_show_and_leave_one_record_each() {
    let (fleet, id) = fleet();
    let cloud = &fleet.cloud;
    let group = SimFleet::security_group(&place().region, "debug");
    cloud.source_dest_check(&bob(), &id, false).unwrap();
    cloud.create_tags(&bob(), &id, &[("owner", "bob")]).unwrap();
    cloud.delete_tags(&bob(), &id, &["env"]).unwrap();
    cloud.modify_instance_groups(&bob(), &id, std::slice::from_ref(&group)).unwrap();
    let address = cloud.associate_address(&bob(), &id).unwrap();
    assert!(cloud.modify_instance_type(&bob(), &id, "m7i.xlarge").is_err(), "it runs");
    cloud.stop(&bob(), &id).unwrap();
    fleet.clock.advance(Duration::from_secs(30));
    cloud.modify_instance_type(&bob(), &id, "m7i.xlarge").unwrap();
    fleet.clock.advance(Duration::from_secs(15));
    let now = seen(&fleet, &id).await;
    assert_eq!((now.state.as_str(), now.instance_type.as_str()), ("stopped", "m7i.xlarge"));
    assert_eq!(now.source_dest_check, Some(false));
    assert_eq!((now.tags.get("owner").map(String::as_str), now.tags.get("env")), (Some("bob"), None));
    assert_eq!(now.interfaces[0].groups, [group]);
    assert_eq!(now.interfaces[0].address_associations, std::slice::from_ref(&address));
    assert_eq!(cloud.addresses(&place()).await.unwrap()[0].instance, id);
    cloud.disassociate_address(&bob(), &place(), &address).unwrap();
    fleet.clock.advance(Duration::from_secs(15));
    assert!(cloud.addresses(&place()).await.unwrap().is_empty());
    assert_eq!(
        names(&fleet),
        [
            "ModifyInstanceAttribute",
            "CreateTags",
            "DeleteTags",
            "ModifyInstanceAttribute",
            "AssociateAddress",
            "StopInstances",
            "ModifyInstanceAttribute",
            "DisassociateAddress",
        ]
    );
    assert_eq!(trail(&fleet)[7]["requestParameters"], serde_json::json!({"associationId": address}));
}

#[tokio::test]
async fn a_replaced_root_volume_shows_the_new_image() {
    let (fleet, id) = fleet();
    let before = seen(&fleet, &id).await;
    let image = before.image.clone();
    fleet.cloud.replace_root_volume(&bob(), &id, &image).unwrap();
    let fresh = |now: &Instance| now.volumes[0].id != before.volumes[0].id && now.id == id;
    shows(&fleet, &id, &before, &["CreateReplaceRootVolumeTask"], fresh).await;
    let request = &trail(&fleet)[0]["requestParameters"]["CreateReplaceRootVolumeTaskRequest"];
    assert_eq!(request["InstanceId"], id.as_str());
}

#[tokio::test]
async fn a_detached_interface_is_named_by_its_attachment_only() {
    let (fleet, id) = fleet();
    let (interface, attachment) = fleet.cloud.attach_network_interface(&bob(), &id, &[]).unwrap();
    fleet.cloud.detach_network_interface(&bob(), &id, &interface).unwrap();
    fleet.clock.advance(Duration::from_secs(15));
    assert_eq!(seen(&fleet, &id).await.interfaces.len(), 1);
    let request = &trail(&fleet)[1]["requestParameters"];
    assert_eq!(*request, serde_json::json!({"attachmentId": attachment, "force": false}));
}

#[tokio::test]
async fn launches_and_terminations_are_recorded_and_listed_late() {
    let (fleet, old) = fleet();
    let (cloud, place) = (&fleet.cloud, place());
    let spec = LaunchSpec::of_image(&fleet.images[&place.region], "eu-west-1a");
    let new = cloud.run_instances(&bob(), &place, &spec).unwrap();
    assert!(cloud.instances_by_id(&place, std::slice::from_ref(&new)).await.is_err());
    cloud.terminate(&bob(), &old).unwrap();
    fleet.clock.advance(Duration::from_secs(30));
    assert_eq!(seen(&fleet, &new).await.state, "running");
    assert_eq!(seen(&fleet, &old).await.state, "terminated");
    assert!(cloud.stop(&bob(), &old).is_err());
    fleet.clock.advance(Duration::from_secs(3601));
    assert!(cloud.instances_by_id(&place, &[old]).await.is_err());
    let record = &trail(&fleet)[0];
    assert_eq!(record["responseElements"]["instancesSet"]["items"][0]["instanceId"], new.as_str());
    assert_eq!(names(&fleet), ["RunInstances", "TerminateInstances"]);
}

#[tokio::test]
async fn ways_in_are_recorded_with_what_tells_who_and_where() {
    let (fleet, id) = fleet();
    let alice = SimActor::person("alice@example.com").from_ip("198.51.100.7");
    let session = fleet.cloud.start_session(&alice, &id).unwrap();
    fleet.cloud.push_ssh_key(&alice, &id, "ec2-user").unwrap();
    fleet.cloud.send_serial_console_key(&alice, &id).unwrap();
    let tag = CommandTarget::Tag("app".to_owned(), "web".to_owned());
    fleet.cloud.send_command(&alice, &place(), "AWS-RunShellScript", &tag).unwrap();
    let records = trail(&fleet);
    assert_eq!(names(&fleet), ["StartSession", "SendSSHPublicKey", "SendSerialConsoleSSHPublicKey", "SendCommand"]);
    assert_eq!(records[0]["requestParameters"]["target"], id.as_str());
    assert_eq!(records[0]["responseElements"]["sessionId"], session.as_str());
    assert_eq!(records[0]["sourceIPAddress"], "198.51.100.7");
    assert_eq!(records[1]["eventSource"], "ec2-instance-connect.amazonaws.com");
    assert_eq!(records[3]["requestParameters"]["targets"][0]["key"], "tag:app");
    assert_eq!(records[3]["requestParameters"]["parameters"], "HIDDEN_DUE_TO_SECURITY_REASONS");
}

//! Parts that go from one server to another, or to none: whose they were at the time of the event.

use serde_json::{Value, json};

use super::holders::{memory, raw, read, server, whose};
use super::*;
use crate::store::Link;

fn volume(at: &str, name: &str, instance: Option<&str>, id: &str) -> String {
    let mut request = json!({"volumeId": id, "device": "/dev/xvdf"});
    let mut response = json!({"volumeId": id, "device": "/dev/xvdf", "status": "busy"});
    if let Some(instance) = instance {
        (request["instanceId"], response["instanceId"]) = (instance.into(), instance.into());
    }
    raw(at, "ec2", name, &request, &response)
}

fn grow(at: &str, id: &str) -> String {
    let request = json!({"ModifyVolumeRequest": {"VolumeId": id, "Size": 200}});
    raw(at, "ec2", "ModifyVolume", &request, &json!({"ModifyVolumeResponse": {"volumeModification": {"volumeId": id}}}))
}

fn interface(at: &str, id: &str) -> String {
    let request = json!({"networkInterfaceId": id, "description": {"value": "x"}});
    raw(at, "ec2", "ModifyNetworkInterfaceAttribute", &request, &json!({"_return": true}))
}

/// Only what follows the names.
fn ends(lines: &[String]) -> Vec<&str> {
    lines.iter().map(|line| line.split_once('-').unwrap().1).collect()
}

#[test]
fn a_volume_is_whose_it_was_when_the_call_came_and_nobodys_in_between() {
    let records = [
        volume("09:00", "AttachVolume", Some(A), "vol-d"),
        volume("10:00", "DetachVolume", Some(A), "vol-d"),
        volume("12:00", "AttachVolume", Some(B), "vol-d"),
        volume("14:00", "DetachVolume", None, "vol-d"),
        grow("08:30", "vol-d"),
        grow("09:30", "vol-d"),
        grow("11:00", "vol-d"),
        grow("13:00", "vol-d"),
        grow("15:00", "vol-d"),
    ];
    let expected = [
        "08:30:  {vol-d}",
        "09:00: a {}",
        "09:30: a {}",
        "10:00: a {}",
        "11:00:  {vol-d}",
        "12:00: b {}",
        "13:00: b {}",
        "14:00: b {}",
        "15:00:  {vol-d}",
    ];
    for now in [vec![], vec![server(A, 'a'), server(B, 'b')]] {
        let mut backwards = records.to_vec();
        backwards.reverse();
        assert_eq!(ends(&whose(&records, &now, &[])), expected);
        assert_eq!(ends(&whose(&backwards, &now, &[])), expected, "neither order nor EC2 matters");
    }
}

#[test]
fn a_volume_of_the_launch_that_was_taken_off_is_nobodys_also_for_a_later_scan() {
    let before = memory(&[server(A, 'a')]);
    let mut now = server(A, 'a');
    now.volumes.clear();
    let detach = volume("10:00", "DetachVolume", Some(A), "vol-0a1");
    let (events, links) = read(&[detach, grow("09:00", "vol-0a1"), grow("11:00", "vol-0a1")], &[now.clone()], &before);
    let found: Vec<usize> = events.iter().map(|event| event.instances.len()).collect();
    assert_eq!(found, [1, 1, 0]);
    let all = [before.clone(), links].concat();
    assert_eq!(
        ends(&whose(&[grow("09:30", "vol-0a1"), grow("20:30", "vol-0a1")], &[now.clone()], &all)),
        ["09:30: a {}", "20:30:  {vol-0a1}"],
        "the detachment is remembered"
    );
    // Nobody saw the call: a scan saw that it is gone.
    let (_, links) = read(&[], &[now.clone()], &before);
    let all = [before, links].concat();
    assert_eq!(
        ends(&whose(&[grow("19:00", "vol-0a1"), grow("21:00", "vol-0a1")], &[now], &all)),
        ["19:00: a {}", "21:00:  {vol-0a1}"]
    );
}

#[test]
fn a_volume_that_outlives_its_server_is_nobodys_and_its_deletion_concerns_who_held_it() {
    let before = memory(&[server(A, 'a'), server(B, 'b')]);
    let end = raw(
        "10:00",
        "ec2",
        "TerminateInstances",
        &json!({"instancesSet": {"items": [{"instanceId": B}]}}),
        &Value::Null,
    );
    let delete = raw("13:00", "ec2", "DeleteVolume", &json!({"volumeId": "vol-0b1"}), &json!({"_return": true}));
    let records = [end, grow("09:00", "vol-0b1"), grow("12:00", "vol-0b1"), delete.clone()];
    let expected = ["09:00: b {}", "12:00:  {vol-0b1}", "13:00: b {}"];
    assert_eq!(ends(&whose(&records, &[server(A, 'a')], &before)), expected);
    let (_, links) = read(&records[..1], &[server(A, 'a')], &before);
    let all = [before, links].concat();
    assert_eq!(ends(&whose(&records[1..], &[server(A, 'a')], &all)), expected, "the end is remembered");
    let detached = [volume("10:00", "DetachVolume", Some(A), "vol-0a1"), delete.replace("vol-0b1", "vol-0a1")];
    assert_eq!(ends(&whose(&detached, &[server(A, 'a')], &[])), ["10:00: a {}", "13:00: a {}"]);
}

#[test]
fn an_interface_is_known_by_the_attachment_that_ends() {
    let attach = |at: &str, instance: &str, attachment: &str| {
        let request = json!({"networkInterfaceId": "eni-d", "instanceId": instance, "deviceIndex": 1});
        raw(at, "ec2", "AttachNetworkInterface", &request, &json!({"attachmentId": attachment}))
    };
    let detach = |at: &str, attachment: &str| {
        raw(at, "ec2", "DetachNetworkInterface", &json!({"attachmentId": attachment}), &json!({"_return": true}))
    };
    let records = [
        attach("09:00", A, "eni-attach-1"),
        interface("09:30", "eni-d"),
        detach("10:00", "eni-attach-1"),
        interface("11:00", "eni-d"),
        attach("12:00", B, "eni-attach-2"),
        interface("13:00", "eni-d"),
    ];
    let expected = ["09:00: a {}", "09:30: a {}", "10:00: a {}", "11:00:  {eni-d}", "12:00: b {}", "13:00: b {}"];
    assert_eq!(ends(&whose(&records, &[], &[])), expected);
    // What an earlier scan saw says which interface an attachment was of.
    let before = memory(&[server(A, 'a')]);
    let late = [interface("09:00", "eni-0a1"), detach("10:00", "eni-attach-0a1"), interface("11:00", "eni-0a1")];
    assert_eq!(ends(&whose(&late, &[], &before)), ["09:00: a {}", "10:00: a {}", "11:00:  {eni-0a1}"]);
    let old: Vec<Link> = before
        .iter()
        .cloned()
        .map(|link| Link { key: link.key.split('=').next().unwrap().to_owned(), ..link })
        .collect();
    assert_eq!(ends(&whose(&late[1..2], &[], &old)), ["10:00: a {}"], "as earlier versions remembered it");
    // EC2 says since when it is where it is now.
    let mut now = server(B, 'b');
    now.interfaces[0].id = "eni-d".into();
    now.interfaces[0].attached_at = Some(time("2026-03-02T12:00:00Z"));
    let got = whose(&[interface("11:00", "eni-d"), interface("13:00", "eni-d")], &[now], &[]);
    assert_eq!(ends(&got), ["11:00:  {eni-d}", "13:00: b {}"]);
}

#[test]
fn the_interface_of_a_launch_is_known_by_its_attachment_as_well() {
    let nic = json!({"networkInterfaceId": "eni-c", "attachment": {"attachmentId": "eni-attach-c"}});
    let response = json!({"instancesSet": {"items": [{"instanceId": C, "groupSet": {"items": [{"groupId": "sg-web"}]},
        "networkInterfaceSet": {"items": [nic]}}]}});
    let records = [
        raw("09:00", "ec2", "RunInstances", &json!({}), &response),
        interface("10:00", "eni-c"),
        raw("11:00", "ec2", "DetachNetworkInterface", &json!({"attachmentId": "eni-attach-c"}), &Value::Null),
        interface("12:00", "eni-c"),
    ];
    assert_eq!(ends(&whose(&records, &[], &[])), ["10:00: c {}", "11:00: c {}", "12:00:  {eni-c}"]);
}

#[test]
fn an_address_that_was_given_up_is_nobodys() {
    let associate = json!({"publicIp": "198.51.100.7", "instanceId": A});
    let records = [
        raw("09:00", "ec2", "AssociateAddress", &associate, &json!({"associationId": "eipassoc-9", "_return": true})),
        raw("10:00", "ec2", "DisassociateAddress", &json!({"associationId": "eipassoc-9"}), &json!({"_return": true})),
        raw("11:00", "ec2", "DisassociateAddress", &json!({"publicIp": "198.51.100.7"}), &json!({"_return": true})),
    ];
    assert_eq!(ends(&whose(&records, &[], &[])), ["09:00: a {}", "10:00: a {}", "11:00:  {198.51.100.7}"]);
}

#[test]
fn a_target_group_concerns_those_that_were_in_it() {
    let group = "arn:aws:elasticloadbalancing:eu-west-1:444455556666:targetgroup/web/0a1b";
    let call = |at: &str, name: &str, targets: Value| {
        let request = json!({"targetGroupArn": group, "targets": targets});
        raw(at, "elasticloadbalancing", name, &request, &Value::Null)
    };
    let change = |at: &str| {
        raw(at, "elasticloadbalancing", "ModifyTargetGroup", &json!({"targetGroupArn": group}), &Value::Null)
    };
    let mut one = server(A, 'a');
    one.targets.push(crate::types::TargetMembership {
        target_group: group.to_owned(),
        health: "healthy".to_owned(),
        port: None,
        healthy_in_group: 2,
        healthy_in_zone: 1,
    });
    let records = [
        change("08:00"),
        call("09:00", "RegisterTargets", json!([{"id": A}])),
        change("10:00"),
        call("11:00", "DeregisterTargets", json!([{"id": B}])),
        change("12:00"),
    ];
    let now = [one, server(B, 'b')];
    let got = whose(&records, &now, &[]);
    assert_eq!(ends(&got), ["08:00: b {}", "09:00: a {}", "10:00: ab {}", "11:00: b {}", "12:00: a {}"]);
}

#[test]
fn a_group_that_came_or_went_with_an_interface_concerns_the_server_meanwhile() {
    let open = |at: &str| {
        let request = json!({"groupId": "sg-second", "ipPermissions": {"items": [{"ipProtocol": "tcp"}]}});
        raw(at, "ec2", "AuthorizeSecurityGroupIngress", &request, &json!({"_return": true}))
    };
    let mut with = server(A, 'a');
    let second = NetworkInterface {
        id: "eni-second".into(),
        attachment: Some("eni-attach-second".to_owned()),
        groups: vec!["sg-second".into()],
        device_index: 1,
        ..with.interfaces[0].clone()
    };
    with.interfaces.push(second);
    let without = server(A, 'a');
    let request = json!({"attachmentId": "eni-attach-second"});
    let went = raw("10:00", "ec2", "DetachNetworkInterface", &request, &json!({"_return": true}));
    let records = [open("09:00"), went, open("11:00")];
    let expected = ["09:00: a {}", "10:00: a {}", "11:00:  {sg-second}"];
    assert_eq!(ends(&whose(&records, std::slice::from_ref(&without), &memory(std::slice::from_ref(&with)))), expected);

    let request = json!({"networkInterfaceId": "eni-second", "instanceId": A, "deviceIndex": 1});
    let came = raw("10:00", "ec2", "AttachNetworkInterface", &request, &json!({"attachmentId": "eni-attach-second"}));
    let records = [open("09:00"), came, open("11:00")];
    let expected = ["09:00:  {sg-second}", "10:00: a {}", "11:00: a {}"];
    assert_eq!(ends(&whose(&records, std::slice::from_ref(&with), &memory(std::slice::from_ref(&without)))), expected);

    // An address moves no groups: who has the group now, and nothing says since when, had it.
    let request = json!({"publicIp": "198.51.100.7", "instanceId": A});
    let address = raw("10:00", "ec2", "AssociateAddress", &request, &json!({"associationId": "eipassoc-9"}));
    let records = [open("09:00"), address, open("11:00")];
    let expected = ["09:00: a {}", "10:00: a {}", "11:00: a {}"];
    assert_eq!(ends(&whose(&records, &[with], &memory(&[without]))), expected);
}

#[test]
fn a_spot_instance_that_was_taken_away_has_ended() {
    let mut evicted: Value =
        serde_json::from_str(&raw("10:00", "ec2", "BidEvictedEvent", &Value::Null, &Value::Null)).unwrap();
    evicted["serviceEventDetails"] = json!({"instanceIdSet": [B]});
    let open = |at: &str| raw(at, "ec2", "AuthorizeSecurityGroupIngress", &json!({"groupId": "sg-web"}), &Value::Null);
    let before = memory(&[server(A, 'a'), server(B, 'b')]);
    let records = [open("09:00"), evicted.to_string(), open("11:00")];
    assert_eq!(ends(&whose(&records, &[server(A, 'a')], &before)), ["09:00: ab {}", "11:00: a {}"]);
}

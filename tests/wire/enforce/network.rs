//! Interfaces, addresses, network ACLs, security groups.

use std::collections::BTreeSet;

use cattleguard::remediate::{CloudProbe, InterfaceDetail, Tracking, WriteCall};
use cattleguard::types::{EniId, SecurityGroupId};

use super::Yard;

async fn group(yard: &Yard, name: &str) -> SecurityGroupId {
    let vpc = yard.detail().await.vpc.unwrap();
    let request = yard.mia.ec2.create_security_group().group_name(name).description("test").vpc_id(vpc);
    request.send().await.unwrap().group_id.unwrap().into()
}

async fn interface(yard: &Yard) -> EniId {
    let subnet = yard.detail().await.instance.subnet.unwrap();
    let made = yard.mia.ec2.create_network_interface().subnet_id(subnet).send().await.unwrap();
    made.network_interface.unwrap().network_interface_id.unwrap().into()
}

async fn primary(yard: &Yard) -> InterfaceDetail {
    yard.detail().await.interfaces.remove(0)
}

#[tokio::test]
async fn groups_are_swapped_on_one_interface() {
    let yard = Yard::new().await;
    let (isolate, second) = (group(&yard, "cattleguard-isolate").await, interface(&yard).await);
    let (instance, device_index) = (yard.server.clone(), 1);
    yard.call(WriteCall::AttachInterface { interface: second.clone(), instance, device_index }).await;
    let before = primary(&yard).await.groups;
    let groups = BTreeSet::from([isolate.clone()]);
    yard.call(WriteCall::SetInterfaceGroups { interface: second.clone(), groups: groups.clone() }).await;
    let detail = yard.detail().await;
    assert_eq!(detail.interfaces.len(), 2);
    assert_eq!((&detail.interfaces[0].groups, &detail.interfaces[1].groups), (&before, &groups));
    let (attachment, moved) = (detail.interfaces[1].attachment.clone(), second.clone());
    yard.call(WriteCall::DetachInterface { attachment, interface: moved }).await;
    assert_eq!(yard.detail().await.interfaces.len(), 1);
}

#[tokio::test]
async fn tracking_is_shortened_and_set_back() {
    let yard = Yard::new().await;
    let interface = primary(&yard).await;
    assert_eq!(interface.tracking, Tracking::default());
    let short = Tracking { tcp_established_s: Some(60), udp_stream_s: Some(60), udp_s: Some(45) };
    yard.call(WriteCall::SetTracking { interface: interface.id.clone(), tracking: short }).await;
    assert_eq!(primary(&yard).await.tracking, short);
    yard.call(WriteCall::SetTracking { interface: interface.id, tracking: Tracking::default() }).await;
    assert_eq!(primary(&yard).await.tracking, Tracking::default());
}

#[tokio::test]
async fn an_elastic_address_moves_and_leaves() {
    let yard = Yard::new().await;
    let made = yard.mia.ec2.allocate_address().send().await.unwrap();
    let allocation = made.allocation_id.unwrap();
    let interface = primary(&yard).await.id;
    let associate = |interface| WriteCall::AssociateAddress {
        allocation: allocation.clone(),
        interface,
        private_ip: None,
        take: true,
    };
    yard.call(associate(interface.clone())).await;
    let detail = yard.detail().await;
    assert_eq!(detail.addresses.len(), 1, "{detail:?}");
    assert_eq!((&detail.addresses[0].allocation, &detail.addresses[0].interface), (&allocation, &interface));
    assert_eq!(detail.auto_public_ip, None, "an Elastic IP is not lost by a stop");
    let other = yard.another().await;
    let target = yard.enforcer.instance(&yard.place, &other).await.unwrap().unwrap().interfaces[0].id.clone();
    yard.call(associate(target)).await;
    assert!(yard.detail().await.addresses.is_empty());
    let moved = yard.enforcer.instance(&yard.place, &other).await.unwrap().unwrap().addresses;
    yard.call(WriteCall::DisassociateAddress { association: moved[0].association.clone() }).await;
    assert!(yard.enforcer.instance(&yard.place, &other).await.unwrap().unwrap().addresses.is_empty());
}

#[tokio::test]
async fn a_secondary_address_moves_between_interfaces() {
    let yard = Yard::new().await;
    let (from, to) = (primary(&yard).await.id, interface(&yard).await);
    let assign =
        |interface| WriteCall::AssignPrivateIps { interface, addresses: vec!["172.31.0.200".to_owned()], take: true };
    yard.call(assign(from)).await;
    let held = primary(&yard).await.private_ips;
    assert_eq!(held.len(), 2, "{held:?}");
    assert_eq!(held[1], "172.31.0.200", "the primary comes first");
    yard.call(assign(to)).await;
    assert_eq!(primary(&yard).await.private_ips.len(), 1);
}

#[tokio::test]
async fn a_network_acl_denies_one_address() {
    let yard = Yard::new().await;
    let subnet = yard.detail().await.instance.subnet.unwrap();
    let acl = yard.enforcer.subnet_acl(&yard.place, &subnet).await.unwrap().unwrap();
    let cidr = "172.31.0.9/32".to_owned();
    let deny = WriteCall::DenyInAcl { acl: acl.acl.clone(), rule: 7, egress: true, cidr: cidr.clone() };
    yard.call(deny).await;
    let denied = yard.enforcer.subnet_acl(&yard.place, &subnet).await.unwrap().unwrap();
    let entry = denied.entries.iter().find(|entry| entry.rule == 7).unwrap();
    assert!(entry.egress && !entry.allow && entry.cidr == cidr, "{entry:?}");
    assert_eq!(denied.entries.len(), acl.entries.len() + 1);
    yard.call(WriteCall::RemoveFromAcl { acl: acl.acl.clone(), rule: 7, egress: true, cidr }).await;
    assert_eq!(yard.enforcer.subnet_acl(&yard.place, &subnet).await.unwrap().unwrap(), acl);
    assert_eq!(yard.enforcer.subnet_acl(&yard.place, "subnet-0feed0feed0feed00").await.unwrap(), None);
}

#[tokio::test]
async fn a_group_is_known_by_what_it_lets_through() {
    use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range};
    let yard = Yard::new().await;
    let vpc = yard.detail().await.vpc.unwrap();
    let id = group(&yard, "cattleguard-open").await;
    let found = yard.enforcer.security_group(&yard.place, &vpc, "cattleguard-open").await.unwrap().unwrap();
    assert_eq!((&found.id, found.ingress), (&id, 0));
    assert!(found.egress > 0 && !found.open, "a new group lets everything out: {found:?}");
    let all = IpPermission::builder()
        .ip_protocol("-1")
        .ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build())
        .ipv6_ranges(Ipv6Range::builder().cidr_ipv6("::/0").build())
        .build();
    let six = IpPermission::builder().ip_protocol("-1").ipv6_ranges(Ipv6Range::builder().cidr_ipv6("::/0").build());
    let ec2 = &yard.mia.ec2;
    ec2.authorize_security_group_ingress().group_id(id.as_str()).ip_permissions(all).send().await.unwrap();
    ec2.authorize_security_group_egress().group_id(id.as_str()).ip_permissions(six.build()).send().await.unwrap();
    let found = yard.enforcer.security_group(&yard.place, &vpc, "cattleguard-open").await.unwrap().unwrap();
    assert!(found.open && found.ingress == 2, "{found:?}");
    assert_eq!(yard.enforcer.security_group(&yard.place, &vpc, "absent").await.unwrap(), None);
}

//! Network interfaces, as `DescribeInstances` lists them, into domain types.

use aws_sdk_ec2::types as sdk;

use super::time::timestamp;
use crate::types::{NetworkInterface, SecurityGroupId};

/// The interfaces of one instance by device index. An interface without an id says nothing and is left out.
pub(super) fn interfaces(found: Vec<sdk::InstanceNetworkInterface>) -> Vec<NetworkInterface> {
    let mut interfaces: Vec<NetworkInterface> = found.into_iter().filter_map(interface).collect();
    interfaces.sort_by(|a, b| (a.device_index, &a.id).cmp(&(b.device_index, &b.id)));
    interfaces
}

fn interface(mut found: sdk::InstanceNetworkInterface) -> Option<NetworkInterface> {
    let addresses = addresses(&mut found);
    let mut groups: Vec<SecurityGroupId> = found
        .groups
        .unwrap_or_default()
        .into_iter()
        .filter_map(|group| group.group_id.map(SecurityGroupId::from))
        .collect();
    groups.sort();
    let attachment = found.attachment;
    let delete_on_termination = attachment.as_ref().and_then(|at| at.delete_on_termination);
    let attached_at = attachment.as_ref().and_then(|at| at.attach_time.as_ref()).and_then(timestamp);
    Some(NetworkInterface {
        id: found.network_interface_id?.into(),
        device_index: attachment.as_ref().and_then(|at| at.device_index).unwrap_or(0),
        attachment: attachment.and_then(|at| at.attachment_id),
        attached_at,
        groups,
        addresses,
        address_associations: Vec::new(),
        source_dest_check: found.source_dest_check,
        delete_on_termination,
    })
}

/// The primary address first, then the other IPv4 and the IPv6 addresses, each sorted.
fn addresses(found: &mut sdk::InstanceNetworkInterface) -> Vec<String> {
    let primary = found.private_ip_address.take();
    let mut others: Vec<String> = found
        .private_ip_addresses
        .take()
        .unwrap_or_default()
        .into_iter()
        .filter_map(|address| address.private_ip_address)
        .filter(|address| Some(address) != primary.as_ref())
        .collect();
    others.sort();
    let mut six: Vec<String> = found
        .ipv6_addresses
        .take()
        .unwrap_or_default()
        .into_iter()
        .filter_map(|address| address.ipv6_address)
        .collect();
    six.sort();
    primary.into_iter().chain(others).chain(six).collect()
}

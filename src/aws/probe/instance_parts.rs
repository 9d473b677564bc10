//! The parts of one instance that `DescribeInstances` does not tell, or not in full.

use aws_sdk_ec2::types as sdk;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::try_join;

use crate::aws::clients::PlaceClients;
use crate::aws::ec2::{DESCRIBE_VOLUMES, filter};
use crate::aws::ec2_inside::{DESCRIBE_ADDRESSES, DESCRIBE_ASSOCIATIONS, DESCRIBE_ATTRIBUTE};
use crate::aws::error::read_error;
use crate::aws::throttle::Family;
use crate::aws::{convert_ec2, tracking};
use crate::collect::ReadError;
use crate::remediate::{AddressDetail, InterfaceDetail};
use crate::types::{InstanceId, SecurityGroupId, Volume};

const DESCRIBE_INTERFACES: &str = "ec2:DescribeNetworkInterfaces";
const DESCRIBE_TYPES: &str = "ec2:DescribeInstanceTypes";

/// What keeps an instance from ending.
pub(super) struct Protection {
    pub(super) termination: bool,
    pub(super) stop: bool,
    pub(super) shutdown: String,
}

/// Three attributes, which EC2 tells one at a time.
pub(super) async fn protection(clients: &PlaceClients, id: &InstanceId) -> Result<Protection, ReadError> {
    let ask = |attribute| {
        let request = clients.ec2.describe_instance_attribute().instance_id(id.as_str()).attribute(attribute);
        clients.call(Family::Ec2, DESCRIBE_ATTRIBUTE, request.send())
    };
    let (termination, stop, shutdown) = try_join!(
        ask(sdk::InstanceAttributeName::DisableApiTermination),
        ask(sdk::InstanceAttributeName::DisableApiStop),
        ask(sdk::InstanceAttributeName::InstanceInitiatedShutdownBehavior),
    )?;
    Ok(Protection {
        termination: termination.disable_api_termination.and_then(|found| found.value).unwrap_or(false),
        stop: stop.disable_api_stop.and_then(|found| found.value).unwrap_or(false),
        shutdown: shutdown
            .instance_initiated_shutdown_behavior
            .and_then(|found| found.value)
            .ok_or_else(|| clients.invalid(DESCRIBE_ATTRIBUTE, "no shutdown behaviour"))?,
    })
}

/// Elastic IPs.
pub(super) async fn addresses(clients: &PlaceClients, id: &InstanceId) -> Result<Vec<AddressDetail>, ReadError> {
    let request = clients.ec2.describe_addresses().filters(filter("instance-id", [id.as_str()]));
    let answer = clients.call(Family::Ec2, DESCRIBE_ADDRESSES, request.send()).await?;
    let mut found: Vec<AddressDetail> = answer.addresses.unwrap_or_default().into_iter().filter_map(address).collect();
    found.sort_by(|a, b| a.allocation.cmp(&b.allocation));
    Ok(found)
}

fn address(found: sdk::Address) -> Option<AddressDetail> {
    Some(AddressDetail {
        allocation: found.allocation_id?,
        association: found.association_id?,
        public_ip: found.public_ip?,
        interface: found.network_interface_id?.into(),
        private_ip: found.private_ip_address,
    })
}

/// Interfaces by device index, and the public addresses on them, Elastic or not.
pub(super) async fn interfaces(
    clients: &PlaceClients,
    id: &InstanceId,
) -> Result<(Vec<InterfaceDetail>, Vec<String>), ReadError> {
    let request = clients.ec2.describe_network_interfaces().filters(filter("attachment.instance-id", [id.as_str()]));
    let answer = clients.call(Family::Ec2, DESCRIBE_INTERFACES, request.send()).await?;
    let found = answer.network_interfaces.unwrap_or_default();
    let public = found.iter().filter_map(|one| one.association.as_ref()?.public_ip.clone()).collect();
    let mut interfaces: Vec<InterfaceDetail> = found.into_iter().filter_map(interface).collect();
    interfaces.sort_by(|a, b| (a.device_index, &a.id).cmp(&(b.device_index, &b.id)));
    Ok((interfaces, public))
}

fn interface(found: sdk::NetworkInterface) -> Option<InterfaceDetail> {
    let attachment = found.attachment?;
    let groups = found.groups.unwrap_or_default().into_iter().filter_map(|group| group.group_id);
    let primary = found.private_ip_address;
    let others = found.private_ip_addresses.unwrap_or_default().into_iter().filter_map(|one| one.private_ip_address);
    let others = others.filter(|ip| Some(ip) != primary.as_ref());
    Some(InterfaceDetail {
        id: found.network_interface_id?.into(),
        attachment: attachment.attachment_id?,
        device_index: attachment.device_index.unwrap_or(0),
        groups: groups.map(SecurityGroupId::from).collect(),
        private_ips: primary.clone().into_iter().chain(others).collect(),
        ipv6: found.ipv6_addresses.unwrap_or_default().into_iter().filter_map(|one| one.ipv6_address).collect(),
        subnet: found.subnet_id.unwrap_or_default(),
        delete_on_termination: attachment.delete_on_termination.unwrap_or(false),
        tracking: tracking::read(found.connection_tracking_configuration.as_ref()),
    })
}

/// Association and ARN of the profile that holds or is about to.
pub(super) async fn profile(clients: &PlaceClients, id: &InstanceId) -> Result<Option<(String, String)>, ReadError> {
    let request = clients
        .ec2
        .describe_iam_instance_profile_associations()
        .filters(filter("instance-id", [id.as_str()]))
        .filters(filter("state", ["associating", "associated"]));
    let answer = clients.call(Family::Ec2, DESCRIBE_ASSOCIATIONS, request.send()).await?;
    let found = answer.iam_instance_profile_associations.unwrap_or_default().into_iter();
    Ok(found.filter_map(|one| Some((one.association_id?, one.iam_instance_profile?.arn?))).next())
}

/// Volumes with their sizes.
pub(super) async fn volumes(clients: &PlaceClients, id: &InstanceId) -> Result<Vec<Volume>, ReadError> {
    let request = clients.ec2.describe_volumes().filters(filter("attachment.instance-id", [id.as_str()]));
    let answer = clients.call(Family::Ec2, DESCRIBE_VOLUMES, request.send()).await?;
    Ok(answer.volumes.unwrap_or_default().into_iter().filter_map(convert_ec2::volume).collect())
}

/// Whether instances of this type have disks that a stop loses. `DescribeInstances` does not list them.
pub(super) async fn instance_store(clients: &PlaceClients, kind: &str) -> Result<bool, ReadError> {
    let request = clients.ec2.describe_instance_types().instance_types(kind.into());
    let found = match clients.attempt(Family::Ec2, request.send()).await {
        Ok(answer) => answer.instance_types.unwrap_or_default().into_iter().next(),
        Err(error) if error.code() == Some("InvalidInstanceType") => None,
        Err(error) => return Err(read_error(DESCRIBE_TYPES, &clients.place, &error)),
    };
    // A type that is not described any more may have disks: a stop is not made on a guess.
    Ok(found.is_none_or(|found| found.instance_storage_supported.unwrap_or(true)))
}

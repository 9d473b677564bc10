//! EC2 instances and volumes into domain types. Lists are sorted so that equal states compare equal.

use aws_sdk_ec2::types as sdk;
use jiff::Timestamp;

use super::convert_eni;
use super::time::timestamp;
use crate::types::{Instance, MetadataOptions, Observed, Place, Volume};

/// One instance; `None` when it has no id.
pub(super) fn instance(place: &Place, found: sdk::Instance) -> Option<Instance> {
    let root = found.root_device_name;
    let mut volumes: Vec<Volume> = found
        .block_device_mappings
        .unwrap_or_default()
        .into_iter()
        .filter_map(|mapping| attached(mapping, root.as_deref()))
        .collect();
    volumes.sort_by(|a, b| (&a.device, &a.id).cmp(&(&b.device, &b.id)));
    Some(Instance {
        id: found.instance_id?.into(),
        account: place.account.clone(),
        region: place.region.clone(),
        zone: found.placement.and_then(|placement| placement.availability_zone).unwrap_or_default(),
        image: found.image_id.unwrap_or_default().into(),
        instance_type: text(found.instance_type.as_ref().map(sdk::InstanceType::as_str)).unwrap_or_default(),
        architecture: text(found.architecture.as_ref().map(sdk::ArchitectureValues::as_str)),
        state: text(found.state.as_ref().and_then(|state| state.name()).map(sdk::InstanceStateName::as_str))
            .unwrap_or_default(),
        launched_at: found.launch_time.as_ref().and_then(timestamp).unwrap_or(Timestamp::UNIX_EPOCH),
        lifecycle: text(found.instance_lifecycle.as_ref().map(sdk::InstanceLifecycleType::as_str)),
        platform: found.platform.as_ref().map(|platform| platform.as_str().to_ascii_lowercase()),
        key_name: found.key_name,
        subnet: found.subnet_id,
        instance_profile: found.iam_instance_profile.and_then(|profile| profile.arn),
        profile_association: None,
        metadata_options: metadata_options(found.metadata_options),
        user_data: Observed::Unknown,
        source_dest_check: found.source_dest_check,
        interfaces: convert_eni::interfaces(found.network_interfaces.unwrap_or_default()),
        volumes,
        tags: found.tags.unwrap_or_default().into_iter().filter_map(tag).collect(),
        operator: found.operator.and_then(|operator| operator.principal),
        asg: None,
        targets: Vec::new(),
        node: Observed::Unknown,
        inventory: std::collections::BTreeMap::new(),
    })
}

/// One volume as `DescribeVolumes` tells it; `None` when it has no id.
pub(super) fn volume(found: sdk::Volume) -> Option<Volume> {
    let attachment = found.attachments.unwrap_or_default().into_iter().next();
    let attached_at = attachment.as_ref().and_then(|at| at.attach_time.as_ref()).and_then(timestamp);
    let delete_on_termination = attachment.as_ref().and_then(|at| at.delete_on_termination);
    Some(Volume {
        id: found.volume_id?.into(),
        device: attachment.and_then(|at| at.device).unwrap_or_default(),
        root: false,
        attached_at,
        delete_on_termination,
        size_gib: found.size,
        volume_type: text(found.volume_type.as_ref().map(sdk::VolumeType::as_str)),
        encrypted: found.encrypted,
    })
}

fn attached(mapping: sdk::InstanceBlockDeviceMapping, root: Option<&str>) -> Option<Volume> {
    let ebs = mapping.ebs?;
    let device = mapping.device_name.unwrap_or_default();
    Some(Volume {
        id: ebs.volume_id?.into(),
        root: Some(device.as_str()) == root,
        device,
        attached_at: ebs.attach_time.as_ref().and_then(timestamp),
        delete_on_termination: ebs.delete_on_termination,
        size_gib: None,
        volume_type: None,
        encrypted: None,
    })
}

fn metadata_options(found: Option<sdk::InstanceMetadataOptionsResponse>) -> MetadataOptions {
    let Some(found) = found else { return MetadataOptions::default() };
    MetadataOptions {
        http_tokens: text(found.http_tokens.as_ref().map(sdk::HttpTokensState::as_str)),
        http_endpoint: text(found.http_endpoint.as_ref().map(sdk::InstanceMetadataEndpointState::as_str)),
        http_put_response_hop_limit: found.http_put_response_hop_limit,
        instance_metadata_tags: text(found.instance_metadata_tags.as_ref().map(sdk::InstanceMetadataTagsState::as_str)),
    }
}

fn tag(found: sdk::Tag) -> Option<(String, String)> {
    Some((found.key?, found.value.unwrap_or_default()))
}

fn text(value: Option<&str>) -> Option<String> {
    value.map(str::to_owned)
}

#[cfg(test)]
mod tests;

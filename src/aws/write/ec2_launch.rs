//! `ec2:RunInstances` of one instance. The same request is built from the same record, word for word: a token
//! that comes with another request is refused.

use std::collections::BTreeMap;

use aws_sdk_ec2::types as sdk;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Ask;
use crate::aws::throttle::Family;
use crate::collect::user_data_digest;
use crate::remediate::{Answered, LaunchRequest, LaunchVolume, Output, PlacementDetail, WriteError, WriteFailure};
use crate::types::MetadataOptions;

pub(super) async fn run_instance(ask: &Ask<'_>, wanted: &LaunchRequest) -> Result<Answered, WriteError> {
    let user_data = user_data(ask, wanted)?;
    let tags = [sdk::ResourceType::Instance, sdk::ResourceType::Volume, sdk::ResourceType::NetworkInterface];
    let request = ask
        .clients
        .ec2
        .run_instances()
        .min_count(1)
        .max_count(1)
        .image_id(wanted.image.as_str())
        .instance_type(wanted.instance_type.as_str().into())
        .subnet_id(&wanted.subnet)
        .set_security_group_ids(Some(wanted.security_groups.iter().map(ToString::to_string).collect()))
        .set_iam_instance_profile(wanted.profile.as_ref().map(|name| profile(name)))
        .set_key_name(wanted.key_name.clone())
        .set_metadata_options(metadata(&wanted.metadata))
        .set_user_data(user_data)
        .set_block_device_mappings(
            Some(wanted.volumes.iter().map(volume).collect()).filter(|all: &Vec<_>| !all.is_empty()),
        )
        .set_placement(placement(&wanted.placement))
        .set_tag_specifications(Some(tags.into_iter().map(|kind| tagged(kind, &wanted.tags)).collect()))
        .client_token(&wanted.token)
        .set_dry_run(ask.dry_run());
    let (request_id, answer) = ask.send(Family::Ec2, request.send()).await?;
    let launched = answer.instances.unwrap_or_default().into_iter().find_map(|instance| instance.instance_id);
    // It was launched, whatever the answer lacks; the token finds it.
    let launched = launched.ok_or_else(|| ask.failed(WriteFailure::Unavailable, "the answer names no instance"))?;
    Ok(Answered { request_id, output: Output::Instance(launched.into()) })
}

/// The text that the request names by digest. Another text would launch another server than was decided on.
fn user_data(ask: &Ask<'_>, wanted: &LaunchRequest) -> Result<Option<String>, WriteError> {
    match (&wanted.user_data, ask.user_data) {
        (None, _) => Ok(None),
        (Some(_), None) => Err(ask.failed(WriteFailure::Invalid, "the user data of the request was not given")),
        (Some(digest), Some(text)) => {
            if user_data_digest(text) != *digest {
                return Err(ask.failed(WriteFailure::Invalid, "the user data is not what the request names"));
            }
            Ok(Some(STANDARD.encode(text)))
        }
    }
}

/// Tags of what a call makes.
pub(super) fn tagged(kind: sdk::ResourceType, tags: &BTreeMap<String, String>) -> sdk::TagSpecification {
    let tags = tags.iter().map(|(key, value)| sdk::Tag::builder().key(key).value(value).build()).collect();
    sdk::TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()
}

fn profile(name: &str) -> sdk::IamInstanceProfileSpecification {
    sdk::IamInstanceProfileSpecification::builder().name(name).build()
}

fn metadata(wanted: &MetadataOptions) -> Option<sdk::InstanceMetadataOptionsRequest> {
    let MetadataOptions { http_tokens, http_endpoint, http_put_response_hop_limit, instance_metadata_tags } = wanted;
    if *wanted == MetadataOptions::default() {
        return None;
    }
    let request = sdk::InstanceMetadataOptionsRequest::builder()
        .set_http_tokens(http_tokens.as_deref().map(Into::into))
        .set_http_endpoint(http_endpoint.as_deref().map(Into::into))
        .set_http_put_response_hop_limit(*http_put_response_hop_limit)
        .set_instance_metadata_tags(instance_metadata_tags.as_deref().map(Into::into));
    Some(request.build())
}

fn volume(wanted: &LaunchVolume) -> sdk::BlockDeviceMapping {
    let LaunchVolume { device, size_gib, volume_type, encrypted } = wanted;
    let ebs = sdk::EbsBlockDevice::builder()
        .set_volume_size(*size_gib)
        .set_volume_type(volume_type.as_deref().map(Into::into))
        .set_encrypted(*encrypted)
        .build();
    sdk::BlockDeviceMapping::builder().device_name(device).ebs(ebs).build()
}

/// The zone is the subnet's.
fn placement(wanted: &PlacementDetail) -> Option<sdk::Placement> {
    let PlacementDetail { tenancy, host, group, partition } = wanted;
    if *wanted == PlacementDetail::default() {
        return None;
    }
    let placement = sdk::Placement::builder()
        .set_tenancy(tenancy.as_deref().map(Into::into))
        .set_host_id(host.clone())
        .set_group_name(group.clone())
        .set_partition_number(*partition);
    Some(placement.build())
}

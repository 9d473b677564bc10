//! Attributes of an instance. EC2 takes one attribute a call.

use aws_sdk_ec2::types::{
    AttributeBooleanValue, AttributeValue, EbsInstanceBlockDeviceSpecification, HttpTokensState,
    InstanceBlockDeviceMappingSpecification, InstanceMetadataEndpointState, InstanceMetadataTagsState,
};

use super::Ask;
use crate::aws::throttle::Family;
use crate::remediate::{Answered, WriteCall, WriteError, WriteFailure};

pub(super) async fn perform(ask: &Ask<'_>) -> Result<Answered, WriteError> {
    let modify =
        |instance: &str| ask.clients.ec2.modify_instance_attribute().instance_id(instance).set_dry_run(ask.dry_run());
    match ask.call {
        WriteCall::SetTerminationProtection { instance, on } => {
            let value = AttributeBooleanValue::builder().value(*on).build();
            ask.done(Family::Ec2, modify(instance.as_str()).disable_api_termination(value).send()).await
        }
        WriteCall::SetShutdownBehavior { instance, behavior } => {
            let value = AttributeValue::builder().value(behavior).build();
            ask.done(Family::Ec2, modify(instance.as_str()).instance_initiated_shutdown_behavior(value).send()).await
        }
        WriteCall::SetSourceDestCheck { instance, on } => {
            let value = AttributeBooleanValue::builder().value(*on).build();
            ask.done(Family::Ec2, modify(instance.as_str()).source_dest_check(value).send()).await
        }
        WriteCall::SetVolumesDeletion { instance, devices } => {
            let mappings = devices.iter().map(|(device, delete)| mapping(device, *delete)).collect();
            ask.done(Family::Ec2, modify(instance.as_str()).set_block_device_mappings(Some(mappings)).send()).await
        }
        WriteCall::SetMetadataOptions { instance, options } => {
            let request = ask
                .clients
                .ec2
                .modify_instance_metadata_options()
                .instance_id(instance.as_str())
                .set_http_tokens(options.http_tokens.as_deref().map(HttpTokensState::from))
                .set_http_endpoint(options.http_endpoint.as_deref().map(InstanceMetadataEndpointState::from))
                .set_http_put_response_hop_limit(options.http_put_response_hop_limit)
                .set_instance_metadata_tags(
                    options.instance_metadata_tags.as_deref().map(InstanceMetadataTagsState::from),
                )
                .set_dry_run(ask.dry_run());
            ask.done(Family::Ec2, request.send()).await
        }
        _ => Err(ask.failed(WriteFailure::Invalid, "not a call on attributes")),
    }
}

fn mapping(device: &str, delete: bool) -> InstanceBlockDeviceMappingSpecification {
    let ebs = EbsInstanceBlockDeviceSpecification::builder().delete_on_termination(delete).build();
    InstanceBlockDeviceMappingSpecification::builder().device_name(device).ebs(ebs).build()
}

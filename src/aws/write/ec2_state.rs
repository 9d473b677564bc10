//! Tags, and whether an instance runs.

use aws_sdk_ec2::types::Tag;

use super::Ask;
use crate::aws::throttle::Family;
use crate::remediate::{Answered, WriteCall, WriteError, WriteFailure};

pub(super) async fn perform(ask: &Ask<'_>) -> Result<Answered, WriteError> {
    let ec2 = &ask.clients.ec2;
    match ask.call {
        WriteCall::CreateTags { resources, tags } => {
            let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
            let request = ec2.create_tags().set_resources(Some(resources.clone())).set_tags(Some(tags));
            ask.done(Family::Ec2, request.set_dry_run(ask.dry_run()).send()).await
        }
        WriteCall::DeleteTags { resources, keys } => {
            // A tag without a value stands for any value.
            let tags = keys.iter().map(|key| Tag::builder().key(key).build()).collect();
            let request = ec2.delete_tags().set_resources(Some(resources.clone())).set_tags(Some(tags));
            ask.done(Family::Ec2, request.set_dry_run(ask.dry_run()).send()).await
        }
        WriteCall::Stop { instance } => {
            let request = ec2.stop_instances().instance_ids(instance.as_str());
            ask.done(Family::Ec2, request.set_dry_run(ask.dry_run()).send()).await
        }
        WriteCall::Start { instance } => {
            let request = ec2.start_instances().instance_ids(instance.as_str());
            ask.done(Family::Ec2, request.set_dry_run(ask.dry_run()).send()).await
        }
        WriteCall::Terminate { instance } => {
            let request = ec2.terminate_instances().instance_ids(instance.as_str());
            ask.done(Family::Ec2, request.set_dry_run(ask.dry_run()).send()).await
        }
        _ => Err(ask.failed(WriteFailure::Invalid, "not a call on tags or state")),
    }
}

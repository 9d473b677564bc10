//! Snapshots and volumes.

use aws_sdk_ec2::types::{CopyTagsFromSource, InstanceSpecification, ResourceType};

use super::{Ask, ec2_launch};
use crate::aws::throttle::Family;
use crate::remediate::{Answered, Output, SnapshotMade, WriteCall, WriteError, WriteFailure};

pub(super) async fn perform(ask: &Ask<'_>) -> Result<Answered, WriteError> {
    let ec2 = &ask.clients.ec2;
    match ask.call {
        WriteCall::CreateSnapshots { instance, tags } => {
            let of = InstanceSpecification::builder().instance_id(instance.as_str()).exclude_boot_volume(false).build();
            let request = ec2
                .create_snapshots()
                .instance_specification(of)
                .copy_tags_from_source(CopyTagsFromSource::Volume)
                .tag_specifications(ec2_launch::tagged(ResourceType::Snapshot, tags))
                .set_dry_run(ask.dry_run());
            let (request_id, answer) = ask.send(Family::Ec2, request.send()).await?;
            let made = answer.snapshots.unwrap_or_default().into_iter().filter_map(|found| {
                Some(SnapshotMade { snapshot: found.snapshot_id?, volume: found.volume_id.unwrap_or_default() })
            });
            Ok(Answered { request_id, output: Output::Snapshots(made.collect()) })
        }
        // Without `Force`: a busy volume stays, and its file system whole.
        WriteCall::DetachVolume { volume, instance } => {
            let request = ec2.detach_volume().volume_id(volume.as_str()).instance_id(instance.as_str());
            ask.done(Family::Ec2, request.set_dry_run(ask.dry_run()).send()).await
        }
        WriteCall::AttachVolume { volume, instance, device } => {
            let request = ec2.attach_volume().volume_id(volume.as_str()).instance_id(instance.as_str()).device(device);
            ask.done(Family::Ec2, request.set_dry_run(ask.dry_run()).send()).await
        }
        WriteCall::ReplaceRootVolume { instance, image, volume, token } => {
            let request = ec2
                .create_replace_root_volume_task()
                .instance_id(instance.as_str())
                .set_image_id(image.as_ref().map(ToString::to_string))
                .set_volume_id(volume.as_ref().map(ToString::to_string))
                .delete_replaced_root_volume(false)
                .client_token(token)
                .set_dry_run(ask.dry_run());
            let (request_id, answer) = ask.send(Family::Ec2, request.send()).await?;
            let task = answer.replace_root_volume_task.and_then(|task| task.replace_root_volume_task_id);
            let task = task.ok_or_else(|| ask.failed(WriteFailure::Unavailable, "the answer names no task"))?;
            Ok(Answered { request_id, output: Output::Task(task) })
        }
        _ => Err(ask.failed(WriteFailure::Invalid, "not a call on volumes")),
    }
}

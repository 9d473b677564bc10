//! Calls on volumes and snapshots.

use super::instance::with;
use super::{Asked, Effect, Found};
use crate::collect::ReadError;
use crate::remediate::sequence::OPERATION_TAG;
use crate::remediate::{VolumeDetail, WriteCall};
use crate::types::VolumeId;

pub(super) async fn effect(asked: &Asked<'_>, call: &WriteCall) -> Result<Effect, ReadError> {
    match call {
        WriteCall::SetVolumesDeletion { instance, devices } => {
            with(asked, instance, |detail| {
                devices.iter().all(|(device, delete)| {
                    let mut volumes = detail.instance.volumes.iter();
                    // A volume that is not there any more cannot go with the instance.
                    volumes
                        .find(|volume| volume.device == *device)
                        .is_none_or(|volume| volume.delete_on_termination == Some(*delete))
                })
            })
            .await
        }
        WriteCall::CreateSnapshots { .. } => {
            let operation = asked.record.id.as_str();
            let found = asked.probe.snapshots(&asked.record.place, OPERATION_TAG, operation).await?;
            if found.is_empty() {
                return Ok(Effect::Absent);
            }
            let snapshots = found.into_iter().map(|snapshot| snapshot.snapshot).collect();
            Ok(Effect::InPlace(Found { snapshots, ..Found::default() }))
        }
        WriteCall::DetachVolume { volume, instance } => Ok(match one(asked, volume).await? {
            None => Effect::Impossible(format!("{volume} is gone")),
            Some(detail) => Effect::when(detail.attached.is_none_or(|(holder, _, _)| holder != *instance)),
        }),
        WriteCall::AttachVolume { volume, instance, .. } => Ok(match one(asked, volume).await? {
            None => Effect::Impossible(format!("{volume} is gone")),
            Some(detail) => Effect::when(
                detail.attached.is_some_and(|(holder, _, state)| holder == *instance && state == "attached"),
            ),
        }),
        WriteCall::ReplaceRootVolume { instance, image, volume, .. } => {
            let begun = asked.record.created_at;
            let tasks = asked.probe.root_replacements(&asked.record.place, instance).await?;
            let tasks = tasks.into_iter().filter(|task| task.started_at.is_none_or(|at| at >= begun));
            let (failed, others): (Vec<_>, Vec<_>) = tasks.partition(|task| task.state.starts_with("fail"));
            if let Some(task) = others.iter().find(|task| task.image == *image) {
                return Ok(Effect::InPlace(Found { task: Some(task.task.clone()), ..Found::default() }));
            }
            match volume {
                // A replacement that failed left the volume where it was, or a person has attached it again.
                Some(volume) if others.is_empty() && failed.iter().any(|task| task.state != "failing") => {
                    with(asked, instance, |detail| {
                        detail.instance.volumes.iter().any(|held| held.root && held.id == *volume)
                    })
                    .await
                }
                _ => Ok(Effect::Absent),
            }
        }
        _ => Ok(Effect::Unseen),
    }
}

async fn one(asked: &Asked<'_>, volume: &VolumeId) -> Result<Option<VolumeDetail>, ReadError> {
    let found = asked.probe.volumes(&asked.record.place, std::slice::from_ref(volume)).await?;
    Ok(found.into_iter().find(|detail| detail.volume == *volume))
}

//! Snapshots, volumes, and replacements of root volumes.

use std::collections::BTreeSet;

use aws_sdk_ec2::types as sdk;

use crate::aws::clients::PlaceClients;
use crate::aws::ec2::{DESCRIBE_VOLUMES, filter, forget_named};
use crate::aws::error::read_error;
use crate::aws::throttle::Family;
use crate::aws::time::parse;
use crate::collect::ReadError;
use crate::remediate::{RootReplacement, SnapshotDetail, VolumeDetail};
use crate::types::{InstanceId, VolumeId};

const DESCRIBE_SNAPSHOTS: &str = "ec2:DescribeSnapshots";
const DESCRIBE_TASKS: &str = "ec2:DescribeReplaceRootVolumeTasks";

/// Our snapshots with this tag.
pub(in crate::aws) async fn snapshots(
    clients: &PlaceClients,
    key: &str,
    value: &str,
) -> Result<Vec<SnapshotDetail>, ReadError> {
    let mut found = Vec::new();
    let mut next = None;
    for _ in 0..super::PAGES_LIMIT {
        let request = clients
            .ec2
            .describe_snapshots()
            .owner_ids("self")
            .filters(filter(&format!("tag:{key}"), [value]))
            .set_next_token(next);
        let answer = clients.call(Family::Ec2, DESCRIBE_SNAPSHOTS, request.send()).await?;
        found.extend(answer.snapshots.unwrap_or_default().into_iter().filter_map(snapshot));
        next = answer.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(found);
        }
    }
    Err(clients.invalid(DESCRIBE_SNAPSHOTS, "the pages do not end"))
}

fn snapshot(found: sdk::Snapshot) -> Option<SnapshotDetail> {
    Some(SnapshotDetail {
        snapshot: found.snapshot_id?,
        volume: found.volume_id.unwrap_or_default(),
        state: found.state.map_or_else(String::new, |state| state.as_str().to_owned()),
    })
}

/// These volumes; those that EC2 does not know are missing from the answer.
pub(in crate::aws) async fn volumes(clients: &PlaceClients, ids: &[VolumeId]) -> Result<Vec<VolumeDetail>, ReadError> {
    let mut wanted: BTreeSet<String> = ids.iter().map(ToString::to_string).collect();
    while !wanted.is_empty() {
        let request = clients.ec2.describe_volumes().set_volume_ids(Some(wanted.iter().cloned().collect()));
        match clients.attempt(Family::Ec2, request.send()).await {
            Ok(answer) => return Ok(answer.volumes.unwrap_or_default().into_iter().filter_map(volume).collect()),
            Err(error) if forget_named(&mut wanted, &error) => {}
            Err(error) => return Err(read_error(DESCRIBE_VOLUMES, &clients.place, &error)),
        }
    }
    Ok(Vec::new())
}

fn volume(found: sdk::Volume) -> Option<VolumeDetail> {
    let attachment = found.attachments.unwrap_or_default().into_iter().next();
    let attached = attachment.and_then(|at| {
        let state = at.state.map_or_else(String::new, |state| state.as_str().to_owned());
        Some((at.instance_id?.into(), at.device.unwrap_or_default(), state))
    });
    Some(VolumeDetail {
        volume: found.volume_id?.into(),
        state: found.state.map_or_else(String::new, |state| state.as_str().to_owned()),
        attached,
        multi_attach: found.multi_attach_enabled.unwrap_or(false),
    })
}

/// Root volume replacements of an instance.
pub(in crate::aws) async fn root_replacements(
    clients: &PlaceClients,
    id: &InstanceId,
) -> Result<Vec<RootReplacement>, ReadError> {
    let request = clients.ec2.describe_replace_root_volume_tasks().filters(filter("instance-id", [id.as_str()]));
    let answer = clients.call(Family::Ec2, DESCRIBE_TASKS, request.send()).await?;
    let tasks = answer.replace_root_volume_tasks.unwrap_or_default().into_iter();
    Ok(tasks.filter(|task| task.instance_id.as_deref() == Some(id.as_str())).filter_map(task).collect())
}

fn task(found: sdk::ReplaceRootVolumeTask) -> Option<RootReplacement> {
    Some(RootReplacement {
        task: found.replace_root_volume_task_id?,
        state: found.task_state.map_or_else(String::new, |state| state.as_str().to_owned()),
        image: found.image_id.map(Into::into),
        started_at: found.start_time.as_deref().and_then(parse),
    })
}

//! Launch records: no change, but they say when an instance was born and what it was born with.

use jiff::Timestamp;

use super::learn::EndSeen;
use super::loose::tied;
use super::normalise::{texts, values};
use super::record::Record;
use super::target::Target;
use super::text::{clean, is_instance_id};
use super::tree::Tree;
use crate::types::{InstanceId, Place};

/// Paths of instance lists in launch responses: RunInstances, CreateFleet, Auto Scaling's LaunchInstances.
const ID_LISTS: [&str; 2] = ["fleetInstanceSet.instanceIds", "instances.instanceIds"];
/// What a RunInstances response says of each instance's parts and groups.
const PARTS: [&str; 4] = [
    "groupSet.groupId",
    "networkInterfaceSet.groupSet.groupId",
    "networkInterfaceSet.networkInterfaceId",
    "blockDeviceMapping.ebs.volumeId",
];

/// Instances that one call launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchSeen {
    /// When.
    pub time: Timestamp,
    /// Where.
    pub place: Place,
    /// Each instance with the ids of its parts.
    pub instances: Vec<(InstanceId, Vec<String>)>,
}

pub(super) fn launch(record: &Record<'_>) -> LaunchSeen {
    let response = record.body.response();
    let mut instances: Vec<(InstanceId, Vec<String>)> =
        values(response, "instancesSet").into_iter().filter_map(one).collect();
    for path in ID_LISTS {
        let ids = texts(response, path);
        instances.extend(ids.iter().filter(|id| is_instance_id(id)).map(|id| (InstanceId::new(&**id), Vec::new())));
    }
    let place = Place { account: record.account.clone(), region: record.region.clone() };
    LaunchSeen { time: record.time, place, instances }
}

/// A termination names its instances in the request, the end of a Spot instance in the details.
pub(super) fn end(record: &Record<'_>) -> EndSeen {
    let requested = ["instancesSet.instanceId", "instanceId"].iter().flat_map(|path| texts(&record.body.request, path));
    let ids = requested.chain(texts(&record.details, "instanceIdSet"));
    let instances = ids.filter(|id| is_instance_id(id)).map(|id| InstanceId::new(&*id)).collect();
    let place = Place { account: record.account.clone(), region: record.region.clone() };
    EndSeen { time: record.time, place, instances }
}

fn one(item: &Tree<'_>) -> Option<(InstanceId, Vec<String>)> {
    let id = item.get("instanceId").and_then(Tree::as_str).filter(|id| is_instance_id(id))?;
    let parts = PARTS.iter().flat_map(|path| texts(item, path)).map(|text| clean(&text));
    let profile =
        texts(item, "iamInstanceProfile.arn").into_iter().filter_map(|arn| Target::parse(&arn, Some("profile")));
    let attachments = values(item, "networkInterfaceSet").into_iter().filter_map(|interface| {
        let id = interface.get("networkInterfaceId").and_then(Tree::as_str)?;
        let attachment = texts(interface, "attachment.attachmentId").into_iter().next()?;
        Some(clean(&tied(&attachment, id)))
    });
    let mut parts: Vec<String> = parts.chain(profile.map(|key| key.to_string())).chain(attachments).collect();
    parts.sort();
    parts.dedup();
    Some((InstanceId::new(id), parts))
}

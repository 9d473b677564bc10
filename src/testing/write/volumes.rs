//! Volumes: attaching and detaching.

use std::time::Duration;

use serde_json::json;

use super::refusal::Refusal;
use super::{Done, Writer};
use crate::testing::account_log::Change;
use crate::testing::error::SimError;
use crate::testing::later::Due;
use crate::testing::launch::ROOT_DEVICE;
use crate::testing::state::State;
use crate::testing::trail::millis;
use crate::types::{InstanceId, Place, Volume, VolumeId};

/// How long letting go takes when the server is stopped.
const QUICK: Duration = Duration::from_secs(3);
/// And while it runs: the guest still holds the volume.
const SLOW: Duration = Duration::from_secs(180);

impl State {
    pub(super) fn write_detach(
        &mut self,
        writer: &Writer<'_>,
        volume: &VolumeId,
        instance: &InstanceId,
    ) -> Result<Done, Refusal> {
        if self.site(writer.place)?.loose_volumes.contains_key(volume) {
            return Err(Refusal::conflict("IncorrectState", format!("{volume} is in the 'available' state")));
        }
        let server = self.living(writer, instance)?;
        let Some(held) = server.volumes.iter().find(|held| held.id == *volume) else {
            return Err(Refusal::invalid("InvalidAttachment.NotFound", format!("{volume} is not on {instance}")));
        };
        let stopped = server.state(self.now()) == "stopped";
        if held.root && !stopped {
            return Err(Refusal::conflict("OperationNotPermitted", "the root volume of a running instance"));
        }
        if !server.attributes.detaching.contains(volume) {
            self.note(writer.place, &writer.by, instance, Change::Detached { what: volume.to_string() });
            self.change(writer.place, instance, |server| {
                server.attributes.detaching.insert(volume.clone());
            })?;
            let wait = if stopped { QUICK } else { SLOW };
            self.schedule(writer.place, wait, Due::Release(instance.clone(), volume.clone()));
        }
        Ok(Done::answering(json!({
            "volumeId": volume, "instanceId": instance, "device": held.device, "status": "detaching",
        })))
    }

    pub(super) fn write_attach(
        &mut self,
        writer: &Writer<'_>,
        volume: &VolumeId,
        instance: &InstanceId,
        device: &str,
    ) -> Result<Done, Refusal> {
        let server = self.living(writer, instance)?;
        let (now, site) = (self.now(), self.site(writer.place)?);
        let Some(mut loose) = site.loose_volumes.get(volume).cloned() else {
            let servers = site.servers.values().filter_map(|slot| slot.current().as_ref());
            let used = servers.flat_map(|server| &server.volumes).any(|held| held.id == *volume);
            return Err(if used {
                Refusal::conflict("VolumeInUse", format!("{volume} is already attached to an instance"))
            } else {
                Refusal::missing("InvalidVolume.NotFound", volume)
            });
        };
        if site.ground.volume_zones.get(volume).is_some_and(|zone| *zone != server.zone) {
            return Err(Refusal::invalid("InvalidVolume.ZoneMismatch", format!("{volume} is in another zone")));
        }
        if server.volumes.iter().any(|held| held.device == device) {
            return Err(Refusal::conflict("InvalidParameterValue", format!("{device} is already in use")));
        }
        (loose.device, loose.attached_at) = (device.to_owned(), Some(now));
        self.note(writer.place, &writer.by, instance, Change::Attached { what: volume.to_string() });
        self.attach_loose(writer.place, instance, loose)?;
        Ok(Done::answering(json!({
            "volumeId": volume, "instanceId": instance, "device": device, "status": "attaching",
            "attachTime": millis(now),
        })))
    }

    /// Attaches a volume that is nowhere. One at the root device is the root volume.
    pub(in crate::testing) fn attach_loose(
        &mut self,
        place: &Place,
        instance: &InstanceId,
        mut volume: Volume,
    ) -> Result<(), SimError> {
        self.site_mut(place)?.loose_volumes.remove(&volume.id);
        self.change(place, instance, |server| {
            if server.attributes.rootless && &*volume.device == ROOT_DEVICE {
                (volume.root, server.attributes.rootless) = (true, false);
            }
            server.volumes.push(volume);
            server.volumes.sort_by(|one, other| one.device.cmp(&other.device));
        })
    }
}

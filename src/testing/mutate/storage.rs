//! Volumes.

use serde_json::json;

use crate::testing::account_log::{By, Change};
use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::error::SimError;
use crate::testing::launch::ROOT_DEVICE;
use crate::testing::trail::{Call, describe_time, millis};
use crate::types::{ImageId, InstanceId, Volume, VolumeId};

impl FakeCloud {
    /// `ec2:CreateVolume` and `ec2:AttachVolume` of it; returns its id. Two records.
    ///
    /// # Errors
    /// When the server does not exist or is being terminated.
    pub fn attach_volume(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        device: &str,
        size_gib: i32,
    ) -> Result<VolumeId, SimError> {
        self.at(instance, |state, place| {
            let server = state.live(place, instance, "AttachVolume")?;
            let (id, now) = (VolumeId::from(state.ids.resource("vol")), state.now());
            let zone = server.zone.clone();
            let created = Call::ec2("CreateVolume", json!({"size": size_gib, "zone": zone, "volumeType": "gp3"}))
                .answered(json!({"volumeId": id, "size": size_gib.to_string(), "zone": zone, "status": "creating"}));
            state.record(place, actor, created)?;
            let volume = Volume {
                id: id.clone(),
                device: device.to_owned(),
                root: false,
                attached_at: Some(now),
                delete_on_termination: Some(false),
                size_gib: Some(size_gib),
                volume_type: Some("gp3".to_owned()),
                encrypted: Some(false),
            };
            state.note(place, &By::of(actor), instance, Change::Attached { what: id.to_string() });
            state.change(place, instance, |server| {
                server.volumes.push(volume);
                server.volumes.sort_by(|one, other| one.device.cmp(&other.device));
            })?;
            let request = json!({"volumeId": id, "instanceId": instance, "device": device});
            let answer = json!({"volumeId": id, "instanceId": instance, "device": device, "status": "attaching",
                "attachTime": millis(now)});
            state.record(place, actor, Call::ec2("AttachVolume", request).answered(answer))?;
            Ok(id)
        })
    }

    /// `ec2:DetachVolume`. The volume goes on existing.
    ///
    /// # Errors
    /// When the server has no such volume.
    pub fn detach_volume(&self, actor: &SimActor, instance: &InstanceId, volume: &VolumeId) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let server = state.live(place, instance, "DetachVolume")?;
            let found = server.volumes.iter().find(|candidate| candidate.id == *volume);
            let found = found.cloned().ok_or_else(|| SimError::missing(volume))?;
            let device = found.device.clone();
            state.note(place, &By::of(actor), instance, Change::Detached { what: volume.to_string() });
            let zone = server.zone.clone();
            state.site_mut(place)?.ground.volume_zones.insert(volume.clone(), zone);
            state.change(place, instance, |server| server.volumes.retain(|kept| kept.id != *volume))?;
            let loose = Volume { device: String::new(), root: false, attached_at: None, ..found };
            state.site_mut(place)?.loose_volumes.insert(volume.clone(), loose);
            let request = json!({"volumeId": volume, "instanceId": instance, "force": false});
            let answer = json!({"volumeId": volume, "instanceId": instance, "device": device, "status": "detaching"});
            state.record(place, actor, Call::ec2("DetachVolume", request).answered(answer)).map(|_| ())
        })
    }

    /// `ec2:AttachVolume` of a volume that is attached nowhere, as the root volume of a server that has none.
    ///
    /// # Errors
    /// When the server is gone or the volume is in use.
    pub fn attach_root(&self, actor: &SimActor, instance: &InstanceId, volume: &VolumeId) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            state.live(place, instance, "AttachVolume")?;
            let now = state.now();
            let loose = state.site(place)?.loose_volumes.get(volume).cloned();
            let loose = loose.ok_or_else(|| SimError::missing(volume))?;
            state.note(place, &By::of(actor), instance, Change::Attached { what: volume.to_string() });
            let root = Volume { device: ROOT_DEVICE.to_owned(), attached_at: Some(now), ..loose };
            state.attach_loose(place, instance, root)?;
            let request = json!({"volumeId": volume, "instanceId": instance, "device": ROOT_DEVICE});
            let answer = json!({"volumeId": volume, "instanceId": instance, "device": ROOT_DEVICE,
                "status": "attaching", "attachTime": millis(now)});
            state.record(place, actor, Call::ec2("AttachVolume", request).answered(answer)).map(|_| ())
        })
    }

    /// `ec2:ModifyVolume`: another size. A wrapped record that names the volume only.
    ///
    /// # Errors
    /// When the server has no such volume.
    pub fn modify_volume(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        volume: &VolumeId,
        size_gib: i32,
    ) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let server = state.live(place, instance, "ModifyVolume")?;
            let found = server.volumes.iter().find(|candidate| candidate.id == *volume);
            let was = found.ok_or_else(|| SimError::missing(volume))?.size_gib;
            state.change(place, instance, |server| {
                for changed in server.volumes.iter_mut().filter(|candidate| candidate.id == *volume) {
                    changed.size_gib = Some(size_gib);
                }
            })?;
            let answer = json!({"volumeModification": {"volumeId": volume, "originalSize": was,
                "targetSize": size_gib, "modificationState": "modifying", "progress": 0}});
            let request = json!({"VolumeId": volume, "Size": size_gib});
            state.record(place, actor, Call::ec2_wrapped("ModifyVolume", request, answer)).map(|_| ())
        })
    }

    /// `ec2:CreateReplaceRootVolumeTask`: the server gets a fresh root volume from an image, keeps its id, and
    /// holds what the image holds. DescribeInstances then shows that image.
    ///
    /// # Errors
    /// When the server does not run, or the place does not know the image.
    pub fn replace_root_volume(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        image: &ImageId,
    ) -> Result<String, SimError> {
        self.at(instance, |state, place| {
            const NAME: &str = "CreateReplaceRootVolumeTask";
            state.in_state(place, instance, "running", NAME)?;
            let known = state.site(place)?.images.get(image).ok_or_else(|| SimError::missing(image))?;
            let content = known.content.clone();
            let (task, now) = (state.ids.resource("replacevol"), state.now());
            state.note(place, &By::of(actor), instance, Change::RootReplaced { image: Some(image.clone()) });
            let (fresh, token) = (VolumeId::from(state.ids.resource("vol")), state.ids.uuid("client-token"));
            state.change(place, instance, |server| {
                server.image = image.clone();
                server.content = content;
                for root in server.volumes.iter_mut().filter(|volume| volume.root) {
                    root.id = fresh.clone();
                    root.attached_at = Some(now);
                }
            })?;
            let request = json!({"InstanceId": instance, "ImageId": image, "ClientToken": token});
            let answer = json!({"replaceRootVolumeTask": {"replaceRootVolumeTaskId": task, "instanceId": instance,
                "taskState": "pending", "startTime": describe_time(now)}});
            state.record(place, actor, Call::ec2_wrapped(NAME, request, answer))?;
            Ok(task)
        })
    }
}

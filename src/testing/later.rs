//! What happens by itself, later. It is carried out at its own time as soon as somebody looks: nobody can tell
//! that from an account that works on all the time.

use std::time::Duration;

use jiff::Timestamp;

use super::account_log::{By, Change};
use super::clock::after;
use super::error::SimError;
use super::ground::RootFailure;
use super::state::State;
use crate::types::{InstanceId, Place, VolumeId};

/// What will happen.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// A server runs the inventory association.
    Report(InstanceId),
    /// An Auto Scaling group looks after its members; this is how long it waits when it cannot do what it wants.
    Tend(String, Duration),
    /// A volume is let go.
    Release(InstanceId, VolumeId),
    /// A new root volume is in place.
    Root(String),
}

impl State {
    /// Plans something.
    pub(super) fn schedule(&mut self, place: &Place, wait: Duration, due: Due) {
        self.scheduled += 1;
        let key = (after(self.now(), wait), self.scheduled);
        self.due.insert(key, (place.clone(), due));
    }

    /// Lets everything happen that is due. Time stands still from here on until the next look: what is done now is
    /// done at this moment, even while another task advances the clock.
    pub(super) fn catch_up(&mut self) {
        let now = self.clock.now();
        while let Some(entry) = self.due.first_entry() {
            let (when, _) = *entry.key();
            if when > now {
                break;
            }
            let (place, due) = entry.remove();
            self.moment = Some(when);
            // What cannot happen any more, because its server is gone, does not happen.
            drop(self.happen(&place, due, when));
        }
        self.moment = Some(now);
    }

    fn happen(&mut self, place: &Place, due: Due, now: Timestamp) -> Result<(), SimError> {
        match due {
            Due::Report(instance) => {
                let server = self.server(place, &instance)?;
                if server.reaches_ssm(now) { self.report_all(place, &server) } else { Ok(()) }
            }
            Due::Tend(group, wait) => self.tend_group(place, &group, wait),
            Due::Release(instance, volume) => self.release_volume(place, &instance, &volume),
            Due::Root(task) => self.finish_root(place, &task),
        }
    }

    /// A volume that was being detached is free.
    pub(super) fn release_volume(
        &mut self,
        place: &Place,
        instance: &InstanceId,
        volume: &VolumeId,
    ) -> Result<(), SimError> {
        if self.server(place, instance)?.attributes.detaching.contains(volume) {
            self.let_go(place, instance, volume)?;
        }
        Ok(())
    }

    fn let_go(&mut self, place: &Place, instance: &InstanceId, volume: &VolumeId) -> Result<(), SimError> {
        let server = self.server(place, instance)?;
        let found = server.volumes.iter().find(|held| held.id == *volume).cloned();
        let mut loose = found.ok_or_else(|| SimError::missing(volume))?;
        self.change(place, instance, |server| {
            server.volumes.retain(|held| held.id != *volume);
            server.attributes.detaching.remove(volume);
        })?;
        (loose.device, loose.root, loose.attached_at) = (String::new(), false, None);
        let ground = self.site_mut(place)?;
        ground.ground.volume_zones.insert(volume.clone(), server.zone.clone());
        ground.loose_volumes.insert(volume.clone(), loose);
        Ok(())
    }

    /// The new root volume holds what its image, or the old volume, holds.
    fn finish_root(&mut self, place: &Place, name: &str) -> Result<(), SimError> {
        let site = self.site(place)?;
        let found = site.ground.roots.iter().find(|task| task.task == name).cloned();
        let task = found.ok_or_else(|| SimError::missing(name))?;
        let server = self.server(place, &task.instance)?;
        match task.failure {
            Some(RootFailure::Restored) => return Ok(()),
            Some(RootFailure::Detached) => {
                let root =
                    server.volumes.iter().find(|volume| volume.root).ok_or_else(|| SimError::missing("a root"))?;
                self.change(place, &task.instance, |server| server.attributes.rootless = true)?;
                return self.let_go(place, &task.instance, &root.id);
            }
            None if server.state(self.now()) != "running" => return Ok(()),
            None => {}
        }
        let (image, content, fresh) = self.root_source(place, &task)?;
        let old = server.volumes.iter().find(|volume| volume.root).cloned();
        let (now, zone) = (self.now(), server.zone.clone());
        self.change(place, &task.instance, |server| {
            (server.image, server.content) = (image, content);
            for root in server.volumes.iter_mut().filter(|volume| volume.root) {
                (root.id, root.attached_at) = (fresh.clone(), Some(now));
            }
        })?;
        let site = self.site_mut(place)?;
        site.loose_volumes.remove(&fresh);
        site.ground.kept_roots.remove(&fresh);
        if let Some(mut old) = old {
            (old.device, old.root, old.attached_at) = (String::new(), false, None);
            let kept = super::ground::KeptRoot { image: server.image.clone(), content: server.content.clone() };
            site.ground.kept_roots.insert(old.id.clone(), kept);
            site.ground.volume_zones.insert(old.id.clone(), zone);
            site.loose_volumes.insert(old.id.clone(), old);
        }
        let done = Change::Set { what: "root-volume".to_owned(), to: fresh.to_string() };
        self.note(place, &By::World, &task.instance, done);
        Ok(())
    }
}

//! Stopping, starting and ending a server, whoever asks.

use std::sync::Arc;
use std::time::Duration;

use super::account_log::{By, Change};
use super::clock::after;
use super::error::SimError;
use super::ground::ElasticIp;
use super::heal::NOTICES;
use super::server::{BOOT, HALT, Phase};
use super::state::State;
use crate::types::{InstanceId, Place, VolumeId};

/// How long an Auto Scaling group takes to find out that a member was stopped.
const HEALTH_CHECK: Duration = Duration::from_secs(180);

impl State {
    pub(super) fn power_off(&mut self, place: &Place, by: &By, id: &InstanceId) -> Result<(), SimError> {
        let until = after(self.now(), HALT);
        self.note(place, by, id, Change::Stopping);
        self.change(place, id, |server| {
            server.phase = Phase::moving("stopping", until, "stopped");
            // An address that is no Elastic IP goes back to the pool.
            server.attributes.public_ip = None;
        })?;
        let detaching: Vec<VolumeId> = self.server(place, id)?.attributes.detaching.iter().cloned().collect();
        for volume in detaching {
            self.schedule(place, HALT, super::later::Due::Release(id.clone(), volume));
        }
        self.upset_groups_of(place, id, HEALTH_CHECK);
        Ok(())
    }

    pub(super) fn power_on(&mut self, place: &Place, by: &By, id: &InstanceId) -> Result<(), SimError> {
        let now = self.now();
        self.note(place, by, id, Change::Starting);
        let server = self.server(place, id)?;
        let has_elastic = server.primary().is_some_and(|primary| !primary.address_associations.is_empty());
        let wanted = server.attributes.auto_public_ip && !has_elastic;
        let address = if wanted { Some(self.public_address(place)?) } else { None };
        self.change(place, id, |server| {
            server.phase = Phase::moving("pending", after(now, BOOT), "running");
            server.launched_at = now;
            server.attributes.public_ip = address;
        })
    }

    /// Ends a server: it leaves its groups, its addresses are free, and what must outlive it does.
    pub(super) fn shut_down(&mut self, place: &Place, by: &By, id: &InstanceId) -> Result<(), SimError> {
        let until = after(self.now(), HALT);
        self.note(place, by, id, Change::Terminating);
        let server = self.server(place, id)?;
        self.upset_groups_of(place, id, NOTICES);
        self.change(place, id, |server| {
            server.phase = Phase::moving("shutting-down", until, "terminated");
            server.volumes.retain(|volume| volume.delete_on_termination == Some(true));
            server.interfaces.retain(|interface| interface.delete_on_termination == Some(true));
            for interface in &mut server.interfaces {
                interface.address_associations.clear();
            }
            server.attributes.public_ip = None;
        })?;
        self.leave_groups(place, id)?;
        self.free_addresses(place, id)?;
        let site = self.site_mut(place)?;
        for volume in server.volumes.iter().filter(|volume| volume.delete_on_termination != Some(true)) {
            let mut loose = volume.clone();
            (loose.device, loose.root, loose.attached_at) = (String::new(), false, None);
            site.ground.volume_zones.insert(volume.id.clone(), server.zone.clone());
            site.loose_volumes.insert(volume.id.clone(), loose);
        }
        for interface in server.interfaces.iter().filter(|interface| interface.delete_on_termination != Some(true)) {
            let mut loose = interface.clone();
            loose.attachment = None;
            loose.address_associations.clear();
            site.loose_interfaces.insert(interface.id.clone(), loose);
        }
        Ok(())
    }

    fn free_addresses(&mut self, place: &Place, id: &InstanceId) -> Result<(), SimError> {
        let (now, delay) = (self.now(), self.settings.describe_delay);
        for slot in self.site_mut(place)?.ground.addresses.values_mut() {
            let current = slot.current().clone();
            if current.link.as_ref().is_some_and(|link| link.instance == *id) {
                slot.change(now, delay, Arc::new(ElasticIp { public_ip: current.public_ip.clone(), link: None }));
            }
        }
        Ok(())
    }

    /// A public address out of the documentation block that no Elastic IP uses.
    pub(super) fn public_address(&mut self, place: &Place) -> Result<Arc<str>, SimError> {
        let site = self.site_mut(place)?;
        site.hosts += 1;
        Ok(Arc::from(format!("198.51.100.{}", site.hosts % 250 + 1)))
    }
}

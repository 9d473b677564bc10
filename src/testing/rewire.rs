//! Changes of a server's network that people and the enforcer make alike: groups of interfaces, Elastic IPs.

use std::sync::Arc;

use super::account_log::{By, Change};
use super::error::SimError;
use super::ground::{AddressLink, ElasticIp};
use super::heal::NOTICES;
use super::state::State;
use crate::types::{EniId, InstanceId, Place, SecurityGroupId};

impl State {
    /// Gives an interface other groups.
    pub(super) fn regroup(
        &mut self,
        place: &Place,
        by: &By,
        instance: &InstanceId,
        interface: &EniId,
        groups: &[SecurityGroupId],
    ) -> Result<(), SimError> {
        let server = self.server(place, instance)?;
        let known = server.interfaces.iter().find(|held| held.id == *interface);
        let from = known.ok_or_else(|| SimError::missing(interface))?.groups.clone();
        let mut to = groups.to_vec();
        to.sort();
        let site = self.site_mut(place)?;
        site.ground.know_groups(&to);
        let isolated = |groups: &[SecurityGroupId]| groups.iter().all(|group| site.ground.isolates(group));
        let others = server.interfaces.iter().filter(|held| held.id != *interface);
        let cut = isolated(&to) && others.map(|held| &held.groups).all(|groups| isolated(groups));
        if from != to {
            let text = |groups: &[SecurityGroupId]| groups.iter().map(ToString::to_string).collect();
            let change = Change::Regrouped {
                interface: interface.to_string(),
                from: text(&from),
                to: text(&to),
                cut: cut && server.attributes.cut_since.is_none(),
            };
            self.note(place, by, instance, change);
        }
        self.change(place, instance, |server| {
            for held in server.interfaces.iter_mut().filter(|held| held.id == *interface) {
                held.groups.clone_from(&to);
            }
        })?;
        self.see_cut(place, instance)?;
        self.upset_groups_of(place, instance, NOTICES);
        Ok(())
    }

    /// Whether a server can still reach anything, after an interface came or went.
    pub(super) fn see_cut(&mut self, place: &Place, instance: &InstanceId) -> Result<(), SimError> {
        let (now, server) = (self.now(), self.server(place, instance)?);
        let ground = &self.site(place)?.ground;
        let mut groups = server.interfaces.iter().flat_map(|interface| &interface.groups);
        let cut = !server.interfaces.is_empty() && groups.all(|group| ground.isolates(group));
        if cut == server.attributes.cut_since.is_some() {
            return Ok(());
        }
        self.change(place, instance, |server| {
            server.attributes.cut_since = cut.then_some(now);
            server.attributes.reachable_since = Some(now);
        })
    }

    /// Puts an Elastic IP onto an interface, wherever it was before; answers the new association.
    pub(super) fn link_address(
        &mut self,
        place: &Place,
        by: &By,
        allocation: &str,
        interface: &EniId,
        private_ip: Option<&str>,
    ) -> Result<String, SimError> {
        let owner = self.owner_of_interface(place, interface)?;
        let slot = self.site(place)?.ground.addresses.get(allocation).ok_or_else(|| SimError::missing(allocation))?;
        let held = slot.current().clone();
        let private = private_ip.map(str::to_owned).or_else(|| {
            let server = self.server(place, &owner).ok()?;
            let found = server.interfaces.iter().find(|held| held.id == *interface)?;
            found.addresses.first().cloned()
        });
        let same = |link: &&AddressLink| link.interface == *interface && link.private_ip == private;
        if let Some(link) = held.link.as_ref().filter(same) {
            return Ok(link.association.clone());
        }
        let from = held.link.as_ref().map(|link| link.instance.clone());
        let change = Change::Address { allocation: allocation.to_owned(), from, to: Some(owner.clone()) };
        self.note(place, by, &owner, change);
        self.forget_association(place, &held)?;
        let association = self.ids.resource("eipassoc");
        let link = AddressLink {
            association: association.clone(),
            instance: owner.clone(),
            interface: interface.clone(),
            private_ip: private,
        };
        self.set_address(place, allocation, ElasticIp { public_ip: held.public_ip.clone(), link: Some(link) })?;
        self.change(place, &owner, |server| {
            for known in server.interfaces.iter_mut().filter(|known| known.id == *interface) {
                known.address_associations.push(association.clone());
                if known.device_index == 0 {
                    server.attributes.public_ip = None;
                }
            }
        })?;
        Ok(association)
    }

    /// Takes an Elastic IP off by its association.
    pub(super) fn unlink_address(&mut self, place: &Place, by: &By, association: &str) -> Result<(), SimError> {
        let linked = |ip: &ElasticIp| ip.link.as_ref().is_some_and(|link| link.association == association);
        let addresses = self.site(place)?.ground.addresses.iter();
        let found = addresses.filter(|(_, slot)| linked(slot.current())).map(|(id, slot)| (id, slot.current()));
        let found = found.map(|(id, ip)| (id.clone(), ip.clone())).next();
        let (allocation, held) = found.ok_or_else(|| SimError::missing(association))?;
        if let Some(link) = &held.link {
            let from = Some(link.instance.clone());
            let change = Change::Address { allocation: allocation.clone(), from, to: None };
            self.note(place, by, &link.instance, change);
        }
        self.forget_association(place, &held)?;
        self.set_address(place, &allocation, ElasticIp { public_ip: held.public_ip.clone(), link: None })
    }

    fn forget_association(&mut self, place: &Place, held: &ElasticIp) -> Result<(), SimError> {
        let Some(link) = &held.link else { return Ok(()) };
        if self.server(place, &link.instance).is_err() {
            return Ok(());
        }
        self.change(place, &link.instance, |server| {
            for interface in &mut server.interfaces {
                interface.address_associations.retain(|kept| *kept != link.association);
            }
        })
    }

    fn set_address(&mut self, place: &Place, allocation: &str, address: ElasticIp) -> Result<(), SimError> {
        let (now, delay) = (self.now(), self.settings.describe_delay);
        let addresses = &mut self.site_mut(place)?.ground.addresses;
        let slot = addresses.get_mut(allocation).ok_or_else(|| SimError::missing(allocation))?;
        slot.change(now, delay, Arc::new(address));
        Ok(())
    }

    /// The server that an interface is attached to.
    pub(super) fn owner_of_interface(&self, place: &Place, interface: &EniId) -> Result<InstanceId, SimError> {
        let now = self.now();
        let servers = self.site(place)?.servers.values().filter_map(|slot| slot.current().as_ref());
        let living = servers.filter(|server| !matches!(server.state(now), "terminated" | "shutting-down"));
        let mut holding = living.filter(|server| server.interfaces.iter().any(|held| held.id == *interface));
        holding.next().map(|server| server.id.clone()).ok_or_else(|| SimError::missing(interface))
    }
}

//! Servers in detail.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::collect::ReadError;
use crate::remediate::{AddressDetail, InstanceDetail, InterfaceDetail, StatusChecks};
use crate::testing::api;
use crate::testing::server::Server;
use crate::testing::state::{Site, State};
use crate::types::{InstanceId, NetworkInterface, Place};

impl State {
    pub(super) fn probe_instance(
        &mut self,
        place: &Place,
        id: &InstanceId,
    ) -> Result<Option<InstanceDetail>, ReadError> {
        self.count(api::INSTANCES, place)?;
        let (now, site) = (self.now(), self.readable(api::INSTANCES, place)?);
        Ok(site.visible(id, now).map(|server| site.detail_of(place, server, now)))
    }

    pub(super) fn probe_token(&mut self, place: &Place, token: &str) -> Result<Vec<(InstanceId, String)>, ReadError> {
        self.count(api::INSTANCES, place)?;
        let (now, site) = (self.now(), self.readable(api::INSTANCES, place)?);
        let servers = site.visible_after(None, now);
        let launched = servers.filter(|server| server.attributes.token.as_deref() == Some(token));
        Ok(launched.map(|server| (server.id.clone(), server.state(now).to_owned())).collect())
    }

    /// Servers that do not run are not listed, as without `IncludeAllInstances`; asked with it, they are.
    pub(super) fn probe_status(&mut self, place: &Place, id: &InstanceId) -> Result<Option<StatusChecks>, ReadError> {
        self.count(api::STATUS, place)?;
        let (now, site) = (self.now(), self.readable(api::STATUS, place)?);
        Ok(site.visible(id, now).map(|server| server.checks(now)))
    }

    pub(super) fn probe_console(&mut self, place: &Place, id: &InstanceId) -> Result<Option<String>, ReadError> {
        self.count(api::CONSOLE, place)?;
        let (now, site) = (self.now(), self.readable(api::CONSOLE, place)?);
        let server = site.visible(id, now).filter(|server| server.state(now) == "running");
        Ok(server.map(|server| format!("[    0.000000] Linux version 6.12.46-66.121.amzn2023\n{} login: ", server.id)))
    }
}

impl Site {
    pub(in crate::testing) fn detail_of(&self, place: &Place, server: &Server, now: Timestamp) -> InstanceDetail {
        let gone = server.state(now) == "terminated";
        let attributes = &server.attributes;
        let profile = server.profile.as_ref().filter(|_| !gone);
        InstanceDetail {
            instance: server.describe(place, now),
            vpc: (!gone).then(|| self.ground.vpc.clone()),
            termination_protected: attributes.termination_protected,
            stop_protected: attributes.stop_protected,
            shutdown_behavior: attributes.shutdown_behavior.to_string(),
            addresses: if gone { Vec::new() } else { self.addresses_of(&server.id, now) },
            auto_public_ip: attributes.public_ip.as_deref().map(str::to_owned),
            interfaces: server.interfaces.iter().filter(|_| !gone).map(|one| interface_of(server, one)).collect(),
            placement: attributes.placement.clone(),
            ebs_root: true,
            instance_store: false,
            profile: profile.map(|link| (link.association.to_string(), link.arn.to_string())),
        }
    }

    fn addresses_of(&self, id: &InstanceId, now: Timestamp) -> Vec<AddressDetail> {
        let all = self.ground.addresses.iter().map(|(allocation, slot)| (allocation, slot.visible(now)));
        let linked = all.filter_map(|(allocation, address)| {
            let link = address.link.as_ref().filter(|link| link.instance == *id)?;
            Some(AddressDetail {
                allocation: allocation.clone(),
                association: link.association.clone(),
                public_ip: address.public_ip.clone(),
                interface: link.interface.clone(),
                private_ip: link.private_ip.clone(),
            })
        });
        linked.collect()
    }
}

fn interface_of(server: &Server, interface: &NetworkInterface) -> InterfaceDetail {
    let (ipv6, private_ips) = interface.addresses.iter().cloned().partition(|address| address.contains(':'));
    InterfaceDetail {
        id: interface.id.clone(),
        attachment: interface.attachment.clone().unwrap_or_default(),
        device_index: interface.device_index,
        groups: interface.groups.iter().cloned().collect::<BTreeSet<_>>(),
        private_ips,
        ipv6,
        subnet: server.subnet.to_string(),
        delete_on_termination: interface.delete_on_termination.unwrap_or_default(),
        tracking: server.attributes.tracking.get(&interface.id).copied().unwrap_or_default(),
    }
}

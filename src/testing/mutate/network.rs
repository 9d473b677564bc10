//! Interfaces, their groups, security group rules and Elastic IPs.

use std::sync::Arc;

use serde_json::json;

use super::attribute::sorted;
use crate::testing::account_log::{By, Change};
use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::delayed::Delayed;
use crate::testing::error::SimError;
use crate::testing::ground::ElasticIp;
use crate::testing::trail::{Call, items};
use crate::types::{EniId, InstanceId, NetworkInterface, Place, SecurityGroupId};

impl FakeCloud {
    /// Replaces the groups of every interface: one `ec2:ModifyNetworkInterfaceAttribute` for each.
    ///
    /// # Errors
    /// When the server does not exist or is being terminated.
    pub fn modify_security_groups(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        groups: &[SecurityGroupId],
    ) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let server = state.live(place, instance, "ModifyNetworkInterfaceAttribute")?;
            for interface in &server.interfaces {
                state.regroup(place, &By::of(actor), instance, &interface.id, groups)?;
                let list = groups.iter().map(|group| json!({"groupId": group})).collect();
                let request = json!({"networkInterfaceId": interface.id, "groupSet": items(list)});
                state.record(place, actor, Call::ec2("ModifyNetworkInterfaceAttribute", request))?;
            }
            Ok(())
        })
    }

    /// `ec2:AttachNetworkInterface` of a new interface; returns its id and attachment id.
    ///
    /// # Errors
    /// When the server does not exist or is being terminated.
    pub fn attach_network_interface(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        groups: &[SecurityGroupId],
    ) -> Result<(EniId, String), SimError> {
        self.at(instance, |state, place| {
            let server = state.live(place, instance, "AttachNetworkInterface")?;
            let (id, attachment) = (EniId::from(state.ids.resource("eni")), state.ids.resource("eni-attach"));
            let index = server.interfaces.iter().map(|interface| interface.device_index + 1).max().unwrap_or(0);
            let interface = NetworkInterface {
                id: id.clone(),
                attachment: Some(attachment.clone()),
                attached_at: Some(state.now()),
                device_index: index,
                groups: sorted(groups),
                addresses: vec![state.private_address(place)?],
                address_associations: Vec::new(),
                source_dest_check: Some(true),
                delete_on_termination: Some(false),
            };
            state.note(place, &By::of(actor), instance, Change::Attached { what: id.to_string() });
            state.site_mut(place)?.ground.know_groups(groups);
            state.change(place, instance, |server| server.interfaces.push(interface))?;
            state.see_cut(place, instance)?;
            let request = json!({"networkInterfaceId": id, "instanceId": instance, "deviceIndex": index});
            let call = Call::ec2("AttachNetworkInterface", request).answered(json!({"attachmentId": attachment}));
            state.record(place, actor, call)?;
            Ok((id, attachment))
        })
    }

    /// `ec2:DetachNetworkInterface`. The record names the attachment only.
    ///
    /// # Errors
    /// When the server has no such interface.
    pub fn detach_network_interface(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        interface: &EniId,
    ) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let server = state.live(place, instance, "DetachNetworkInterface")?;
            let found = server.interfaces.iter().find(|candidate| candidate.id == *interface);
            let mut loose = found.cloned().ok_or_else(|| SimError::missing(interface))?;
            let attachment = loose.attachment.take();
            loose.attached_at = None;
            state.note(place, &By::of(actor), instance, Change::Detached { what: interface.to_string() });
            state.change(place, instance, |server| server.interfaces.retain(|kept| kept.id != *interface))?;
            state.site_mut(place)?.loose_interfaces.insert(interface.clone(), loose);
            let request = json!({"attachmentId": attachment, "force": false});
            state.record(place, actor, Call::ec2("DetachNetworkInterface", request)).map(|_| ())
        })
    }

    /// `ec2:AuthorizeSecurityGroupIngress` of one TCP port. No instance is named anywhere in the record.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn authorize_security_group_ingress(
        &self,
        actor: &SimActor,
        place: &Place,
        group: &SecurityGroupId,
        port: u16,
        cidr: &str,
    ) -> Result<(), SimError> {
        let mut state = self.lock();
        let rule = state.ids.resource("sgr");
        let request = json!({
            "groupId": group,
            "ipPermissions": items(vec![json!({
                "ipProtocol": "tcp", "fromPort": port, "toPort": port,
                "groups": {}, "ipRanges": items(vec![json!({"cidrIp": cidr})]),
                "ipv6Ranges": {}, "prefixListIds": {},
            })]),
        });
        let answer = json!({
            "_return": true,
            "securityGroupRuleSet": items(vec![json!({
                "groupOwnerId": place.account, "groupId": group, "securityGroupRuleId": rule, "isEgress": false,
                "ipProtocol": "tcp", "fromPort": port, "toPort": port, "cidrIpv4": cidr,
            })]),
        });
        let call = Call::ec2("AuthorizeSecurityGroupIngress", request).answered(answer);
        state.record(place, actor, call).map(|_| ())
    }

    /// `ec2:AssociateAddress` of a new Elastic IP with the primary interface; returns the association id.
    ///
    /// # Errors
    /// When the server does not exist or is being terminated.
    pub fn associate_address(&self, actor: &SimActor, instance: &InstanceId) -> Result<String, SimError> {
        self.at(instance, |state, place| {
            let server = state.live(place, instance, "AssociateAddress")?;
            let primary = server.primary().ok_or_else(|| SimError::missing("the primary interface"))?.id.clone();
            let allocation = state.ids.resource("eipalloc");
            let addresses = &mut state.site_mut(place)?.ground.addresses;
            let public_ip = format!("192.0.2.{}", addresses.len() % 250 + 1);
            let free = Arc::new(ElasticIp { public_ip, link: None });
            addresses.insert(allocation.clone(), Delayed::settled(free));
            let association = state.link_address(place, &By::of(actor), &allocation, &primary, None)?;
            let request = json!({"instanceId": instance, "allocationId": allocation});
            let answer = json!({"_return": true, "associationId": association});
            state.record(place, actor, Call::ec2("AssociateAddress", request).answered(answer))?;
            Ok(association)
        })
    }

    /// `ec2:AssociateAddress` of an Elastic IP that is there, taken from whoever has it.
    ///
    /// # Errors
    /// When the server does not exist or is being terminated, or the place has no such address.
    pub fn move_address(&self, actor: &SimActor, allocation: &str, instance: &InstanceId) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let server = state.live(place, instance, "AssociateAddress")?;
            let primary = server.primary().ok_or_else(|| SimError::missing("the primary interface"))?.id.clone();
            let association = state.link_address(place, &By::of(actor), allocation, &primary, None)?;
            let request = json!({"instanceId": instance, "allocationId": allocation, "allowReassociation": true});
            let answer = json!({"_return": true, "associationId": association});
            state.record(place, actor, Call::ec2("AssociateAddress", request).answered(answer)).map(|_| ())
        })
    }

    /// `ec2:DisassociateAddress`. The record names the association only.
    ///
    /// # Errors
    /// When the place has no such association.
    pub fn disassociate_address(&self, actor: &SimActor, place: &Place, association: &str) -> Result<(), SimError> {
        let mut state = self.lock();
        state.unlink_address(place, &By::of(actor), association)?;
        let call = Call::ec2("DisassociateAddress", json!({"associationId": association}));
        state.record(place, actor, call).map(|_| ())
    }
}

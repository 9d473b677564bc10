//! Network interfaces.

use std::collections::BTreeSet;

use serde_json::json;

use super::refusal::Refusal;
use super::{Done, Writer};
use crate::remediate::Tracking;
use crate::testing::account_log::Change;
use crate::testing::heal::NOTICES;
use crate::testing::state::State;
use crate::types::{EniId, InstanceId, SecurityGroupId};

/// Groups of one interface, by default.
const MOST_GROUPS: usize = 5;

impl State {
    pub(super) fn nic_owner(&self, writer: &Writer<'_>, interface: &EniId) -> Result<InstanceId, Refusal> {
        let found = self.owner_of_interface(writer.place, interface);
        found.map_err(|_| Refusal::missing("InvalidNetworkInterfaceID.NotFound", interface))
    }

    pub(super) fn write_groups(
        &mut self,
        writer: &Writer<'_>,
        interface: &EniId,
        groups: &BTreeSet<SecurityGroupId>,
    ) -> Result<Done, Refusal> {
        let known = &self.site(writer.place)?.ground.security_groups;
        if let Some(group) = groups.iter().find(|group| !known.contains_key(*group)) {
            return Err(Refusal::missing("InvalidGroup.NotFound", group));
        }
        if groups.is_empty() || groups.len() > MOST_GROUPS {
            return Err(Refusal::invalid("SecurityGroupsPerInterfaceLimitExceeded", "one to five groups"));
        }
        let groups: Vec<SecurityGroupId> = groups.iter().cloned().collect();
        match self.owner_of_interface(writer.place, interface) {
            Ok(owner) => self.regroup(writer.place, &writer.by, &owner, interface, &groups)?,
            Err(_) => {
                let loose = &mut self.site_mut(writer.place)?.loose_interfaces;
                let missing = || Refusal::missing("InvalidNetworkInterfaceID.NotFound", interface);
                loose.get_mut(interface).ok_or_else(missing)?.groups = groups;
            }
        }
        Ok(Done::plainly())
    }

    pub(super) fn write_tracking(
        &mut self,
        writer: &Writer<'_>,
        interface: &EniId,
        tracking: Tracking,
    ) -> Result<Done, Refusal> {
        let within = |value: Option<i32>, low: i32, high: i32| value.is_none_or(|value| (low..=high).contains(&value));
        let fits = within(tracking.tcp_established_s, 60, 432_000)
            && within(tracking.udp_stream_s, 60, 180)
            && within(tracking.udp_s, 30, 60);
        if !fits {
            return Err(Refusal::invalid("InvalidParameterValue", "time-out out of range"));
        }
        let owner = self.nic_owner(writer, interface)?;
        let text = format!("{interface}={:?}", tracking.tcp_established_s);
        self.set(writer, &owner, "tracking", &text, |server| {
            if tracking == Tracking::default() {
                server.attributes.tracking.remove(interface);
            } else {
                server.attributes.tracking.insert(interface.clone(), tracking);
            }
        })
    }

    /// With reassignment: the addresses leave whichever interface has them.
    pub(super) fn write_addresses(
        &mut self,
        writer: &Writer<'_>,
        interface: &EniId,
        addresses: &[String],
        take: bool,
    ) -> Result<Done, Refusal> {
        let owner = self.nic_owner(writer, interface)?;
        for address in addresses {
            let from = self.owner_of(writer.place, address);
            if from.as_str() == address {
                continue;
            }
            let server = self.server(writer.place, &from)?;
            let primary = |held: &crate::types::NetworkInterface| held.addresses.first() == Some(address);
            if server.interfaces.iter().any(|held| primary(held) && held.id != *interface) {
                let message = format!("{address} is the primary address of its interface");
                return Err(Refusal::invalid("InvalidParameterValue", message));
            }
            if from != owner && !take {
                let message = format!("{address} is assigned to another interface");
                return Err(Refusal::conflict("PrivateIpAddressInUse", message));
            }
            if from != owner {
                let what = address.clone();
                self.note(writer.place, &writer.by, &from, Change::Detached { what });
                self.change(writer.place, &from, |server| {
                    for held in &mut server.interfaces {
                        held.addresses.retain(|known| known != address);
                    }
                })?;
            }
        }
        self.note(writer.place, &writer.by, &owner, Change::Attached { what: addresses.join(" ") });
        self.change(writer.place, &owner, |server| {
            for held in server.interfaces.iter_mut().filter(|held| held.id == *interface) {
                let new = addresses.iter().filter(|address| !held.addresses.contains(address));
                let new: Vec<String> = new.cloned().collect();
                held.addresses.extend(new);
            }
        })?;
        Ok(Done::plainly())
    }

    pub(super) fn detach_nic(
        &mut self,
        writer: &Writer<'_>,
        attachment: &str,
        interface: &EniId,
    ) -> Result<Done, Refusal> {
        let owner = self.nic_owner(writer, interface)?;
        let server = self.server(writer.place, &owner)?;
        let found = server.interfaces.iter().find(|held| held.id == *interface).cloned();
        let mut loose = found.filter(|held| held.attachment.as_deref() == Some(attachment));
        let Some(loose) = loose.as_mut() else {
            return Err(Refusal::missing("InvalidAttachmentID.NotFound", attachment));
        };
        if loose.device_index == 0 {
            let message = "The network interface at device index 0 cannot be detached";
            return Err(Refusal::invalid("OperationNotPermitted", message));
        }
        (loose.attachment, loose.attached_at) = (None, None);
        self.note(writer.place, &writer.by, &owner, Change::Detached { what: interface.to_string() });
        self.change(writer.place, &owner, |server| server.interfaces.retain(|held| held.id != *interface))?;
        self.see_cut(writer.place, &owner)?;
        self.site_mut(writer.place)?.loose_interfaces.insert(interface.clone(), loose.clone());
        Ok(Done::plainly())
    }

    pub(super) fn attach_nic(
        &mut self,
        writer: &Writer<'_>,
        interface: &EniId,
        instance: &InstanceId,
        device_index: i32,
    ) -> Result<Done, Refusal> {
        let server = self.living(writer, instance)?;
        let site = self.site(writer.place)?;
        let Some(mut found) = site.loose_interfaces.get(interface).cloned() else {
            let used = self.owner_of_interface(writer.place, interface).is_ok();
            return Err(if used {
                Refusal::conflict("InvalidNetworkInterface.InUse", format!("{interface} is in use"))
            } else {
                Refusal::missing("InvalidNetworkInterfaceID.NotFound", interface)
            });
        };
        if server.interfaces.iter().any(|held| held.device_index == device_index) {
            let message = format!("Instance already has an interface attached at device index '{device_index}'.");
            return Err(Refusal::conflict("InvalidParameterValue", message));
        }
        let attachment = self.ids.resource("eni-attach");
        (found.attachment, found.device_index) = (Some(attachment.clone()), device_index);
        found.attached_at = Some(self.now());
        self.note(writer.place, &writer.by, instance, Change::Attached { what: interface.to_string() });
        self.site_mut(writer.place)?.loose_interfaces.remove(interface);
        self.change(writer.place, instance, |server| {
            server.interfaces.push(found);
            server.interfaces.sort_by_key(|held| held.device_index);
        })?;
        self.see_cut(writer.place, instance)?;
        self.upset_groups_of(writer.place, instance, NOTICES);
        Ok(Done::answering(json!({"attachmentId": attachment})))
    }
}

//! An account-region as a whole, for judges who want to know what else was touched.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{FakeCloud, ServerForm};
use crate::types::{EniId, InstanceId, Place, VolumeId};

/// The tags of ours.
const OUR_TAGS: &str = "cattleguard:";

/// An Auto Scaling group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupForm {
    /// Minimum, desired and maximum size.
    pub sizes: (i32, i32, i32),
    /// Members.
    pub members: BTreeSet<InstanceId>,
}

/// Everything in an account-region that an operation could change, without what changes by itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountForm {
    /// Servers that are not on their way out.
    pub servers: BTreeMap<InstanceId, ServerForm>,
    /// Our tags on them.
    pub marks: BTreeMap<InstanceId, BTreeMap<String, String>>,
    /// Auto Scaling groups.
    pub groups: BTreeMap<String, GroupForm>,
    /// Targets that stay, by target group: with their port.
    pub targets: BTreeMap<String, BTreeSet<(String, i32)>>,
    /// Entries of network ACLs, by subnet.
    pub acls: BTreeMap<String, BTreeSet<String>>,
    /// Where Elastic IPs are.
    pub addresses: BTreeMap<String, Option<InstanceId>>,
    /// Inline policies by role and name.
    pub policies: BTreeMap<String, String>,
    /// Volumes that are attached to nothing.
    pub loose_volumes: BTreeSet<VolumeId>,
    /// Interfaces that are attached to nothing.
    pub loose_interfaces: BTreeSet<EniId>,
    /// Number of snapshots by volume.
    pub snapshots: BTreeMap<VolumeId, usize>,
}

impl FakeCloud {
    /// The account-region as it is now; `None`: it is not open.
    pub fn whole(&self, place: &Place) -> Option<AccountForm> {
        let state = self.lock();
        let site = state.sites.get(place)?;
        let ids = site.servers.keys();
        let servers: BTreeMap<_, _> = ids.filter_map(|id| Some((id.clone(), state.form(place, id)?))).collect();
        let marks = servers.keys().filter_map(|id| {
            let mut tags = BTreeMap::clone(&state.server(place, id).ok()?.tags);
            tags.retain(|key, _| key.starts_with(OUR_TAGS));
            Some((id.clone(), tags))
        });
        let groups = site.groups.iter().map(|(name, slot)| {
            let group = slot.current();
            let sizes = (group.min_size, group.desired, group.max_size);
            (name.clone(), GroupForm { sizes, members: group.members.keys().cloned().collect() })
        });
        let targets = site.targets.iter().map(|(arn, slot)| {
            let staying = slot.current().registered.iter().filter(|(_, held)| held.leaving_since.is_none());
            (arn.clone(), staying.map(|(target, held)| (target.clone(), held.port)).collect())
        });
        let acls =
            site.ground.acls.iter().filter(|(_, slot)| !slot.current().is_empty()).map(|(subnet, slot)| {
                (subnet.clone(), slot.current().iter().map(|entry| format!("{entry:?}")).collect())
            });
        let addresses = site.ground.addresses.iter().map(|(allocation, slot)| {
            (allocation.clone(), slot.current().link.as_ref().map(|link| link.instance.clone()))
        });
        let policies = state.policies.iter().filter_map(|((account, role, name), slot)| {
            let text = slot.current().clone().filter(|_| *account == place.account)?;
            Some((format!("{role}/{name}"), text))
        });
        let mut snapshots: BTreeMap<VolumeId, usize> = BTreeMap::new();
        for snapshot in site.ground.snapshots.values() {
            *snapshots.entry(snapshot.volume.clone()).or_default() += 1;
        }
        Some(AccountForm {
            marks: marks.collect(),
            groups: groups.collect(),
            targets: targets.collect(),
            acls: acls.collect(),
            addresses: addresses.collect(),
            policies: policies.collect(),
            loose_volumes: site.loose_volumes.keys().cloned().collect(),
            loose_interfaces: site.loose_interfaces.keys().cloned().collect(),
            snapshots,
            servers,
        })
    }
}

//! Bringing a server into being, shared by launches of all kinds and by the fleet builder.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::testing::account_log::{By, Change};
use crate::testing::attributes::Attributes;
use crate::testing::clock::after;
use crate::testing::content::{APPLICATION, Content, Reports, Rows};
use crate::testing::delayed::Delayed;
use crate::testing::error::SimError;
use crate::testing::ground::subnet_of;
use crate::testing::groups::{Group, Registration};
use crate::testing::launch::LaunchSpec;
use crate::testing::packages::row;
use crate::testing::server::{BOOT, Node, Phase, ProfileLink, Server};
use crate::testing::state::State;
use crate::types::{EniId, InstanceId, InventoryType, NetworkInterface, Place, Volume, VolumeId};

impl State {
    /// Launches a server that began to boot at `since`. Readers see it after the describe delay unless it was
    /// launched in the past.
    pub(in crate::testing) fn launch(
        &mut self,
        place: &Place,
        spec: &LaunchSpec,
        since: Timestamp,
    ) -> Result<InstanceId, SimError> {
        self.launch_with(place, spec, since, Attributes::default())
    }

    pub(in crate::testing) fn launch_with(
        &mut self,
        place: &Place,
        spec: &LaunchSpec,
        since: Timestamp,
        attributes: Attributes,
    ) -> Result<InstanceId, SimError> {
        let (now, delay) = (self.now(), self.settings.describe_delay);
        let site = self.site(place)?;
        let known = site.images.get(&spec.image).ok_or_else(|| SimError::missing(&spec.image))?;
        let spoilt = site.ground.spoilt.contains(&spec.image);
        let content = if spoilt { spoil(&known.content) } else { known.content.clone() };
        let impaired = attributes.impaired || site.ground.unbootable.contains(&spec.image);
        let id = InstanceId::from(self.ids.resource("i"));
        let server = Server {
            id: id.clone(),
            zone: spec.zone.clone(),
            image: spec.image.clone(),
            instance_type: spec.instance_type.clone(),
            phase: Phase::moving("pending", after(since, BOOT), "running"),
            launched_at: since,
            key_name: spec.key_name.clone(),
            subnet: spec.subnet.clone(),
            profile: spec.profile.as_ref().map(|name| self.profile_link(place, name)),
            metadata: spec.metadata.clone(),
            user_data: spec.user_data.clone(),
            interfaces: vec![self.primary_interface(place, spec, since)?],
            volumes: self.launch_volumes(spec, since),
            tags: spec.tags.clone(),
            node: (spec.managed && spec.profile.is_some()).then(fresh_node),
            content,
            reports: Arc::new(Reports::new()),
            attributes: Attributes { impaired, ..attributes },
        };
        let slot = if since < now {
            Delayed::settled(Some(Arc::new(server)))
        } else {
            let mut slot = Delayed::settled(None);
            slot.change(now, delay, Some(Arc::new(server)));
            slot
        };
        let site = self.site_mut(place)?;
        site.ground.know_groups(&spec.security_groups);
        site.servers.insert(id.clone(), slot);
        Ok(id)
    }

    /// Launches members of an Auto Scaling group and registers them in the group's target groups.
    pub(in crate::testing) fn launch_members(
        &mut self,
        place: &Place,
        name: &str,
        count: usize,
        since: Timestamp,
    ) -> Result<Vec<InstanceId>, SimError> {
        let group = self.group(place, name)?;
        let mut launched = Vec::with_capacity(count);
        for index in group.members.len()..group.members.len() + count {
            let zone = group.zones.get(index % group.zones.len().max(1)).unwrap_or(&group.template.zone).clone();
            launched.push((self.launch(place, &in_zone(place, &group, &zone), since)?, zone));
        }
        self.join(place, &group, &launched, after(since, BOOT))?;
        self.change_group(place, name, |group| {
            group.desired = group.desired.max(group.active());
            group.max_size = group.max_size.max(group.desired);
        })?;
        Ok(launched.into_iter().map(|(id, _)| id).collect())
    }

    /// Launches one member now.
    pub(in crate::testing) fn launch_member(
        &mut self,
        place: &Place,
        by: &By,
        group: &Group,
        zone: &Arc<str>,
        token: Option<&str>,
    ) -> Result<InstanceId, SimError> {
        let now = self.now();
        let attributes = Attributes { token: token.map(Arc::from), ..Attributes::default() };
        let id = self.launch_with(place, &in_zone(place, group, zone), now, attributes)?;
        self.note_launch(place, by, &id, token, Some(&group.name));
        self.join(place, group, &[(id.clone(), zone.clone())], after(now, BOOT))?;
        Ok(id)
    }

    /// Makes servers members of a group, serving from then on in its target groups.
    pub(in crate::testing) fn join(
        &mut self,
        place: &Place,
        group: &Group,
        servers: &[(InstanceId, Arc<str>)],
        serving: Timestamp,
    ) -> Result<(), SimError> {
        self.change_group(place, &group.name, |group| {
            group.members.extend(servers.iter().map(|(id, _)| (id.clone(), serving)));
        })?;
        for arn in &group.target_groups {
            self.change_targets(place, arn, |targets| {
                let new = |(id, zone): &(InstanceId, Arc<str>)| {
                    (id.to_string(), Registration::new(targets.port, Some(zone.clone()), serving))
                };
                let new: Vec<_> = servers.iter().map(new).collect();
                targets.registered.extend(new);
            })?;
        }
        Ok(())
    }

    /// Enters a launch that was just made into the account's log.
    pub(in crate::testing) fn note_launch(
        &mut self,
        place: &Place,
        by: &By,
        id: &InstanceId,
        token: Option<&str>,
        group: Option<&str>,
    ) {
        let Ok(server) = self.server(place, id) else { return };
        let change = Change::Launched {
            image: server.image.clone(),
            token: token.map(str::to_owned),
            tags: BTreeMap::clone(&server.tags),
            group: group.map(str::to_owned),
        };
        self.note(place, by, id, change);
    }

    pub(in crate::testing) fn profile_link(&mut self, place: &Place, name: &str) -> ProfileLink {
        ProfileLink {
            association: Arc::from(self.ids.resource("iip-assoc")),
            arn: Arc::from(format!("arn:aws:iam::{}:instance-profile/{name}", place.account)),
        }
    }

    pub(in crate::testing) fn private_address(&mut self, place: &Place) -> Result<String, SimError> {
        let site = self.site_mut(place)?;
        site.hosts += 1;
        let [_, high, middle, low] = (site.hosts + 9).to_be_bytes();
        Ok(format!("10.{high}.{middle}.{low}"))
    }

    fn primary_interface(
        &mut self,
        place: &Place,
        spec: &LaunchSpec,
        since: Timestamp,
    ) -> Result<NetworkInterface, SimError> {
        let address = self.private_address(place)?;
        let mut groups = spec.security_groups.clone();
        groups.sort();
        Ok(NetworkInterface {
            id: EniId::from(self.ids.resource("eni")),
            attachment: Some(self.ids.resource("eni-attach")),
            attached_at: Some(since),
            device_index: 0,
            groups,
            addresses: vec![address],
            address_associations: Vec::new(),
            source_dest_check: Some(true),
            delete_on_termination: Some(true),
        })
    }

    fn launch_volumes(&mut self, spec: &LaunchSpec, since: Timestamp) -> Vec<Volume> {
        let volumes = spec.volumes.iter().enumerate().map(|(index, wanted)| Volume {
            id: VolumeId::from(self.ids.resource("vol")),
            device: wanted.device.to_string(),
            root: index == 0,
            attached_at: Some(since),
            delete_on_termination: Some(true),
            size_gib: Some(wanted.size_gib),
            volume_type: Some(wanted.volume_type.to_string()),
            encrypted: Some(wanted.encrypted),
        });
        volumes.collect()
    }
}

/// A group's template in one of its zones.
fn in_zone(place: &Place, group: &Group, zone: &Arc<str>) -> LaunchSpec {
    let subnet = Arc::from(subnet_of(place, zone));
    LaunchSpec { zone: zone.clone(), subnet, ..LaunchSpec::clone(&group.template) }
}

/// A bad image: what boots is not what was recorded.
fn spoil(content: &Content) -> Arc<Content> {
    let mut spoilt = Content::clone(content);
    let kind = InventoryType::new(APPLICATION);
    let mut rows = spoilt.get(&kind).map(|rows| rows.entries.clone()).unwrap_or_default();
    rows.push(row("left-over", "0.1", "1.amzn2023", "x86_64"));
    spoilt.insert(kind, Rows::new(rows));
    Arc::new(spoilt)
}

fn fresh_node() -> Node {
    Node {
        agent_version: Arc::from("3.3.3050.0"),
        platform_name: Arc::from("Amazon Linux"),
        platform_version: Arc::from("2023"),
        lost_at: None,
    }
}

//! Bringing a server into being, shared by launches of all kinds and by the fleet builder.

use std::sync::Arc;

use jiff::Timestamp;

use crate::testing::clock::after;
use crate::testing::content::Reports;
use crate::testing::delayed::Delayed;
use crate::testing::error::SimError;
use crate::testing::groups::Registration;
use crate::testing::launch::LaunchSpec;
use crate::testing::server::{BOOT, Node, Phase, ProfileLink, Server};
use crate::testing::state::State;
use crate::types::{EniId, InstanceId, NetworkInterface, Place, Volume, VolumeId};

impl State {
    /// Launches a server that began to boot at `since`. Readers see it after the describe delay unless it was
    /// launched in the past.
    pub(in crate::testing) fn launch(
        &mut self,
        place: &Place,
        spec: &LaunchSpec,
        since: Timestamp,
    ) -> Result<InstanceId, SimError> {
        let (now, delay) = (self.now(), self.settings.describe_delay);
        let known = self.site(place)?.images.get(&spec.image).ok_or_else(|| SimError::missing(&spec.image))?;
        let content = known.content.clone();
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
            interfaces: vec![self.primary_interface(place, spec)?],
            volumes: self.launch_volumes(spec, since),
            tags: spec.tags.clone(),
            node: (spec.managed && spec.profile.is_some()).then(fresh_node),
            content,
            reports: Arc::new(Reports::new()),
        };
        let slot = if since < now {
            Delayed::settled(Some(Arc::new(server)))
        } else {
            let mut slot = Delayed::settled(None);
            slot.change(now, delay, Some(Arc::new(server)));
            slot
        };
        self.site_mut(place)?.servers.insert(id.clone(), slot);
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
        let slot = self.site(place)?.groups.get(name).ok_or_else(|| SimError::missing(name))?;
        let group = slot.current().clone();
        let serving = after(since, BOOT);
        let mut launched = Vec::with_capacity(count);
        for index in group.members.len()..group.members.len() + count {
            let zone = group.zones.get(index % group.zones.len().max(1)).unwrap_or(&group.template.zone);
            let spec = LaunchSpec { zone: zone.clone(), ..LaunchSpec::clone(&group.template) };
            launched.push((self.launch(place, &spec, since)?, zone.clone()));
        }
        self.change_group(place, name, |group| {
            group.members.extend(launched.iter().map(|(id, _)| (id.clone(), serving)));
            group.desired = group.desired.max(i32::try_from(group.members.len()).unwrap_or(i32::MAX));
            group.max_size = group.max_size.max(group.desired);
        })?;
        for arn in &group.target_groups {
            self.change_targets(place, arn, |targets| {
                let new = |(id, zone): &(InstanceId, Arc<str>)| {
                    (id.to_string(), Registration::new(80, Some(zone.clone()), serving))
                };
                targets.registered.extend(launched.iter().map(new));
            })?;
        }
        Ok(launched.into_iter().map(|(id, _)| id).collect())
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

    fn primary_interface(&mut self, place: &Place, spec: &LaunchSpec) -> Result<NetworkInterface, SimError> {
        let address = self.private_address(place)?;
        let mut groups = spec.security_groups.clone();
        groups.sort();
        Ok(NetworkInterface {
            id: EniId::from(self.ids.resource("eni")),
            attachment: Some(self.ids.resource("eni-attach")),
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

fn fresh_node() -> Node {
    Node {
        agent_version: Arc::from("3.3.3050.0"),
        platform_name: Arc::from("Amazon Linux"),
        platform_version: Arc::from("2023"),
        lost_at: None,
    }
}

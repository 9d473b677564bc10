//! EC2 reads.

use std::collections::BTreeMap;

use super::page::{Scope, Start};
use crate::collect::source::{AddressAssociation, ProfileAssociation};
use crate::collect::{Page, PageToken, ReadError, ReadFailure};
use crate::testing::api;
use crate::testing::state::State;
use crate::types::{Image, ImageId, Instance, InstanceId, Place, Volume, VolumeId};

/// Ids in one DescribeInstances call.
const MAX_INSTANCE_IDS: usize = 1000;
/// Ids in one DescribeImages call, by the contract of `CloudRead::images`.
const MAX_IMAGE_IDS: usize = 100;

impl State {
    pub(super) fn read_instances(
        &mut self,
        place: &Place,
        next: Option<PageToken>,
    ) -> Result<Page<Instance>, ReadError> {
        let scope = Scope::new(api::INSTANCES, place);
        let cursor = match scope.open(self, next)? {
            Start::Empty(page) => return Ok(page),
            Start::After(cursor) => cursor.map(InstanceId::from),
        };
        let (now, site) = (self.now(), self.readable(api::INSTANCES, place)?);
        let rest = site.visible_after(cursor.as_ref(), now);
        Ok(scope.page(self.settings.pages.instances, rest, |s| s.id.to_string(), |s| s.describe(place, now)))
    }

    pub(super) fn read_instances_by_id(
        &mut self,
        place: &Place,
        ids: &[InstanceId],
    ) -> Result<Vec<Instance>, ReadError> {
        let scope = Scope::new(api::INSTANCES, place);
        self.count(api::INSTANCES, place)?;
        if ids.is_empty() || ids.len() > MAX_INSTANCE_IDS {
            return Err(scope.error(ReadFailure::Invalid, "InvalidParameterValue: 1 to 1000 instance ids"));
        }
        let (now, site) = (self.now(), self.readable(api::INSTANCES, place)?);
        let describe = |id: &InstanceId| match site.visible(id, now) {
            Some(server) => Ok(server.describe(place, now)),
            // One unknown id fails the whole call, as in EC2.
            None => Err(scope.error(ReadFailure::NotFound, format!("InvalidInstanceID.NotFound: {id}"))),
        };
        ids.iter().map(describe).collect()
    }

    pub(super) fn read_volumes(&mut self, place: &Place, next: Option<PageToken>) -> Result<Page<Volume>, ReadError> {
        use std::ops::Bound::{Excluded, Unbounded};
        let scope = Scope::new(api::VOLUMES, place);
        let cursor = match scope.open(self, next)? {
            Start::Empty(page) => return Ok(page),
            Start::After(cursor) => cursor.map(VolumeId::from),
        };
        let (now, site) = (self.now(), self.readable(api::VOLUMES, place)?);
        let running = site.visible_after(None, now).filter(|server| server.state(now) != "terminated");
        let attached = running.flat_map(|server| &server.volumes);
        let all: BTreeMap<&VolumeId, &Volume> =
            site.loose_volumes.values().chain(attached).map(|volume| (&volume.id, volume)).collect();
        let lower = cursor.as_ref().map_or(Unbounded, Excluded);
        let rest = all.range::<VolumeId, _>((lower, Unbounded)).map(|(_, volume)| *volume);
        Ok(scope.page(self.settings.pages.volumes, rest, |volume| volume.id.to_string(), Volume::clone))
    }

    pub(super) fn read_images(&mut self, place: &Place, ids: &[ImageId]) -> Result<Vec<Image>, ReadError> {
        let scope = Scope::new(api::IMAGES, place);
        self.count(api::IMAGES, place)?;
        if ids.is_empty() || ids.len() > MAX_IMAGE_IDS {
            return Err(scope.error(ReadFailure::Invalid, "InvalidParameterValue: 1 to 100 image ids"));
        }
        let site = self.readable(api::IMAGES, place)?;
        Ok(ids.iter().filter_map(|id| site.images.get(id)).map(|known| known.image.clone()).collect())
    }

    pub(super) fn read_profiles(
        &mut self,
        place: &Place,
        next: Option<PageToken>,
    ) -> Result<Page<ProfileAssociation>, ReadError> {
        let scope = Scope::new(api::PROFILES, place);
        let cursor = match scope.open(self, next)? {
            Start::Empty(page) => return Ok(page),
            Start::After(cursor) => cursor.map(InstanceId::from),
        };
        let (now, site) = (self.now(), self.readable(api::PROFILES, place)?);
        let rest = site
            .visible_after(cursor.as_ref(), now)
            .filter(|server| server.state(now) != "terminated")
            .filter_map(|server| server.profile.as_ref().map(|link| (server, link)));
        let size = self.settings.pages.profile_associations;
        Ok(scope.page(
            size,
            rest,
            |(server, _)| server.id.to_string(),
            |(server, link)| ProfileAssociation {
                association: link.association.to_string(),
                instance: server.id.clone(),
                profile_arn: link.arn.to_string(),
            },
        ))
    }

    pub(super) fn read_addresses(&mut self, place: &Place) -> Result<Vec<AddressAssociation>, ReadError> {
        self.count(api::ADDRESSES, place)?;
        let (now, site) = (self.now(), self.readable(api::ADDRESSES, place)?);
        let linked = site.ground.addresses.values().map(|slot| slot.visible(now)).filter_map(|address| {
            let link = address.link.as_ref()?;
            Some(AddressAssociation {
                association: link.association.clone(),
                instance: link.instance.clone(),
                public_ip: address.public_ip.clone(),
            })
        });
        Ok(linked.collect())
    }

    pub(super) fn read_user_data(&mut self, place: &Place, id: &InstanceId) -> Result<Option<Vec<u8>>, ReadError> {
        let scope = Scope::new(api::USER_DATA, place);
        self.count(api::USER_DATA, place)?;
        let (now, site) = (self.now(), self.readable(api::USER_DATA, place)?);
        let server = site
            .visible(id, now)
            .ok_or_else(|| scope.error(ReadFailure::NotFound, format!("InvalidInstanceID.NotFound: {id}")))?;
        Ok(server.user_data.as_deref().map(<[u8]>::to_vec))
    }
}

//! Target groups and Auto Scaling groups.

use std::collections::BTreeSet;

use crate::collect::source::TargetHealth;
use crate::collect::{ReadError, ReadFailure};
use crate::remediate::GroupDetail;
use crate::testing::api;
use crate::testing::ground::subnet_of;
use crate::testing::state::State;
use crate::types::Place;

impl State {
    pub(super) fn probe_targets(&mut self, place: &Place, group: &str) -> Result<Vec<TargetHealth>, ReadError> {
        self.count(api::TARGET_HEALTH, place)?;
        let (now, site) = (self.now(), self.readable(api::TARGET_HEALTH, place)?);
        let slot = site.targets.get(group).ok_or_else(|| ReadError {
            api: api::TARGET_HEALTH,
            place: place.clone(),
            failure: ReadFailure::NotFound,
            detail: format!("TargetGroupNotFound: {group}"),
        })?;
        Ok(site.health_of(slot.visible(now), now))
    }

    pub(super) fn probe_group(&mut self, place: &Place, name: &str) -> Result<Option<GroupDetail>, ReadError> {
        self.count(api::GROUPS, place)?;
        let (now, site) = (self.now(), self.readable(api::GROUPS, place)?);
        let Some(slot) = site.groups.get(name) else { return Ok(None) };
        let group = slot.visible(now);
        let zones = group.zones.iter().map(|zone| (zone.to_string(), subnet_of(place, zone)));
        let members = group.members.keys().map(|id| (id.clone(), group.lifecycle(id, now).to_owned()));
        Ok(Some(GroupDetail {
            name: group.name.clone(),
            min_size: group.min_size,
            desired: group.desired,
            max_size: group.max_size,
            images: BTreeSet::from([group.template.image.clone()]),
            pinned: group.pinned,
            subnets: zones.collect(),
            members: members.collect(),
            protected: group.protected.clone(),
            target_groups: group.target_groups.clone(),
            refreshing: group.refreshing,
        }))
    }
}

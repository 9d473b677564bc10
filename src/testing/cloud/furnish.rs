//! Things that exist before the story begins: images, groups, target groups.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::FakeCloud;
use crate::testing::content::{Content, Rows};
use crate::testing::delayed::Delayed;
use crate::testing::error::SimError;
use crate::testing::groups::{Group, Targets};
use crate::testing::launch::LaunchSpec;
use crate::testing::state::SimImage;
use crate::types::{Image, ImageId, InstanceId, InventoryEntry, InventoryType, Place};

/// The sizes and links of an Auto Scaling group.
#[derive(Clone, Debug)]
pub struct GroupSpec {
    /// Name.
    pub name: String,
    /// Minimum size.
    pub min_size: i32,
    /// Maximum size.
    pub max_size: i32,
    /// What it launches.
    pub template: LaunchSpec,
    /// Availability zones, used in turn.
    pub zones: Vec<String>,
    /// ARNs of the target groups that members are registered in, on port 80.
    pub target_groups: Vec<String>,
}

impl FakeCloud {
    /// Registers an image in a place. `inventory` is what servers launched from it hold.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn add_image(
        &self,
        place: &Place,
        image: Image,
        inventory: BTreeMap<InventoryType, Vec<InventoryEntry>>,
    ) -> Result<(), SimError> {
        let content = inventory.into_iter().map(|(kind, rows)| (kind, Rows::new(rows))).collect();
        self.share_image(place, image, Arc::new(content))
    }

    pub(in crate::testing) fn share_image(
        &self,
        place: &Place,
        image: Image,
        content: Arc<Content>,
    ) -> Result<(), SimError> {
        self.lock().site_mut(place)?.images.insert(image.id.clone(), SimImage { image, content });
        Ok(())
    }

    /// Changes what DescribeImages says of an image in every place that has it, e.g. to deprecate it.
    pub fn edit_image(&self, id: &ImageId, edit: impl Fn(&mut Image)) {
        for site in self.lock().sites.values_mut() {
            if let Some(known) = site.images.get_mut(id) {
                edit(&mut known.image);
            }
        }
    }

    /// Removes an image everywhere: its id is unknown from now on.
    pub fn deregister_image(&self, id: &ImageId) {
        for site in self.lock().sites.values_mut() {
            site.images.remove(id);
        }
    }

    /// Creates a target group and returns its ARN. `target_type` is `instance` or `ip`.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn add_target_group(&self, place: &Place, name: &str, target_type: &str) -> Result<String, SimError> {
        let mut state = self.lock();
        let tail: String = state.ids.uuid("targetgroup").replace('-', "").chars().take(16).collect();
        let arn = format!("arn:aws:elasticloadbalancing:{}:{}:targetgroup/{name}/{tail}", place.region, place.account);
        let targets =
            Targets { arn: arn.clone(), target_type: target_type.to_owned(), port: 80, registered: BTreeMap::new() };
        state.site_mut(place)?.targets.insert(arn.clone(), Delayed::settled(Arc::new(targets)));
        Ok(arn)
    }

    /// Creates an Auto Scaling group without members.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn add_group(&self, place: &Place, spec: GroupSpec) -> Result<(), SimError> {
        let group = Group {
            name: spec.name.clone(),
            min_size: spec.min_size,
            desired: 0,
            max_size: spec.max_size,
            template: Arc::new(spec.template),
            zones: spec.zones.iter().map(|zone| Arc::from(zone.as_str())).collect(),
            target_groups: spec.target_groups,
            members: BTreeMap::new(),
            standby: BTreeSet::new(),
            protected: BTreeSet::new(),
            pinned: true,
            refreshing: false,
            elb_health: true,
        };
        self.lock().site_mut(place)?.groups.insert(spec.name, Delayed::settled(Arc::new(group)));
        Ok(())
    }

    /// Makes a registered target fail its health checks, or pass them again.
    ///
    /// # Errors
    /// When there is no such target group.
    pub fn set_target_health(
        &self,
        place: &Place,
        target_group: &str,
        target: &InstanceId,
        healthy: bool,
    ) -> Result<(), SimError> {
        let mut state = self.lock();
        state.change_targets(place, target_group, |targets| {
            if let Some(registration) = targets.registered.get_mut(target.as_str()) {
                registration.unhealthy = !healthy;
            }
        })
    }
}

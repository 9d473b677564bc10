//! The simulated account as a reader sees it: [`CloudRead`] over the state, one call at a time.

mod compute;
mod membership;
mod nodes;
mod page;
mod rows;
mod trail;

pub(super) use page::{Scope, Start};

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::FakeCloud;
use super::api;
use crate::collect::digest::PublicKey;
use crate::collect::source::{
    AddressAssociation, AsgMember, InventoryRecord, NodeRecord, ProfileAssociation, RawRecord, TargetGroup,
    TargetHealth,
};
use crate::collect::{CloudRead, Page, PageToken, ReadError, TrailLogs};
use crate::types::{Image, ImageId, Instance, InstanceId, InventoryType, Place, Trail, TrailStatus, Volume};

#[async_trait]
impl CloudRead for FakeCloud {
    async fn caller(&self, place: &Place) -> Result<String, ReadError> {
        self.lock().count(api::CALLER, place)?;
        Ok(format!("arn:aws:sts::{}:assumed-role/cattleguard-read/cattleguard", place.account))
    }

    async fn instances(&self, place: &Place, next: Option<PageToken>) -> Result<Page<Instance>, ReadError> {
        self.lock().read_instances(place, next)
    }

    async fn instances_by_id(&self, place: &Place, ids: &[InstanceId]) -> Result<Vec<Instance>, ReadError> {
        self.lock().read_instances_by_id(place, ids)
    }

    async fn volumes(&self, place: &Place, next: Option<PageToken>) -> Result<Page<Volume>, ReadError> {
        self.lock().read_volumes(place, next)
    }

    async fn images(&self, place: &Place, ids: &[ImageId]) -> Result<Vec<Image>, ReadError> {
        self.lock().read_images(place, ids)
    }

    async fn profile_associations(
        &self,
        place: &Place,
        next: Option<PageToken>,
    ) -> Result<Page<ProfileAssociation>, ReadError> {
        self.lock().read_profiles(place, next)
    }

    async fn addresses(&self, place: &Place) -> Result<Vec<AddressAssociation>, ReadError> {
        self.lock().read_addresses(place)
    }

    async fn user_data(&self, place: &Place, id: &InstanceId) -> Result<Option<Vec<u8>>, ReadError> {
        self.lock().read_user_data(place, id)
    }

    async fn asg_members(&self, place: &Place, next: Option<PageToken>) -> Result<Page<AsgMember>, ReadError> {
        self.lock().read_groups(place, next)
    }

    async fn target_groups(&self, place: &Place, next: Option<PageToken>) -> Result<Page<TargetGroup>, ReadError> {
        self.lock().read_target_groups(place, next)
    }

    async fn target_health(&self, place: &Place, group: &TargetGroup) -> Result<Vec<TargetHealth>, ReadError> {
        self.lock().read_target_health(place, group)
    }

    async fn managed_nodes(&self, place: &Place, next: Option<PageToken>) -> Result<Page<NodeRecord>, ReadError> {
        self.lock().read_nodes(place, next)
    }

    async fn managed_nodes_by_id(&self, place: &Place, ids: &[InstanceId]) -> Result<Vec<NodeRecord>, ReadError> {
        self.lock().read_nodes_by_id(place, ids)
    }

    async fn inventory(
        &self,
        place: &Place,
        kind: &InventoryType,
        only: &[InstanceId],
        next: Option<PageToken>,
    ) -> Result<Page<InventoryRecord>, ReadError> {
        self.lock().read_inventory(place, kind, only, next)
    }

    async fn inventory_entries(
        &self,
        place: &Place,
        id: &InstanceId,
        kind: &InventoryType,
        next: Option<PageToken>,
    ) -> Result<Page<InventoryRecord>, ReadError> {
        self.lock().read_inventory_entries(place, id, kind, next)
    }

    async fn lookup_events(
        &self,
        place: &Place,
        from: Timestamp,
        to: Timestamp,
        next: Option<PageToken>,
    ) -> Result<Page<RawRecord>, ReadError> {
        self.lock().read_events(place, from, to, next)
    }

    fn logs(&self) -> Option<&dyn TrailLogs> {
        Some(self)
    }

    async fn trails(&self, place: &Place) -> Result<Vec<Trail>, ReadError> {
        self.lock().read_trails(place)
    }

    async fn trail_status(&self, place: &Place, arn: &str) -> Result<TrailStatus, ReadError> {
        self.lock().read_trail_status(place, arn)
    }

    async fn trail_writes(&self, place: &Place, arn: &str) -> Result<bool, ReadError> {
        self.lock().read_trail_writes(place, arn)
    }

    async fn public_keys(
        &self,
        place: &Place,
        _from: Timestamp,
        _to: Timestamp,
        next: Option<PageToken>,
    ) -> Result<Page<PublicKey>, ReadError> {
        self.lock().read_public_keys(place, next)
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.call_totals()
    }
}

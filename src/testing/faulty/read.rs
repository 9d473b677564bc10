//! [`CloudRead`] of [`FaultyCloud`].

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::FaultyCloud;
use crate::collect::digest::PublicKey;
use crate::collect::source::{
    AddressAssociation, AsgMember, InventoryRecord, NodeRecord, ProfileAssociation, RawRecord, TargetGroup,
    TargetHealth,
};
use crate::collect::{CloudRead, Page, PageToken, ReadError};
use crate::testing::api;
use crate::types::{Image, ImageId, Instance, InstanceId, InventoryType, Place, Trail, TrailStatus, Volume};

#[async_trait]
impl CloudRead for FaultyCloud {
    async fn caller(&self, place: &Place) -> Result<String, ReadError> {
        self.read_gate(api::CALLER, place)?;
        self.inner.caller(place).await
    }

    async fn instances(&self, place: &Place, next: Option<PageToken>) -> Result<Page<Instance>, ReadError> {
        self.read_gate(api::INSTANCES, place)?;
        self.inner.instances(place, next).await
    }

    async fn instances_by_id(&self, place: &Place, ids: &[InstanceId]) -> Result<Vec<Instance>, ReadError> {
        self.read_gate(api::INSTANCES, place)?;
        self.inner.instances_by_id(place, ids).await
    }

    async fn volumes(&self, place: &Place, next: Option<PageToken>) -> Result<Page<Volume>, ReadError> {
        self.read_gate(api::VOLUMES, place)?;
        CloudRead::volumes(&self.inner, place, next).await
    }

    async fn images(&self, place: &Place, ids: &[ImageId]) -> Result<Vec<Image>, ReadError> {
        self.read_gate(api::IMAGES, place)?;
        self.inner.images(place, ids).await
    }

    async fn profile_associations(
        &self,
        place: &Place,
        next: Option<PageToken>,
    ) -> Result<Page<ProfileAssociation>, ReadError> {
        self.read_gate(api::PROFILES, place)?;
        self.inner.profile_associations(place, next).await
    }

    async fn addresses(&self, place: &Place) -> Result<Vec<AddressAssociation>, ReadError> {
        self.read_gate(api::ADDRESSES, place)?;
        self.inner.addresses(place).await
    }

    async fn user_data(&self, place: &Place, id: &InstanceId) -> Result<Option<Vec<u8>>, ReadError> {
        self.read_gate(api::USER_DATA, place)?;
        self.inner.user_data(place, id).await
    }

    async fn asg_members(&self, place: &Place, next: Option<PageToken>) -> Result<Page<AsgMember>, ReadError> {
        self.read_gate(api::GROUPS, place)?;
        self.inner.asg_members(place, next).await
    }

    async fn target_groups(&self, place: &Place, next: Option<PageToken>) -> Result<Page<TargetGroup>, ReadError> {
        self.read_gate(api::TARGET_GROUPS, place)?;
        self.inner.target_groups(place, next).await
    }

    async fn target_health(&self, place: &Place, group: &TargetGroup) -> Result<Vec<TargetHealth>, ReadError> {
        self.read_gate(api::TARGET_HEALTH, place)?;
        self.inner.target_health(place, group).await
    }

    async fn managed_nodes(&self, place: &Place, next: Option<PageToken>) -> Result<Page<NodeRecord>, ReadError> {
        self.read_gate(api::NODES, place)?;
        self.inner.managed_nodes(place, next).await
    }

    async fn managed_nodes_by_id(&self, place: &Place, ids: &[InstanceId]) -> Result<Vec<NodeRecord>, ReadError> {
        self.read_gate(api::NODES, place)?;
        self.inner.managed_nodes_by_id(place, ids).await
    }

    async fn inventory(
        &self,
        place: &Place,
        kind: &InventoryType,
        only: &[InstanceId],
        next: Option<PageToken>,
    ) -> Result<Page<InventoryRecord>, ReadError> {
        self.read_gate(api::INVENTORY, place)?;
        self.inner.inventory(place, kind, only, next).await
    }

    async fn inventory_entries(
        &self,
        place: &Place,
        id: &InstanceId,
        kind: &InventoryType,
        next: Option<PageToken>,
    ) -> Result<Page<InventoryRecord>, ReadError> {
        self.read_gate(api::INVENTORY_ENTRIES, place)?;
        self.inner.inventory_entries(place, id, kind, next).await
    }

    async fn lookup_events(
        &self,
        place: &Place,
        from: Timestamp,
        to: Timestamp,
        next: Option<PageToken>,
    ) -> Result<Page<RawRecord>, ReadError> {
        self.read_gate(api::LOOKUP, place)?;
        self.inner.lookup_events(place, from, to, next).await
    }

    async fn trails(&self, place: &Place) -> Result<Vec<Trail>, ReadError> {
        self.read_gate(api::TRAILS, place)?;
        self.inner.trails(place).await
    }

    async fn trail_status(&self, place: &Place, arn: &str) -> Result<TrailStatus, ReadError> {
        self.read_gate(api::TRAIL_STATUS, place)?;
        self.inner.trail_status(place, arn).await
    }

    async fn trail_writes(&self, place: &Place, arn: &str) -> Result<bool, ReadError> {
        self.read_gate(api::SELECTORS, place)?;
        self.inner.trail_writes(place, arn).await
    }

    async fn public_keys(
        &self,
        place: &Place,
        from: Timestamp,
        to: Timestamp,
        next: Option<PageToken>,
    ) -> Result<Page<PublicKey>, ReadError> {
        self.read_gate(api::PUBLIC_KEYS, place)?;
        self.inner.public_keys(place, from, to, next).await
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.tried().into_iter().map(|(api, count)| (api.to_owned(), count)).collect()
    }
}

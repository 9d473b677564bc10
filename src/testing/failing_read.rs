//! [`CloudRead`] of [`FailingCloud`]: ask the rules, then the wrapped source.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::api;
use super::failing::FailingCloud;
use crate::collect::digest::PublicKey;
use crate::collect::source::{
    AddressAssociation, AsgMember, InventoryRecord, NodeRecord, ProfileAssociation, RawRecord, TargetGroup,
    TargetHealth,
};
use crate::collect::{CloudRead, Page, PageToken, ReadError, TrailLogs};
use crate::types::{Image, ImageId, Instance, InstanceId, InventoryType, Place, Trail, TrailStatus, Volume};

#[async_trait]
impl<C: CloudRead> CloudRead for FailingCloud<C> {
    async fn caller(&self, place: &Place) -> Result<String, ReadError> {
        self.gate(api::CALLER, place, "", true)?;
        self.inner.caller(place).await
    }

    async fn instances(&self, place: &Place, next: Option<PageToken>) -> Result<Page<Instance>, ReadError> {
        let limit = self.gate(api::INSTANCES, place, "", next.is_none())?;
        Ok(limit.page(self.inner.instances(place, next).await?))
    }

    async fn instances_by_id(&self, place: &Place, ids: &[InstanceId]) -> Result<Vec<Instance>, ReadError> {
        let limit = self.gate(api::INSTANCES, place, "by id", true)?;
        Ok(limit.list(self.inner.instances_by_id(place, ids).await?))
    }

    async fn volumes(&self, place: &Place, next: Option<PageToken>) -> Result<Page<Volume>, ReadError> {
        let limit = self.gate(api::VOLUMES, place, "", next.is_none())?;
        Ok(limit.page(self.inner.volumes(place, next).await?))
    }

    async fn images(&self, place: &Place, ids: &[ImageId]) -> Result<Vec<Image>, ReadError> {
        let limit = self.gate(api::IMAGES, place, "", true)?;
        Ok(limit.list(self.inner.images(place, ids).await?))
    }

    async fn profile_associations(
        &self,
        place: &Place,
        next: Option<PageToken>,
    ) -> Result<Page<ProfileAssociation>, ReadError> {
        let limit = self.gate(api::PROFILES, place, "", next.is_none())?;
        Ok(limit.page(self.inner.profile_associations(place, next).await?))
    }

    async fn addresses(&self, place: &Place) -> Result<Vec<AddressAssociation>, ReadError> {
        let limit = self.gate(api::ADDRESSES, place, "", true)?;
        Ok(limit.list(self.inner.addresses(place).await?))
    }

    async fn user_data(&self, place: &Place, id: &InstanceId) -> Result<Option<Vec<u8>>, ReadError> {
        self.gate(api::USER_DATA, place, id.as_str(), true)?;
        self.inner.user_data(place, id).await
    }

    async fn asg_members(&self, place: &Place, next: Option<PageToken>) -> Result<Page<AsgMember>, ReadError> {
        let limit = self.gate(api::GROUPS, place, "", next.is_none())?;
        Ok(limit.page(self.inner.asg_members(place, next).await?))
    }

    async fn target_groups(&self, place: &Place, next: Option<PageToken>) -> Result<Page<TargetGroup>, ReadError> {
        let limit = self.gate(api::TARGET_GROUPS, place, "", next.is_none())?;
        Ok(limit.page(self.inner.target_groups(place, next).await?))
    }

    async fn target_health(&self, place: &Place, group: &TargetGroup) -> Result<Vec<TargetHealth>, ReadError> {
        let limit = self.gate(api::TARGET_HEALTH, place, &group.arn, true)?;
        Ok(limit.list(self.inner.target_health(place, group).await?))
    }

    async fn managed_nodes(&self, place: &Place, next: Option<PageToken>) -> Result<Page<NodeRecord>, ReadError> {
        let limit = self.gate(api::NODES, place, "", next.is_none())?;
        Ok(limit.page(self.inner.managed_nodes(place, next).await?))
    }

    async fn managed_nodes_by_id(&self, place: &Place, ids: &[InstanceId]) -> Result<Vec<NodeRecord>, ReadError> {
        let limit = self.gate(api::NODES, place, "", true)?;
        Ok(limit.list(self.inner.managed_nodes_by_id(place, ids).await?))
    }

    async fn inventory(
        &self,
        place: &Place,
        kind: &InventoryType,
        only: &[InstanceId],
        next: Option<PageToken>,
    ) -> Result<Page<InventoryRecord>, ReadError> {
        let limit = self.gate(api::INVENTORY, place, kind.as_str(), next.is_none())?;
        Ok(limit.page(self.inner.inventory(place, kind, only, next).await?))
    }

    async fn inventory_entries(
        &self,
        place: &Place,
        id: &InstanceId,
        kind: &InventoryType,
        next: Option<PageToken>,
    ) -> Result<Page<InventoryRecord>, ReadError> {
        let limit = self.gate(api::INVENTORY_ENTRIES, place, &format!("{id} {kind}"), next.is_none())?;
        Ok(limit.page(self.inner.inventory_entries(place, id, kind, next).await?))
    }

    async fn lookup_events(
        &self,
        place: &Place,
        from: Timestamp,
        to: Timestamp,
        next: Option<PageToken>,
    ) -> Result<Page<RawRecord>, ReadError> {
        let limit = self.gate(api::LOOKUP, place, "", next.is_none())?;
        Ok(limit.page(self.inner.lookup_events(place, from, to, next).await?))
    }

    fn logs(&self) -> Option<&dyn TrailLogs> {
        Some(self)
    }

    async fn trails(&self, place: &Place) -> Result<Vec<Trail>, ReadError> {
        let limit = self.gate(api::TRAILS, place, "", true)?;
        Ok(limit.list(self.inner.trails(place).await?))
    }

    async fn trail_status(&self, place: &Place, arn: &str) -> Result<TrailStatus, ReadError> {
        self.gate(api::TRAIL_STATUS, place, arn, true)?;
        self.inner.trail_status(place, arn).await
    }

    async fn trail_writes(&self, place: &Place, arn: &str) -> Result<bool, ReadError> {
        self.gate(api::SELECTORS, place, arn, true)?;
        self.inner.trail_writes(place, arn).await
    }

    async fn public_keys(
        &self,
        place: &Place,
        from: Timestamp,
        to: Timestamp,
        next: Option<PageToken>,
    ) -> Result<Page<PublicKey>, ReadError> {
        let limit = self.gate(api::PUBLIC_KEYS, place, "", next.is_none())?;
        Ok(limit.page(self.inner.public_keys(place, from, to, next).await?))
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        let mut calls = self.inner.calls();
        for (api, count) in self.failures() {
            *calls.entry(api).or_default() += count;
        }
        calls
    }
}

//! [`CloudProbe`] of [`FaultyCloud`].

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::FaultyCloud;
use crate::collect::ReadError;
use crate::collect::source::TargetHealth;
use crate::plan::AlarmState;
use crate::remediate::{
    AclDetail, CloudProbe, GroupDetail, InstanceDetail, RoleDetail, RootReplacement, SecurityGroupDetail,
    SnapshotDetail, StatusChecks, VolumeDetail,
};
use crate::testing::api;
use crate::types::{InstanceId, Place, VolumeId};

#[async_trait]
impl CloudProbe for FaultyCloud {
    async fn instance(&self, place: &Place, id: &InstanceId) -> Result<Option<InstanceDetail>, ReadError> {
        self.read_gate(api::INSTANCES, place)?;
        CloudProbe::instance(&self.inner, place, id).await
    }

    async fn launched_with(&self, place: &Place, token: &str) -> Result<Vec<(InstanceId, String)>, ReadError> {
        self.read_gate(api::INSTANCES, place)?;
        self.inner.launched_with(place, token).await
    }

    async fn status(&self, place: &Place, id: &InstanceId) -> Result<Option<StatusChecks>, ReadError> {
        self.read_gate(api::STATUS, place)?;
        self.inner.status(place, id).await
    }

    async fn targets(&self, place: &Place, group: &str) -> Result<Vec<TargetHealth>, ReadError> {
        self.read_gate(api::TARGET_HEALTH, place)?;
        self.inner.targets(place, group).await
    }

    async fn group(&self, place: &Place, name: &str) -> Result<Option<GroupDetail>, ReadError> {
        self.read_gate(api::GROUPS, place)?;
        self.inner.group(place, name).await
    }

    async fn snapshots(&self, place: &Place, key: &str, value: &str) -> Result<Vec<SnapshotDetail>, ReadError> {
        self.read_gate(api::SNAPSHOTS, place)?;
        self.inner.snapshots(place, key, value).await
    }

    async fn volumes(&self, place: &Place, ids: &[VolumeId]) -> Result<Vec<VolumeDetail>, ReadError> {
        self.read_gate(api::VOLUMES, place)?;
        CloudProbe::volumes(&self.inner, place, ids).await
    }

    async fn root_replacements(&self, place: &Place, id: &InstanceId) -> Result<Vec<RootReplacement>, ReadError> {
        self.read_gate(api::ROOT_TASKS, place)?;
        self.inner.root_replacements(place, id).await
    }

    async fn security_group(
        &self,
        place: &Place,
        vpc: &str,
        name: &str,
    ) -> Result<Option<SecurityGroupDetail>, ReadError> {
        self.read_gate(api::SECURITY_GROUPS, place)?;
        self.inner.security_group(place, vpc, name).await
    }

    async fn subnet_acl(&self, place: &Place, subnet: &str) -> Result<Option<AclDetail>, ReadError> {
        self.read_gate(api::ACLS, place)?;
        self.inner.subnet_acl(place, subnet).await
    }

    async fn role_of(&self, place: &Place, profile_arn: &str) -> Result<Option<RoleDetail>, ReadError> {
        self.read_gate(api::PROFILE, place)?;
        self.inner.role_of(place, profile_arn).await
    }

    async fn role_policy(&self, place: &Place, role: &str, policy: &str) -> Result<Option<String>, ReadError> {
        self.read_gate(api::ROLE_POLICY, place)?;
        self.inner.role_policy(place, role, policy).await
    }

    async fn console_output(&self, place: &Place, id: &InstanceId) -> Result<Option<String>, ReadError> {
        self.read_gate(api::CONSOLE, place)?;
        self.inner.console_output(place, id).await
    }

    async fn parameter(&self, place: &Place, name: &str) -> Result<Option<String>, ReadError> {
        self.read_gate(api::PARAMETER, place)?;
        self.inner.parameter(place, name).await
    }

    async fn alarms(&self, place: &Place, names: &[String]) -> Result<BTreeMap<String, AlarmState>, ReadError> {
        self.read_gate(api::ALARMS, place)?;
        self.inner.alarms(place, names).await
    }

    async fn missing_permissions(&self, place: &Place, actions: &[&str]) -> Result<Vec<String>, ReadError> {
        self.read_gate(api::SIMULATE, place)?;
        self.inner.missing_permissions(place, actions).await
    }
}

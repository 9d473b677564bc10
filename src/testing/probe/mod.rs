//! The simulated account as the enforcer sees it: [`CloudProbe`] over the state, one question at a time.

mod balance;
mod compute;
mod identity;
mod network;
mod storage;

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::FakeCloud;
use crate::collect::ReadError;
use crate::collect::source::TargetHealth;
use crate::plan::AlarmState;
use crate::remediate::{
    AclDetail, CloudProbe, GroupDetail, InstanceDetail, RoleDetail, RootReplacement, SecurityGroupDetail,
    SnapshotDetail, StatusChecks, VolumeDetail,
};
use crate::types::{InstanceId, Place, VolumeId};

#[async_trait]
impl CloudProbe for FakeCloud {
    async fn instance(&self, place: &Place, id: &InstanceId) -> Result<Option<InstanceDetail>, ReadError> {
        self.lock().probe_instance(place, id)
    }

    async fn launched_with(&self, place: &Place, token: &str) -> Result<Vec<(InstanceId, String)>, ReadError> {
        self.lock().probe_token(place, token)
    }

    async fn status(&self, place: &Place, id: &InstanceId) -> Result<Option<StatusChecks>, ReadError> {
        self.lock().probe_status(place, id)
    }

    async fn targets(&self, place: &Place, group: &str) -> Result<Vec<TargetHealth>, ReadError> {
        self.lock().probe_targets(place, group)
    }

    async fn group(&self, place: &Place, name: &str) -> Result<Option<GroupDetail>, ReadError> {
        self.lock().probe_group(place, name)
    }

    async fn snapshots(&self, place: &Place, key: &str, value: &str) -> Result<Vec<SnapshotDetail>, ReadError> {
        self.lock().probe_snapshots(place, key, value)
    }

    async fn volumes(&self, place: &Place, ids: &[VolumeId]) -> Result<Vec<VolumeDetail>, ReadError> {
        self.lock().probe_volumes(place, ids)
    }

    async fn root_replacements(&self, place: &Place, id: &InstanceId) -> Result<Vec<RootReplacement>, ReadError> {
        self.lock().probe_roots(place, id)
    }

    async fn security_group(
        &self,
        place: &Place,
        vpc: &str,
        name: &str,
    ) -> Result<Option<SecurityGroupDetail>, ReadError> {
        self.lock().probe_security_group(place, vpc, name)
    }

    async fn subnet_acl(&self, place: &Place, subnet: &str) -> Result<Option<AclDetail>, ReadError> {
        self.lock().probe_acl(place, subnet)
    }

    async fn role_of(&self, place: &Place, profile_arn: &str) -> Result<Option<RoleDetail>, ReadError> {
        self.lock().probe_role(place, profile_arn)
    }

    async fn role_policy(&self, place: &Place, role: &str, policy: &str) -> Result<Option<String>, ReadError> {
        self.lock().probe_policy(place, role, policy)
    }

    async fn console_output(&self, place: &Place, id: &InstanceId) -> Result<Option<String>, ReadError> {
        self.lock().probe_console(place, id)
    }

    async fn parameter(&self, place: &Place, name: &str) -> Result<Option<String>, ReadError> {
        self.lock().probe_parameter(place, name)
    }

    async fn alarms(&self, place: &Place, names: &[String]) -> Result<BTreeMap<String, AlarmState>, ReadError> {
        self.lock().probe_alarms(place, names)
    }

    async fn missing_permissions(&self, place: &Place, actions: &[&str]) -> Result<Vec<String>, ReadError> {
        self.lock().probe_permissions(place, actions)
    }
}

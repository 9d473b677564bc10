//! A probe that answers from values.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::collect::source::TargetHealth;
use crate::collect::{ReadError, ReadFailure};
use crate::plan::AlarmState;
use crate::remediate::*;
use crate::types::*;

/// Answers from its fields; what is not there does not exist.
#[derive(Default)]
pub(in crate::remediate) struct StubProbe {
    pub(in crate::remediate) detail: Option<InstanceDetail>,
    pub(in crate::remediate) targets: BTreeMap<String, Vec<TargetHealth>>,
    pub(in crate::remediate) group: Option<GroupDetail>,
    pub(in crate::remediate) volumes: Vec<VolumeDetail>,
    pub(in crate::remediate) security_groups: Vec<SecurityGroupDetail>,
    pub(in crate::remediate) acls: BTreeMap<String, AclDetail>,
    /// By the last part of the profile's ARN.
    pub(in crate::remediate) roles: BTreeMap<String, RoleDetail>,
    pub(in crate::remediate) parameters: BTreeMap<String, String>,
    /// Every read of this API fails.
    pub(in crate::remediate) broken: Option<(&'static str, ReadFailure)>,
}

impl StubProbe {
    fn gate(&self, api: &'static str, place: &Place) -> Result<(), ReadError> {
        match self.broken {
            Some((broken, failure)) if broken == api => {
                Err(ReadError { api, place: place.clone(), failure, detail: String::new() })
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl CloudProbe for StubProbe {
    async fn instance(&self, place: &Place, id: &InstanceId) -> Result<Option<InstanceDetail>, ReadError> {
        self.gate("ec2:DescribeInstances", place)?;
        Ok(self.detail.clone().filter(|detail| detail.instance.id == *id))
    }

    async fn launched_with(&self, _: &Place, _: &str) -> Result<Vec<(InstanceId, String)>, ReadError> {
        Ok(Vec::new())
    }

    async fn status(&self, _: &Place, _: &InstanceId) -> Result<Option<StatusChecks>, ReadError> {
        Ok(None)
    }

    async fn targets(&self, place: &Place, group: &str) -> Result<Vec<TargetHealth>, ReadError> {
        self.gate("elasticloadbalancing:DescribeTargetHealth", place)?;
        Ok(self.targets.get(group).cloned().unwrap_or_default())
    }

    async fn group(&self, _: &Place, name: &str) -> Result<Option<GroupDetail>, ReadError> {
        Ok(self.group.clone().filter(|group| group.name == name))
    }

    async fn snapshots(&self, _: &Place, _: &str, _: &str) -> Result<Vec<SnapshotDetail>, ReadError> {
        Ok(Vec::new())
    }

    async fn volumes(&self, _: &Place, ids: &[VolumeId]) -> Result<Vec<VolumeDetail>, ReadError> {
        Ok(self.volumes.iter().filter(|volume| ids.contains(&volume.volume)).cloned().collect())
    }

    async fn root_replacements(&self, _: &Place, _: &InstanceId) -> Result<Vec<RootReplacement>, ReadError> {
        Ok(Vec::new())
    }

    async fn security_group(&self, _: &Place, _: &str, name: &str) -> Result<Option<SecurityGroupDetail>, ReadError> {
        Ok(self.security_groups.iter().find(|group| group.name == name).cloned())
    }

    async fn subnet_acl(&self, _: &Place, subnet: &str) -> Result<Option<AclDetail>, ReadError> {
        Ok(self.acls.get(subnet).cloned())
    }

    async fn role_of(&self, place: &Place, profile_arn: &str) -> Result<Option<RoleDetail>, ReadError> {
        self.gate("iam:GetInstanceProfile", place)?;
        let name = profile_arn.rsplit('/').next().unwrap_or_default();
        Ok(self.roles.get(name).cloned())
    }

    async fn role_policy(&self, _: &Place, _: &str, _: &str) -> Result<Option<String>, ReadError> {
        Ok(None)
    }

    async fn console_output(&self, _: &Place, _: &InstanceId) -> Result<Option<String>, ReadError> {
        Ok(None)
    }

    async fn parameter(&self, place: &Place, name: &str) -> Result<Option<String>, ReadError> {
        self.gate("ssm:GetParameter", place)?;
        Ok(self.parameters.get(name).cloned())
    }

    async fn alarms(&self, _: &Place, _: &[String]) -> Result<BTreeMap<String, AlarmState>, ReadError> {
        Ok(BTreeMap::new())
    }

    async fn missing_permissions(&self, _: &Place, _: &[&str]) -> Result<Vec<String>, ReadError> {
        Ok(Vec::new())
    }
}

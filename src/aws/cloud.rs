//! [`AwsCloud`]: read access to accounts, as [`CloudRead`].

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_types::SdkConfig;
use jiff::Timestamp;

use super::account::Account;
use super::clients::PlaceClients;
use super::connection::{Connection, base_config, tuned};
use super::counter::CallCounts;
use super::logs::Logs;
use super::settings::{AwsSettings, ConnectError};
use super::throttle::Quotas;
use super::{autoscaling, cloudtrail, cloudtrail_trails, ec2, ec2_inside, elb, ssm};
use crate::collect::digest::PublicKey;
use crate::collect::source::{
    AddressAssociation, AsgMember, InventoryRecord, NodeRecord, ProfileAssociation, RawRecord, TargetGroup,
    TargetHealth,
};
use crate::collect::{CloudRead, Page, PageToken, ReadError, TrailLogs};
use crate::types::{Image, ImageId, Instance, InstanceId, InventoryType, Place, Trail, TrailStatus, Volume};

/// Read access to AWS accounts through the SDK.
#[derive(Debug)]
pub struct AwsCloud {
    connection: Connection,
    pub(super) logs: Logs,
}

impl AwsCloud {
    /// Reads the standard configuration (environment, profile, SSO, containers, instance metadata;
    /// `AWS_ENDPOINT_URL` included) and prepares access to the accounts. AWS is not asked yet: missing
    /// credentials show in the first call.
    ///
    /// # Errors
    ///
    /// Settings that cannot work, see [`ConnectError`].
    pub async fn connect(settings: AwsSettings) -> Result<Self, ConnectError> {
        settings.check()?;
        Self::with_base(base_config(&settings).await, settings)
    }

    /// Like [`connect`](Self::connect), over an SDK configuration that is already there: its credentials,
    /// endpoint and HTTP client are kept; region, retries, timeouts and name come from the settings.
    ///
    /// # Errors
    ///
    /// Settings that cannot work, see [`ConnectError`].
    pub fn with_base(base: SdkConfig, settings: AwsSettings) -> Result<Self, ConnectError> {
        settings.check()?;
        let quotas = Quotas::new(&settings.rates)?;
        let counts = CallCounts::new(settings.meter.clone());
        let base = tuned(base, &settings);
        let reading = |account| Account::reading(&base, account, &settings.session_name, &counts);
        let accounts = settings.accounts.iter().map(|account| (account.id.clone(), reading(account))).collect();
        let logs = Logs::new(&base, &settings, &counts, &quotas);
        Ok(Self { logs, connection: Connection::new(accounts, counts, quotas) })
    }

    async fn at(&self, api: &'static str, place: &Place) -> Result<Arc<PlaceClients>, ReadError> {
        self.connection.at(api, place).await
    }
}

#[async_trait]
impl CloudRead for AwsCloud {
    async fn caller(&self, place: &Place) -> Result<String, ReadError> {
        self.connection.caller(place).await
    }

    async fn instances(&self, place: &Place, next: Option<PageToken>) -> Result<Page<Instance>, ReadError> {
        ec2::instances(&*self.at(ec2::DESCRIBE_INSTANCES, place).await?, next).await
    }

    async fn instances_by_id(&self, place: &Place, ids: &[InstanceId]) -> Result<Vec<Instance>, ReadError> {
        ec2::instances_by_id(&*self.at(ec2::DESCRIBE_INSTANCES, place).await?, ids).await
    }

    async fn volumes(&self, place: &Place, next: Option<PageToken>) -> Result<Page<Volume>, ReadError> {
        ec2::volumes(&*self.at(ec2::DESCRIBE_VOLUMES, place).await?, next).await
    }

    async fn images(&self, place: &Place, ids: &[ImageId]) -> Result<Vec<Image>, ReadError> {
        ec2::images(&*self.at(ec2::DESCRIBE_IMAGES, place).await?, ids).await
    }

    async fn profile_associations(
        &self,
        place: &Place,
        next: Option<PageToken>,
    ) -> Result<Page<ProfileAssociation>, ReadError> {
        ec2_inside::profile_associations(&*self.at(ec2_inside::DESCRIBE_ASSOCIATIONS, place).await?, next).await
    }

    async fn addresses(&self, place: &Place) -> Result<Vec<AddressAssociation>, ReadError> {
        ec2_inside::addresses(&*self.at(ec2_inside::DESCRIBE_ADDRESSES, place).await?).await
    }

    async fn user_data(&self, place: &Place, id: &InstanceId) -> Result<Option<Vec<u8>>, ReadError> {
        ec2_inside::user_data(&*self.at(ec2_inside::DESCRIBE_ATTRIBUTE, place).await?, id).await
    }

    async fn asg_members(&self, place: &Place, next: Option<PageToken>) -> Result<Page<AsgMember>, ReadError> {
        autoscaling::members(&*self.at(autoscaling::DESCRIBE_GROUPS, place).await?, next).await
    }

    async fn target_groups(&self, place: &Place, next: Option<PageToken>) -> Result<Page<TargetGroup>, ReadError> {
        elb::target_groups(&*self.at(elb::DESCRIBE_GROUPS, place).await?, next).await
    }

    async fn target_health(&self, place: &Place, group: &TargetGroup) -> Result<Vec<TargetHealth>, ReadError> {
        elb::target_health(&*self.at(elb::DESCRIBE_HEALTH, place).await?, group).await
    }

    async fn managed_nodes(&self, place: &Place, next: Option<PageToken>) -> Result<Page<NodeRecord>, ReadError> {
        ssm::managed_nodes(&*self.at(ssm::DESCRIBE_NODES, place).await?, next).await
    }

    async fn managed_nodes_by_id(&self, place: &Place, ids: &[InstanceId]) -> Result<Vec<NodeRecord>, ReadError> {
        ssm::managed_nodes_by_id(&*self.at(ssm::DESCRIBE_NODES, place).await?, ids).await
    }

    async fn inventory(
        &self,
        place: &Place,
        kind: &InventoryType,
        only: &[InstanceId],
        next: Option<PageToken>,
    ) -> Result<Page<InventoryRecord>, ReadError> {
        ssm::inventory(&*self.at(ssm::GET_INVENTORY, place).await?, kind, only, next).await
    }

    async fn inventory_entries(
        &self,
        place: &Place,
        id: &InstanceId,
        kind: &InventoryType,
        next: Option<PageToken>,
    ) -> Result<Page<InventoryRecord>, ReadError> {
        ssm::inventory_entries(&*self.at(ssm::LIST_ENTRIES, place).await?, id, kind, next).await
    }

    async fn lookup_events(
        &self,
        place: &Place,
        from: Timestamp,
        to: Timestamp,
        next: Option<PageToken>,
    ) -> Result<Page<RawRecord>, ReadError> {
        cloudtrail::lookup(&*self.at(cloudtrail::LOOKUP_EVENTS, place).await?, from, to, next).await
    }

    fn logs(&self) -> Option<&dyn TrailLogs> {
        Some(self)
    }

    async fn trails(&self, place: &Place) -> Result<Vec<Trail>, ReadError> {
        cloudtrail_trails::trails(&*self.at(cloudtrail_trails::DESCRIBE_TRAILS, place).await?).await
    }

    async fn trail_status(&self, place: &Place, arn: &str) -> Result<TrailStatus, ReadError> {
        cloudtrail_trails::status(&*self.at(cloudtrail_trails::GET_STATUS, place).await?, arn).await
    }

    async fn trail_writes(&self, place: &Place, arn: &str) -> Result<bool, ReadError> {
        cloudtrail_trails::writes(&*self.at(cloudtrail_trails::GET_SELECTORS, place).await?, arn).await
    }

    async fn public_keys(
        &self,
        place: &Place,
        from: Timestamp,
        to: Timestamp,
        next: Option<PageToken>,
    ) -> Result<Page<PublicKey>, ReadError> {
        cloudtrail_trails::public_keys(&*self.at(cloudtrail_trails::LIST_KEYS, place).await?, from, to, next).await
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.connection.calls()
    }
}

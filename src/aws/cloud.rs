//! [`AwsCloud`]: connects, keeps the clients of each account-region, and implements [`CloudRead`].

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_config::BehaviorVersion;
use aws_config::identity::IdentityCache;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::timeout::TimeoutConfig;
use aws_smithy_types::retry::RetrySpec;
use aws_types::SdkConfig;
use aws_types::app_name::AppName;
use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::clients::PlaceClients;
use super::counter::CallCounts;
use super::role::RoleProvider;
use super::settings::{AwsAccount, AwsSettings, ConnectError};
use super::throttle::Quotas;
use super::{autoscaling, cloudtrail, ec2, ec2_inside, elb, http, identity, ssm};
use crate::collect::source::{
    AddressAssociation, AsgMember, InventoryRecord, NodeRecord, ProfileAssociation, RawRecord, TargetGroup,
    TargetHealth,
};
use crate::collect::{CloudRead, Page, PageToken, ReadError, ReadFailure};
use crate::types::{AccountId, Image, ImageId, Instance, InstanceId, InventoryType, Place, Volume};

/// Read access to AWS accounts through the SDK.
#[derive(Debug)]
pub struct AwsCloud {
    accounts: HashMap<AccountId, Account>,
    clients: Mutex<HashMap<Place, Arc<PlaceClients>>>,
    counts: CallCounts,
    quotas: Quotas,
}

/// One account's credentials, and who they turned out to be.
#[derive(Debug)]
struct Account {
    config: SdkConfig,
    assumed: bool,
    caller: OnceCell<String>,
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
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http::shared_client());
        if let Some(region) = &settings.base_region {
            loader = loader.region(aws_types::region::Region::new(region.clone()));
        }
        Self::with_base(loader.load().await, settings)
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
        let counts = CallCounts::default();
        let base = tuned(base, &settings);
        let accounts = settings
            .accounts
            .iter()
            .map(|account| (account.id.clone(), Account::new(&base, account, &settings.session_name, &counts)))
            .collect();
        Ok(Self { accounts, clients: Mutex::default(), counts, quotas })
    }

    /// The clients of one place. Base credentials are first shown to belong to the account: without a role
    /// nothing else ties them to it.
    async fn at(&self, api: &'static str, place: &Place) -> Result<Arc<PlaceClients>, ReadError> {
        let account = self.account(api, place)?;
        let clients = self.clients_of(account, place);
        if !account.assumed {
            account.caller.get_or_try_init(|| identity::caller(&clients)).await?;
        }
        Ok(clients)
    }

    fn account(&self, api: &'static str, place: &Place) -> Result<&Account, ReadError> {
        self.accounts.get(&place.account).ok_or_else(|| ReadError {
            api,
            place: place.clone(),
            failure: ReadFailure::Credentials,
            detail: "this account is not configured".to_owned(),
        })
    }

    fn clients_of(&self, account: &Account, place: &Place) -> Arc<PlaceClients> {
        let mut known = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let region = aws_types::region::Region::new(place.region.as_str().to_owned());
            let config = account.config.to_builder().region(region).build();
            Arc::new(PlaceClients::new(place.clone(), &config, &self.counts, &self.quotas))
        };
        known.entry(place.clone()).or_insert_with(new).clone()
    }
}

impl Account {
    fn new(base: &SdkConfig, account: &AwsAccount, session_name: &str, counts: &CallCounts) -> Self {
        let config = match &account.role {
            None => base.clone(),
            Some(role) => {
                let sts = aws_sdk_sts::config::Builder::from(base).interceptor(counts.counting("sts")).build();
                let sts = aws_sdk_sts::Client::from_conf(sts);
                let provider = RoleProvider::new(sts, account.clone(), role.clone(), session_name.to_owned());
                base.to_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()
            }
        };
        Self { config, assumed: account.role.is_some(), caller: OnceCell::new() }
    }
}

/// The base configuration with our retries, timeouts and name.
fn tuned(base: SdkConfig, settings: &AwsSettings) -> SdkConfig {
    let region = base.region().cloned().or_else(|| settings.base_region.clone().map(aws_types::region::Region::new));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(settings.connect_timeout)
        .read_timeout(settings.attempt_timeout)
        .operation_attempt_timeout(settings.attempt_timeout)
        .operation_timeout(settings.operation_timeout)
        .build();
    // Version 2.1 of AWS's retry behaviour, which the SDK still asks to be opted into: before it, an
    // adaptive retry costs ten tokens of a bucket that fills twice a second, so 20 seconds after one
    // throttled call.
    let retries = RetryConfig::adaptive().with_max_attempts(settings.max_attempts).with_retry_spec(RetrySpec::v2_1());
    // AssumeRole may itself be retried while a caller waits for credentials.
    let identities = IdentityCache::lazy().load_timeout(settings.operation_timeout).build();
    let mut builder = base
        .to_builder()
        .region(region.unwrap_or_else(|| aws_types::region::Region::from_static("us-east-1")))
        .retry_config(retries)
        .timeout_config(timeouts)
        .identity_cache(identities);
    builder.set_app_name(AppName::new("cattleguard").ok());
    if base.http_client().is_none() {
        builder = builder.http_client(http::shared_client());
    }
    builder.build()
}

#[async_trait]
impl CloudRead for AwsCloud {
    async fn caller(&self, place: &Place) -> Result<String, ReadError> {
        let account = self.account("sts:GetCallerIdentity", place)?;
        let clients = self.clients_of(account, place);
        account.caller.get_or_try_init(|| identity::caller(&clients)).await.cloned()
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
        next: Option<PageToken>,
    ) -> Result<Page<InventoryRecord>, ReadError> {
        ssm::inventory(&*self.at(ssm::GET_INVENTORY, place).await?, kind, next).await
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

    fn calls(&self) -> BTreeMap<String, u64> {
        self.counts.snapshot()
    }
}

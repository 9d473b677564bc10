//! The clients of every account-region, made when they are first needed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::BehaviorVersion;
use aws_config::identity::IdentityCache;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::timeout::TimeoutConfig;
use aws_smithy_types::retry::RetrySpec;
use aws_types::SdkConfig;
use aws_types::app_name::AppName;
use aws_types::region::Region;

use super::account::Account;
use super::clients::PlaceClients;
use super::counter::CallCounts;
use super::settings::AwsSettings;
use super::throttle::Quotas;
use super::{http, identity};
use crate::collect::{ReadError, ReadFailure};
use crate::types::{AccountId, Place};

/// Accounts with the clients of their regions.
#[derive(Debug)]
pub(super) struct Connection {
    accounts: HashMap<AccountId, Account>,
    clients: Mutex<HashMap<Place, Arc<PlaceClients>>>,
    counts: CallCounts,
    quotas: Quotas,
}

impl Connection {
    pub(super) fn new(accounts: HashMap<AccountId, Account>, counts: CallCounts, quotas: Quotas) -> Self {
        Self { accounts, clients: Mutex::default(), counts, quotas }
    }

    /// The clients of one place. Base credentials are first shown to belong to the account: without a role
    /// nothing else ties them to it.
    pub(super) async fn at(&self, api: &'static str, place: &Place) -> Result<Arc<PlaceClients>, ReadError> {
        let account = self.account(api, place)?;
        let clients = self.clients_of(account, place);
        if !account.assumed {
            account.caller.get_or_try_init(|| identity::caller(&clients)).await?;
        }
        Ok(clients)
    }

    /// The ARN that calls in this place are made as.
    pub(super) async fn caller(&self, place: &Place) -> Result<String, ReadError> {
        let account = self.account(identity::API, place)?;
        let clients = self.clients_of(account, place);
        account.caller.get_or_try_init(|| identity::caller(&clients)).await.cloned()
    }

    /// Requests so far.
    pub(super) fn calls(&self) -> BTreeMap<String, u64> {
        self.counts.snapshot()
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
            let config = in_region(&account.config, place);
            Arc::new(PlaceClients::new(place.clone(), &config, &self.counts, &self.quotas))
        };
        known.entry(place.clone()).or_insert_with(new).clone()
    }
}

/// The configuration for calls in this place.
pub(super) fn in_region(config: &SdkConfig, place: &Place) -> SdkConfig {
    config.to_builder().region(Region::new(place.region.as_str().to_owned())).build()
}

/// The standard configuration of the environment.
pub(super) async fn base_config(settings: &AwsSettings) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http::shared_client());
    if let Some(region) = &settings.base_region {
        loader = loader.region(Region::new(region.clone()));
    }
    loader.load().await
}

/// The base configuration with our retries, timeouts and name.
pub(super) fn tuned(base: SdkConfig, settings: &AwsSettings) -> SdkConfig {
    let region = base.region().cloned().or_else(|| settings.base_region.clone().map(Region::new));
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
        .region(region.unwrap_or_else(|| Region::from_static("us-east-1")))
        .retry_config(retries)
        .timeout_config(timeouts)
        .identity_cache(identities);
    builder.set_app_name(AppName::new("cattleguard").ok());
    if base.http_client().is_none() {
        builder = builder.http_client(http::shared_client());
    }
    builder.build()
}

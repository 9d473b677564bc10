//! AWS and the real clock.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::backend::Backend;
use super::config::Config;
use super::enforcing::Enforcing;
use super::error::AppError;
use super::exit::Exit;
use super::policy_worker::Launch;
use crate::aws::{AwsAccount, AwsCloud, AwsEnforcer, AwsPublisher, AwsSettings, ConnectError};
use crate::collect::{ApiMeter, CloudRead, ReadFailure};
use crate::report::CloudPublish;
use crate::report::anchor::AnchorVault;

/// The backend of `cattleguard`.
#[derive(Clone, Debug, Default)]
pub struct AwsBackend {
    meter: ApiMeter,
}

#[async_trait]
impl Backend for AwsBackend {
    fn name(&self) -> &'static str {
        "cattleguard"
    }

    fn policy_worker(&self) -> Option<Launch> {
        Launch::again()
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn clock_skew(&self, config: &Config) -> Result<SignedDuration, String> {
        let region = config.places().first().map_or_else(|| "us-east-1".to_owned(), |place| place.region.to_string());
        crate::aws::clock_skew(&region).await
    }

    fn meter(&self) -> ApiMeter {
        self.meter.clone()
    }

    async fn connect(&self, config: &Config) -> Result<Arc<dyn CloudRead>, AppError> {
        let cloud = AwsCloud::connect(self.settings(config)).await.map_err(refused)?;
        self.check_credentials(&cloud, config).await?;
        Ok(Arc::new(cloud))
    }

    async fn connect_enforcing(&self, config: &Config) -> Result<Enforcing, AppError> {
        let enforcer = Arc::new(AwsEnforcer::connect(self.settings(config)).await.map_err(refused)?);
        Ok(Enforcing { probe: enforcer.clone(), write: enforcer })
    }

    async fn connect_publishing(&self, config: &Config) -> Result<Arc<dyn CloudPublish>, AppError> {
        Ok(Arc::new(AwsPublisher::connect(self.settings(config)).await.map_err(refused)?))
    }

    async fn connect_anchoring(&self, config: &Config) -> Result<Arc<dyn AnchorVault>, AppError> {
        Ok(Arc::new(AwsCloud::connect(self.settings(config)).await.map_err(refused)?))
    }
}

fn refused(error: ConnectError) -> AppError {
    AppError::new(Exit::Config, error.to_string())
}

impl AwsBackend {
    fn settings(&self, config: &Config) -> AwsSettings {
        let accounts = config
            .accounts
            .iter()
            .map(|account| AwsAccount {
                id: account.id.clone(),
                role: account.role.clone(),
                external_id: account.external_id.clone().map(Into::into),
                source_identity: account.source_identity.clone(),
                enforce_role: account.enforce_role.clone(),
            })
            .collect();
        let base_region = config.places().first().map(|place| place.region.to_string());
        AwsSettings { accounts, base_region, meter: self.meter.clone(), ..AwsSettings::default() }
    }

    /// Without credentials no source of any place can be read; that is said once, before anything else. Whatever
    /// else goes wrong in one account is left to the collection, which records it there and goes on.
    async fn check_credentials(&self, cloud: &AwsCloud, config: &Config) -> Result<(), AppError> {
        let mut failures = Vec::new();
        for account in &config.accounts {
            let Some(place) = account.places().next() else { continue };
            match cloud.caller(&place).await {
                Ok(_) => return Ok(()),
                Err(error) => failures.push(error),
            }
        }
        let all_without = failures.iter().all(|error| error.failure == ReadFailure::Credentials);
        match failures.first() {
            Some(first) if all_without => Err(first.clone().into()),
            _ => Ok(()),
        }
    }
}

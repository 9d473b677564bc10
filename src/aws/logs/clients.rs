//! The clients of one place and role.

use std::collections::HashMap;
use std::error::Error;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::config::retry::RetryPartition;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SdkConfig;

use crate::aws::account::assuming;
use crate::aws::connection::in_region;
use crate::aws::counter::CallCounts;
use crate::aws::error::read_error;
use crate::aws::role::Session;
use crate::aws::settings::{AwsAccount, AwsSettings};
use crate::aws::throttle::{Family, Limits, Quotas};
use crate::collect::{LogAccess, ReadError, ReadFailure};

/// Clients by place and role. A bucket is often in an account of its own, which nothing else is read of.
#[derive(Debug)]
pub(in crate::aws) struct Logs {
    base: SdkConfig,
    session_name: String,
    counts: CallCounts,
    quotas: Quotas,
    /// Time for one object with all its bytes.
    time: Duration,
    /// The credentials of each role, for all regions.
    roles: Mutex<HashMap<LogAccess, SdkConfig>>,
    clients: Mutex<HashMap<LogAccess, Arc<LogClients>>>,
}

impl Logs {
    /// `base` holds the base credentials.
    pub(in crate::aws) fn new(base: &SdkConfig, settings: &AwsSettings, counts: &CallCounts, quotas: &Quotas) -> Self {
        Self {
            base: base.clone(),
            session_name: settings.session_name.clone(),
            counts: counts.clone(),
            quotas: *quotas,
            time: settings.operation_timeout,
            roles: Mutex::default(),
            clients: Mutex::default(),
        }
    }

    pub(super) fn at(&self, at: &LogAccess) -> Arc<LogClients> {
        let mut known = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let config = in_region(&self.credentials(at), &at.place);
            Arc::new(LogClients::new(at.clone(), &config, &self.counts, &self.quotas, self.time))
        };
        known.entry(at.clone()).or_insert_with(new).clone()
    }

    fn credentials(&self, at: &LogAccess) -> SdkConfig {
        let LogAccess { place, role, external_id, source_identity } = at;
        let Some(role) = role else { return self.base.clone() };
        let mut anywhere = at.clone();
        anywhere.place.region = "".into();
        let assume = || {
            let account = AwsAccount {
                role: Some(role.clone()),
                external_id: external_id.clone().map(Into::into),
                source_identity: source_identity.clone(),
                ..AwsAccount::new(place.account.clone())
            };
            let session = Session { name: self.session_name.clone(), policy: None };
            assuming(&self.base, &account, role, session, &self.counts)
        };
        self.roles.lock().unwrap_or_else(PoisonError::into_inner).entry(anywhere).or_insert_with(assume).clone()
    }
}

/// Clients of one place and role.
#[derive(Debug)]
pub(super) struct LogClients {
    at: LogAccess,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) sqs: aws_sdk_sqs::Client,
    pub(super) time: Duration,
    limits: Limits,
}

impl LogClients {
    fn new(at: LogAccess, config: &SdkConfig, counts: &CallCounts, quotas: &Quotas, time: Duration) -> Self {
        // One throttled bucket must not slow another account's down.
        let partition = |service: &str| RetryPartition::new(format!("{service}/{}/{:?}", at.place, at.role));
        let s3 = aws_sdk_s3::config::Builder::from(config)
            .retry_partition(partition("s3"))
            // An endpoint of one's own seldom has a name for each bucket.
            .force_path_style(config.endpoint_url().is_some())
            .interceptor(counts.counting("s3", &at.place))
            .build();
        let sqs = aws_sdk_sqs::config::Builder::from(config)
            .retry_partition(partition("sqs"))
            .interceptor(counts.counting("sqs", &at.place))
            .build();
        Self {
            s3: aws_sdk_s3::Client::from_conf(s3),
            sqs: aws_sdk_sqs::Client::from_conf(sqs),
            time,
            limits: Limits::new(quotas),
            at,
        }
    }

    /// Waits for a token, makes the call and says what failed.
    pub(super) async fn call<T, E>(
        &self,
        family: Family,
        api: &'static str,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, ReadError>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        self.attempt(family, request).await.map_err(|error| self.failed(api, &error))
    }

    /// Waits for a token and makes the call. For callers that look at the error themselves.
    pub(super) async fn attempt<T, E>(
        &self,
        family: Family,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, SdkError<E, HttpResponse>> {
        self.limits.take(family).await;
        request.await
    }

    /// Says what failed.
    pub(super) fn failed<E>(&self, api: &'static str, error: &SdkError<E, HttpResponse>) -> ReadError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let mut failed = read_error(api, &self.at.place, error);
        if let Some(region) = bucket_region(error).filter(|region| *region != self.at.place.region.as_str()) {
            failed.detail.push_str(&format!("; the bucket is in {region}: set `region`"));
        }
        failed
    }

    /// A failure that the service did not report.
    pub(super) fn error(&self, api: &'static str, failure: ReadFailure, detail: impl Into<String>) -> ReadError {
        ReadError { api, place: self.at.place.clone(), failure, detail: detail.into() }
    }
}

/// S3 names the bucket's region in what it answers to a request in another.
fn bucket_region<E>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error
        .raw_response()?
        .headers()
        .get("x-amz-bucket-region")
        .filter(|region| region.len() < 32 && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

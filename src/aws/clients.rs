//! The SDK clients of one account-region, with their buckets and counters.

use std::error::Error;
use std::future::Future;

use aws_sdk_ec2::config::retry::RetryPartition;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SdkConfig;

use super::counter::CallCounts;
use super::error::read_error;
use super::throttle::{Family, Limits, Quotas};
use crate::collect::{ReadError, ReadFailure};
use crate::types::Place;

/// Clients of one account-region.
#[derive(Debug)]
pub(super) struct PlaceClients {
    pub(super) place: Place,
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) autoscaling: aws_sdk_autoscaling::Client,
    pub(super) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(super) ssm: aws_sdk_ssm::Client,
    pub(super) cloudtrail: aws_sdk_cloudtrail::Client,
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    limits: Limits,
}

/// The adaptive retry state is kept by partition. The default partition is shared by all accounts of a
/// region, so that one throttled account would slow the others down.
macro_rules! client {
    ($sdk:ident, $config:expr, $place:expr, $counts:expr, $iam:literal) => {
        $sdk::Client::from_conf(
            $sdk::config::Builder::from($config)
                .retry_partition(RetryPartition::new(format!("{}/{}", $iam, $place)))
                .interceptor($counts.counting($iam, $place))
                .build(),
        )
    };
}

impl PlaceClients {
    /// `config` holds the account's credentials and the place's region.
    pub(super) fn new(place: Place, config: &SdkConfig, counts: &CallCounts, quotas: &Quotas) -> Self {
        Self {
            ec2: client!(aws_sdk_ec2, config, &place, counts, "ec2"),
            autoscaling: client!(aws_sdk_autoscaling, config, &place, counts, "autoscaling"),
            elb: client!(aws_sdk_elasticloadbalancingv2, config, &place, counts, "elasticloadbalancing"),
            ssm: client!(aws_sdk_ssm, config, &place, counts, "ssm"),
            cloudtrail: client!(aws_sdk_cloudtrail, config, &place, counts, "cloudtrail"),
            sts: client!(aws_sdk_sts, config, &place, counts, "sts"),
            iam: client!(aws_sdk_iam, config, &place, counts, "iam"),
            cloudwatch: client!(aws_sdk_cloudwatch, config, &place, counts, "cloudwatch"),
            limits: Limits::new(quotas),
            place,
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
        self.attempt(family, request).await.map_err(|error| read_error(api, &self.place, &error))
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

    /// An answer that cannot be used.
    pub(super) fn invalid(&self, api: &'static str, detail: impl Into<String>) -> ReadError {
        ReadError { api, place: self.place.clone(), failure: ReadFailure::Invalid, detail: detail.into() }
    }
}

//! Counts requests as they leave, so that retries count too, and what came of each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime::client::retries::classifiers::run_classifiers_on_ctx;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::retries::classifiers::{RetryAction, RetryReason};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::retry::ErrorKind;
use tracing::Span;

use crate::collect::{ApiMeter, api_span};
use crate::types::{ApiOutcome, Place};

/// Requests by `service:Operation`, shared by all clients of a connection.
#[derive(Clone, Debug)]
pub(super) struct CallCounts {
    requests: Arc<Mutex<BTreeMap<String, u64>>>,
    meter: ApiMeter,
}

impl CallCounts {
    /// Counts for one connection; what came of its requests goes to the meter.
    pub(super) fn new(meter: ApiMeter) -> Self {
        Self { requests: Arc::default(), meter }
    }

    /// What was counted so far.
    pub(super) fn snapshot(&self) -> BTreeMap<String, u64> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An interceptor that counts for one service, named as IAM names it, in one place.
    pub(super) fn counting(&self, service: &'static str, place: &Place) -> CountCalls {
        CountCalls { service, place: place.clone(), counts: self.clone() }
    }

    fn add(&self, call: String) {
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(call).or_default() += 1;
    }
}

/// The interceptor of one client.
#[derive(Debug)]
pub(super) struct CountCalls {
    service: &'static str,
    place: Place,
    counts: CallCounts,
}

/// The attempt that left last: one that ends without having left, for want of credentials, is no request.
#[derive(Clone, Copy, Debug)]
struct Left(u32);

impl Storable for Left {
    type Storer = StoreReplace<Self>;
}

/// The call's span. It ends with the call's configuration.
#[derive(Clone, Debug)]
struct Traced(Span);

impl Storable for Traced {
    type Storer = StoreReplace<Self>;
}

impl CountCalls {
    fn call(&self, config: &ConfigBag) -> Option<String> {
        config.load::<Metadata>().map(|operation| format!("{}:{}", self.service, operation.name()))
    }
}

#[dyn_dispatch_hint]
impl Intercept for CountCalls {
    fn name(&self) -> &'static str {
        "CountCalls"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = self.call(config) {
            config.interceptor_state().store_put(Traced(api_span(&self.place, &call)));
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Traced(span)) = config.load::<Traced>() {
            span.record("attempts", attempt(config));
            if matches!(context.output_or_error(), Some(Err(_))) {
                span.record("otel.status_code", "ERROR");
            }
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = self.call(config) {
            self.counts.add(call);
        }
        let left = Left(attempt(config));
        config.interceptor_state().store_put(left);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let attempt = attempt(config);
        let left = config.load::<Left>().is_some_and(|left| left.0 == attempt);
        if let Some(call) = self.call(config).filter(|_| left) {
            self.counts.meter.count(&self.place, &call, outcome(context, components), attempt > 1);
        }
        Ok(())
    }
}

/// Attempts of this call so far, this one included.
fn attempt(config: &ConfigBag) -> u32 {
    config.load::<RequestAttempts>().map_or(1, RequestAttempts::attempts)
}

/// What came of an attempt. Each service has its own codes for throttling: the SDK's classifiers know them.
fn outcome(context: &FinalizerInterceptorContextRef<'_>, components: &RuntimeComponents) -> ApiOutcome {
    let Some(Err(error)) = context.output_or_error() else { return ApiOutcome::Ok };
    let action = run_classifiers_on_ctx(components.retry_classifiers(), context.inner());
    if let RetryAction::RetryIndicated(RetryReason::RetryableError { kind: ErrorKind::ThrottlingError, .. }) = action {
        return ApiOutcome::Throttled;
    }
    if error.is_timeout_error() || error.is_connector_error() || context.response().is_none() {
        ApiOutcome::Unanswered
    } else {
        ApiOutcome::Error
    }
}

//! Counts requests as they leave, so that retries count too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Requests by `service:Operation`, shared by all clients.
#[derive(Clone, Debug, Default)]
pub(super) struct CallCounts(Arc<Mutex<BTreeMap<String, u64>>>);

impl CallCounts {
    /// What was counted so far.
    pub(super) fn snapshot(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An interceptor that counts for one service, named as IAM names it.
    pub(super) fn counting(&self, service: &'static str) -> CountCalls {
        CountCalls { service, counts: self.clone() }
    }

    fn add(&self, call: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(call).or_default() += 1;
    }
}

/// The interceptor of one client.
#[derive(Debug)]
pub(super) struct CountCalls {
    service: &'static str,
    counts: CallCounts,
}

#[dyn_dispatch_hint]
impl Intercept for CountCalls {
    fn name(&self) -> &'static str {
        "CountCalls"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(operation) = config.load::<Metadata>() {
            self.counts.add(format!("{}:{}", self.service, operation.name()));
        }
        Ok(())
    }
}

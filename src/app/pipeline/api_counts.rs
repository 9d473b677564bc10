//! Requests to AWS as counters of the state.

use crate::app::context::Context;
use crate::store::Counter;
use crate::store::counters::{API_CALLS, API_RETRIES};
use crate::types::{ApiOutcome, ApiUse};

/// Requests of a while that did not go smoothly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Requests {
    /// Answered with a throttling error.
    pub(super) throttled: u64,
    /// Repeated one that had failed.
    pub(super) retries: u64,
}

impl Requests {
    pub(super) fn of(uses: &[ApiUse]) -> Self {
        let throttled = uses.iter().filter(|one| one.outcome == ApiOutcome::Throttled).map(|one| one.requests).sum();
        Self { throttled, retries: uses.iter().map(|one| one.retries).sum() }
    }
}

/// Adds to the state's counters what a command asked of AWS beside scans and deliveries. A command that only looks must
/// neither make a state nor bring an older one up to date; what cannot be kept is no reason to complain.
pub(in crate::app) fn keep_rest(context: &Context<'_>) {
    let uses = context.backend.meter().take();
    if uses.is_empty() {
        return;
    }
    let Ok(loaded) = context.load(Vec::new()) else { return };
    let kept = context.read_store(&loaded.config).and_then(|_| {
        let store = context.store(&loaded.config)?;
        Ok(store.count(&counters(&uses), context.now())?)
    });
    if let Err(error) = kept {
        tracing::debug!(error = %error, "the counters of API calls could not be kept");
    }
}

/// What to add to the counters.
pub(super) fn counters(uses: &[ApiUse]) -> Vec<Counter> {
    let mut found = Vec::with_capacity(uses.len());
    for ApiUse { place, api, outcome, requests, retries } in uses {
        let (service, operation) = api.split_once(':').unwrap_or(("", api));
        let labels = [
            ("service", service),
            ("operation", operation),
            ("account", place.account.as_str()),
            ("region", place.region.as_str()),
        ];
        let with_outcome: Vec<_> = labels.iter().copied().chain([("outcome", outcome.as_str())]).collect();
        found.push(Counter::new(API_CALLS, &with_outcome, *requests));
        if *retries > 0 {
            found.push(Counter::new(API_RETRIES, &labels, *retries));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Place;

    #[test]
    fn retries_are_counted_whatever_came_of_them() {
        let one = |outcome, requests, retries| ApiUse {
            place: Place::new("111122223333", "eu-west-1"),
            api: "ec2:DescribeInstances".to_owned(),
            outcome,
            requests,
            retries,
        };
        let uses = [one(ApiOutcome::Ok, 4, 1), one(ApiOutcome::Throttled, 3, 2)];
        assert_eq!(Requests::of(&uses), Requests { throttled: 3, retries: 3 });
        let found = counters(&uses);
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.name.as_str(), one.labels.get("outcome").map(String::as_str), one.value))
            .collect();
        assert_eq!(
            told,
            [
                (API_CALLS, Some("ok"), 4),
                (API_RETRIES, None, 1),
                (API_CALLS, Some("throttled"), 3),
                (API_RETRIES, None, 2)
            ]
        );
        assert_eq!(found[0].labels["service"], "ec2");
        assert_eq!(found[0].labels["operation"], "DescribeInstances");
    }
}

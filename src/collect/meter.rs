//! Counts requests to AWS by what came of them, until somebody takes the counts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Span;
use tracing::field::Empty;

use crate::types::{ApiOutcome, ApiUse, Place, TRACE};

/// More series than this are added up under the place `other/other`.
const SERIES: usize = 10_000;

/// The place that stands for all places beyond [`SERIES`].
const OTHER: &str = "other";

/// A span of traces for one call with all its attempts. `attempts` and `otel.status_code` are recorded when it ends.
pub fn api_span(place: &Place, api: &str) -> Span {
    tracing::info_span!(
        target: TRACE, "aws_api", otel.name = api, otel.kind = "client", rpc.system = "aws-api",
        cloud.account.id = %place.account, cloud.region = %place.region, attempts = Empty, otel.status_code = Empty
    )
}

/// Counts of one process. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct ApiMeter(Arc<Mutex<Counts>>);

/// Requests and how many of them were retries, by place, API and outcome.
type Counts = BTreeMap<(Place, String, ApiOutcome), (u64, u64)>;

impl ApiMeter {
    /// Counts one request. `api` is `service:Operation`; `again`: it repeats one that had failed.
    pub fn count(&self, place: &Place, api: &str, outcome: ApiOutcome, again: bool) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (place.clone(), api.to_owned(), outcome);
        if counts.len() >= SERIES && !counts.contains_key(&key) {
            key.0 = Place::new(OTHER, OTHER);
        }
        let (requests, retries) = counts.entry(key).or_default();
        *requests += 1;
        *retries += u64::from(again);
    }

    /// What was counted since this was asked last.
    pub fn take(&self) -> Vec<ApiUse> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let uses = counts.into_iter();
        uses.map(|((place, api, outcome), (requests, retries))| ApiUse { place, api, outcome, requests, retries })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_taken_once() {
        let (meter, place) = (ApiMeter::default(), Place::new("111122223333", "eu-west-1"));
        meter.count(&place, "ec2:DescribeInstances", ApiOutcome::Throttled, false);
        meter.clone().count(&place, "ec2:DescribeInstances", ApiOutcome::Ok, true);
        meter.count(&place, "ec2:DescribeInstances", ApiOutcome::Ok, false);
        let taken: Vec<_> = meter.take().into_iter().map(|one| (one.outcome, one.requests, one.retries)).collect();
        assert_eq!(taken, [(ApiOutcome::Ok, 2, 1), (ApiOutcome::Throttled, 1, 0)]);
        assert_eq!(meter.take(), []);
    }

    #[test]
    fn series_are_bounded() {
        let meter = ApiMeter::default();
        for index in 0..SERIES + 3 {
            let place = Place::new(format!("{index:012}"), "eu-west-1");
            meter.count(&place, "ec2:DescribeInstances", ApiOutcome::Ok, false);
        }
        let taken = meter.take();
        assert_eq!(taken.len(), SERIES + 1);
        let other = taken.iter().find(|one| one.place == Place::new(OTHER, OTHER)).expect("the rest");
        assert_eq!(other.requests, 3);
    }
}

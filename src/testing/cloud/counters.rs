//! What was asked of the simulated account, and what its trail holds.

use std::collections::BTreeMap;

use super::FakeCloud;
use crate::collect::ApiMeter;
use crate::types::Place;

impl FakeCloud {
    /// Reads made in one place so far, by `service:Operation`.
    pub fn calls_at(&self, place: &Place) -> BTreeMap<String, u64> {
        let state = self.lock();
        let here = state.calls.iter().filter(|((at, _), _)| at == place);
        here.map(|((_, api), count)| ((*api).to_owned(), *count)).collect()
    }

    /// Reads made over all places, by `service:Operation`.
    pub fn call_totals(&self) -> BTreeMap<String, u64> {
        let mut totals = BTreeMap::new();
        for ((_, api), count) in &self.lock().calls {
            *totals.entry((*api).to_owned()).or_default() += count;
        }
        totals
    }

    /// Counts every call by what came of it.
    pub fn meter(&self) -> ApiMeter {
        self.lock().meter.clone()
    }

    /// Forgets the counts, e.g. between two scans.
    pub fn reset_calls(&self) {
        self.lock().calls.clear();
    }

    /// Every record of one place in the order of recording, delivered or not, read-only calls included.
    pub fn trail_records(&self, place: &Place) -> Vec<String> {
        let state = self.lock();
        let events = state.sites.get(place).map(|site| site.events.as_slice()).unwrap_or_default();
        events.iter().map(|event| event.body.to_string()).collect()
    }

    /// The same records as the content of a CloudTrail log file. Text that is no JSON is left as it is.
    pub fn trail_log_file(&self, place: &Place) -> String {
        format!("{{\"Records\":[{}]}}", self.trail_records(place).join(","))
    }
}

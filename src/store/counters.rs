//! Counters that outlive the process which counts: a scan that is started by a timer ends before anybody could scrape it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::traits::StoreError;

/// Series of one counter. What comes beyond is added up in one series whose labels are all [`OTHER`].
pub const MOST_SERIES: u64 = 10_000;

/// Value of the labels of a series that holds what had no room.
pub const OTHER: &str = "other";

/// Requests to AWS by `service`, `operation`, `account`, `region` and `outcome`.
pub const API_CALLS: &str = "aws_api_calls";
/// Those of them that repeated a failed one, by the same without `outcome`.
pub const API_RETRIES: &str = "aws_api_retries";
/// Attempts to deliver a notice, by `destination` and `outcome`: `delivered`, `retried` or `dead`.
pub const NOTICES: &str = "notices";
/// Scans that were committed, by `exit_code`.
pub const SCANS: &str = "scans";
/// Heads of the audit log that were put where nobody changes them, by `outcome`: `put` or `failed`.
pub const ANCHORS: &str = "audit_anchors";

/// One series of a counter; also how much to add to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Which counter.
    pub name: String,
    /// Labels by their names.
    pub labels: BTreeMap<String, String>,
    /// What it counted.
    pub value: u64,
}

impl Counter {
    /// A series, or what to add to it.
    pub fn new(name: &str, labels: &[(&str, &str)], value: u64) -> Self {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { name: name.to_owned(), labels, value }
    }
}

/// Counters. Scans and notices are counted by the store itself, in the transaction that they change.
pub trait Counters {
    /// Adds to counters, all or none.
    fn count(&self, add: &[Counter], now: Timestamp) -> Result<(), StoreError>;
    /// Every series, by name and labels.
    fn counters(&self) -> Result<Vec<Counter>, StoreError>;
}

//! What reports ask of the store: the past, over many scans at once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::traits::{InstanceResult, OutboxState, ScanSummary, StoreError};
use crate::types::{AccountId, InstanceId, Region};

/// One scan without its coverage, which can be long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanPoint {
    /// Start.
    pub started_at: Timestamp,
    /// Exit code.
    pub exit_code: u8,
    /// Instances judged clean.
    pub clean: u64,
    /// Drifted.
    pub drifted: u64,
    /// Unjudged.
    pub unjudged: u64,
}

/// One instance that scans of a period saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Lived {
    /// Instance.
    pub id: InstanceId,
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Its last result, also when that is from after the period. `None`: it was pruned.
    pub last: Option<InstanceResult>,
    /// The first scan of the period that saw it.
    pub first_seen: Timestamp,
    /// The last scan of the period that saw it.
    pub last_seen: Timestamp,
    /// How many scans of the period called it clean.
    pub clean: u64,
    /// Drifted.
    pub drifted: u64,
    /// Unjudged.
    pub unjudged: u64,
}

/// How many rows of a destination are in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxCount {
    /// Destination.
    pub destination: String,
    /// State.
    pub state: OutboxState,
    /// Rows.
    pub rows: u64,
    /// When the oldest of them was put in.
    pub oldest: Timestamp,
}

/// The past, for reports and metrics.
pub trait History {
    /// Scans that started in a period, oldest first.
    fn scan_points(&self, from: Timestamp, to: Timestamp) -> Result<Vec<ScanPoint>, StoreError>;
    /// Visits the scans of a period with their coverage, newest first, until the visitor returns false.
    fn each_scan(
        &self,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(ScanSummary) -> bool,
    ) -> Result<(), StoreError>;
    /// Every instance that a scan of a period saw, by account, region and id.
    fn population(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Lived>, StoreError>;
    /// The outbox in numbers, by destination and state.
    fn outbox_counts(&self) -> Result<Vec<OutboxCount>, StoreError>;
}

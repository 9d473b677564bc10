//! The result of one scan, complete: what every renderer and the notifier start from.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::remediate::OperationRecord;
use crate::store::{DeadLetter, InstanceResult};
use crate::types::{ChangeEvent, Coverage, Finding, FindingId, Plan, ScanId, ScanMode, SetAside, TrailProgress};

/// Counts of a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanTotals {
    /// Instances with verdict clean.
    pub clean: u64,
    /// Drifted.
    pub drifted: u64,
    /// Unjudged.
    pub unjudged: u64,
    /// The exit code this scan returns.
    pub exit_code: u8,
}

/// The result of one scan.
#[derive(Clone, Debug)]
pub struct ScanReport {
    /// Scan.
    pub scan_id: ScanId,
    /// Start.
    pub started_at: Timestamp,
    /// End.
    pub finished_at: Timestamp,
    /// The global ceiling.
    pub mode: ScanMode,
    /// Coverage.
    pub coverage: Vec<Coverage>,
    /// Results, sorted by account, region, id.
    pub instances: Vec<InstanceResult>,
    /// Findings that are open, acknowledged or waived.
    pub findings: Vec<Finding>,
    /// Findings that this scan resolved.
    pub resolved: Vec<Finding>,
    /// Which of `findings` this scan saw first.
    pub new: BTreeSet<FindingId>,
    /// Plan.
    pub plan: Plan,
    /// Operations that are not over, as they were when the plan was made.
    pub unfinished: Vec<OperationRecord>,
    /// CloudTrail records that could not be read.
    pub set_aside: Vec<SetAside>,
    /// How far each source of change events was read.
    pub trail_sources: Vec<TrailProgress>,
    /// Log objects and messages that were given up, by this scan and by those before it; the newest first.
    pub dead_letters: Vec<DeadLetter>,
    /// High and critical changes of this scan's events whose targets could not all be turned into instances.
    pub unresolved_events: Vec<ChangeEvent>,
    /// API calls by `service:Operation`.
    pub calls: BTreeMap<String, u64>,
    /// Inventory calls that content hashes in the trail made unnecessary.
    pub calls_saved: u64,
    /// Requests that AWS answered with a throttling error.
    pub calls_throttled: u64,
    /// Requests that repeated a failed one.
    pub calls_retried: u64,
    /// Counts.
    pub totals: ScanTotals,
}

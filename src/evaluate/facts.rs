//! What an evaluation starts from: everything known of one instance in one scan.

use jiff::Timestamp;

use crate::types::{
    Exception, Finding, Fleet, Golden, Instance, OperationKind, ScanId, ScanMode, Source, Verdict, VerdictReason,
};

/// The facts of one instance. Borrowed: nothing is copied before the input document is built.
#[derive(Clone, Debug)]
pub struct InputFacts<'a> {
    /// The scan.
    pub scan: &'a ScanId,
    /// The time that counts as now: the snapshot's start.
    pub now: Timestamp,
    /// The ceiling on every fleet.
    pub mode: ScanMode,
    /// The instance.
    pub instance: &'a Instance,
    /// The golden it was compared with, when its image is recorded.
    pub golden: Option<&'a Golden>,
    /// Its fleet.
    pub fleet: Option<&'a Fleet>,
    /// Its findings that are not resolved, waived ones included, in any order.
    pub findings: &'a [&'a Finding],
    /// Verdict of this scan.
    pub verdict: Verdict,
    /// What could not be seen and why.
    pub missing: &'a [VerdictReason],
    /// Sources that were read completely in its place.
    pub sources: &'a [Source],
    /// What happened to its lineage before.
    pub history: HistoryFacts,
    /// Exceptions in force that cover one of its findings, or the instance; in any order.
    pub exceptions: &'a [&'a Exception],
}

/// What happened to an instance and its predecessors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFacts {
    /// How many replacements lie between this instance and the first of its lineage.
    pub lineage_generation: u32,
    /// Replacements in its lineage in the last 24 hours.
    pub replacements_24h: u32,
    /// Most hosts that share one fingerprint with this instance, itself included.
    pub same_fingerprint_hosts: u32,
    /// Operations on this instance or its lineage, newest first.
    pub recent_operations: Vec<RecentOperation>,
}

/// One operation in the history of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentOperation {
    /// What.
    pub kind: OperationKind,
    /// How it stands: `running`, `succeeded`, `failed`, `rolled-back`.
    pub state: String,
    /// When it started.
    pub started_at: Timestamp,
}

//! Everything that the application asks of the store, as one trait. The journal's trait lives with its consumer.

use super::alerts::{Silences, Threads};
use super::anchors::Anchors;
use super::bundles::PolicyBundles;
use super::contents::ContentMemory;
use super::counters::Counters;
use super::decisions::Decisions;
use super::history::History;
use super::ingested::Ingested;
use super::presses::Presses;
use super::trail::TrailMemory;
use super::traits::{Audit, Findings, Goldens, Leases, Outbox, Scans, Waivers};
use super::upkeep::Upkeep;
use crate::remediate::Journal;

/// Everything, for the application.
pub trait Store:
    Leases
    + Goldens
    + Scans
    + Decisions
    + TrailMemory
    + ContentMemory
    + Ingested
    + History
    + Findings
    + Waivers
    + PolicyBundles
    + Outbox
    + Silences
    + Threads
    + Presses
    + Audit
    + Anchors
    + Upkeep
    + Counters
    + Journal
    + Send
    + Sync
{
}

impl<
    T: Leases
        + Goldens
        + Scans
        + Decisions
        + TrailMemory
        + ContentMemory
        + Ingested
        + History
        + Findings
        + Waivers
        + PolicyBundles
        + Outbox
        + Silences
        + Threads
        + Presses
        + Audit
        + Anchors
        + Upkeep
        + Counters
        + Journal
        + Send
        + Sync,
> Store for T
{
}

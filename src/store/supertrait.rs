//! Everything that the application asks of the store, as one trait. The journal's trait lives with its consumer.

use super::contents::ContentMemory;
use super::decisions::Decisions;
use super::ingested::Ingested;
use super::trail::TrailMemory;
use super::traits::{Audit, Findings, Goldens, Leases, Outbox, Scans, Waivers};
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
    + Findings
    + Waivers
    + Outbox
    + Audit
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
        + Findings
        + Waivers
        + Outbox
        + Audit
        + Journal
        + Send
        + Sync,
> Store for T
{
}

//! Everything that the application asks of the store, as one trait. The journal's trait lives with its consumer.

use super::ingested::Ingested;
use super::traits::{Audit, Findings, Goldens, Leases, Outbox, Scans, Waivers};
use crate::remediate::Journal;

/// Everything, for the application.
pub trait Store:
    Leases + Goldens + Scans + Findings + Waivers + Outbox + Audit + Journal + Ingested + Send + Sync
{
}

impl<T: Leases + Goldens + Scans + Findings + Waivers + Outbox + Audit + Journal + Ingested + Send + Sync> Store for T {}

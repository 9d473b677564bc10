//! The CloudTrail half of collection: raw records -> [`ChangeEvent`](crate::types::ChangeEvent)s.
//!
//! ```text
//!  dir, lookup ──raw──▶ classify ──UnresolvedChange──▶ resolve ──ChangeEvent──▶ snapshot
//!  (files, API)         (table of events as data)      (what belonged to whom, and when)
//! ```
//!
//! Inputs: log files, or pages of `LookupEvents`. Outputs: change events, what was ignored and why, and what
//! could not be read. [`Batch`] strings the steps together; only `dir` and `lookup` do I/O.

mod actor;
#[cfg(any(test, feature = "testing"))]
pub mod agree;
pub mod batch;
pub mod classify;
mod condition;
pub mod dir;
mod envelope;
mod extract;
mod files;
mod gzip;
mod identity;
pub mod ingest;
pub mod inventory;
pub mod launch;
mod learn;
mod lesson;
mod letters;
pub mod links;
mod log;
pub mod lookup;
mod loose;
mod members;
mod normalise;
mod own;
mod owners;
mod record;
pub mod resolve;
mod sentence;
mod shared;
mod skim;
mod split;
mod strict;
pub mod table;
pub mod target;
mod text;
mod tree;
pub(in crate::collect) use text::clean;

#[cfg(test)]
mod tests;

pub use batch::{Batch, Collected};
pub use classify::{Classified, IgnoredReason, UnresolvedChange, classify};
pub use dir::{DirStats, Entry, Origin, read_log, read_path};
pub use files::is_log_name;
pub use ingest::{Form, IngestRequest, IngestSummary, ingest, ingest_knowing};
pub use inventory::{InventoryReport, ReportedType};
pub use launch::LaunchSeen;
pub use learn::EndSeen;
pub use links::LinkMap;
pub use lookup::{LookupOutcome, lookup, lookup_into};
pub use own::{ClassifyContext, OwnWindow};
pub use resolve::{resolve, resolve_again};
pub use shared::Given;
pub use table::{EventCode, event_codes};
pub use target::{TagCriterion, Target};

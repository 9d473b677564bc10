//! One scan from end to end: collect, detect, evaluate, plan, draft the notices, commit.
//!
//! Nothing is committed before everything is computed, and everything is committed in one transaction: a
//! finding and the alert it causes are stored together or not at all.

mod anchoring;
mod api_counts;
mod commit;
mod contents;
mod decisions;
mod history;
#[cfg(test)]
mod history_tests;
mod lease;
mod noted;
mod outcome;
pub(in crate::app) mod own_calls;
mod planning;
mod policy_inputs;
mod rehearsal;
mod retention;
mod scan;
mod service;
mod stage_log;
mod standing;
mod unseen;
mod wish;

pub(super) use anchoring::anchor_after;
pub(super) use api_counts::keep_rest;
pub use history::approvals;
pub(in crate::app) use history::past_of;
pub(in crate::app) use lease::Held;
pub use outcome::{exit_of, totals};
pub use policy_inputs::shipped_policies;
pub(in crate::app) use policy_inputs::{PolicyInputs, configured_parameter_faults, configured_policies, policy_inputs};
pub use rehearsal::{Rehearsal, Seen};
pub use scan::{ScanError, ScanInputs, ScanOutcome, run_scan};
pub use service::{Asked, Service, destinations};
pub use wish::Wish;

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests;

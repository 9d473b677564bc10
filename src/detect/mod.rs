//! Stage 2: Snapshot x Golden -> Findings. Pure: "now" is the snapshot's start.
//!
//! [`detect`] matches every instance to its fleet and golden, runs the state rules in `rules`, turns change
//! events into findings, names who can explain each state drift (`correlate`), carries findings over from
//! earlier scans (`lifecycle`) and gives each instance its verdict (`verdict`).
//!
//! A missing observation never resolves a finding, and never makes an instance clean.

#![deny(clippy::disallowed_methods)]

mod alone;
pub mod codes;
mod correlate;
mod digests;
mod drift;
mod events;
mod lifecycle;
mod matching;
mod places;
pub mod registry;
mod rules;
mod stage;
mod trails;
mod verdict;
pub mod volatile;

pub use alone::{Comparison, compare};
pub use drift::Drift;
pub use events::is_modification;
pub use matching::{fleet_of, golden_of, promoted_of};
pub use rules::software::holds_the_same;
pub use stage::{DetectInput, Detection, InstanceDetection, detect};
pub use verdict::judge;

#[cfg(test)]
mod fixtures;

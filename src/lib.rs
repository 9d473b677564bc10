//! Cattleguard keeps EC2 fleets immutable.
//!
//! ```text
//!  collect ──Snapshot──▶ detect ──Findings──▶ evaluate ──Decisions──▶ plan ──Plan──▶ remediate, report
//!  (CloudRead)           (Golden)             (Rego)                  (gates)        (journal, outbox)
//! ```
//!
//! The stages in the middle are pure: they take values from [`types`], read no clock, file, environment or
//! network, and return values. `collect` does its I/O behind [`collect::CloudRead`]; `aws` is the only home
//! of SDK types and implements that trait; `store` keeps state; `app` composes everything into commands.

#![warn(missing_docs)]

pub mod app;
#[cfg(feature = "aws")]
pub mod aws;
pub mod collect;
pub mod detect;
pub mod evaluate;
pub mod plan;
pub mod remediate;
pub mod report;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod types;

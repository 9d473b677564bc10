//! Stage 5: [`Decision`](crate::types::Decision)s -> [`Plan`](crate::types::Plan).
//!
//! Inputs: what policy asked for, and everything the guard rails need to know ([`PlanInput`]). Output: the
//! operations that may run now, and for everything else each gate's answer: what would be done, what holds
//! it, and what would lift that. Pure: `now` comes in as a value, and the order of the input never matters.

#![deny(clippy::disallowed_methods)]

mod acting;
mod before;
mod breaker;
mod budget;
mod candidate;
mod check;
mod context;
mod gates;
mod hash;
mod input;
mod planner;
mod rollout;
#[cfg(test)]
mod tests;
mod windows;

pub use before::before_image;
pub use breaker::mass_drift;
pub use check::{awaits_approval_only, check};
pub use hash::{operation_hash, plan_hash};
pub use input::{
    Alarm, AlarmState, Approval, CapacityBackoff, History, Lineage, OperationState, Overriding, PastOperation,
    PastReplacement, Pause, Permissions, PlanInput, PlanSubject, PlanUnseen,
};
pub use planner::plan;
pub use windows::{WindowProblem, check_window, open_until};

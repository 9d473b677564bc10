//! Enforcement as the program does it: the engine with the real outside world around it.
//!
//! ```text
//!  lease ─▶ recover what a dead process left ─▶ scan ─▶ plan ─▶ operations, a few at a time ─▶ outcomes
//! ```

mod begin;
mod checks;
mod execute;
mod host;
mod recover;
mod session;
mod stop;

pub(in crate::app) use execute::{Outcome, Outcomes};
pub(in crate::app) use session::Session;

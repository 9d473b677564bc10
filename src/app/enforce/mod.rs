//! Enforcement as the program does it: the engine with the real outside world around it.
//!
//! ```text
//!  lease ─▶ recover what a dead process left ─▶ scan ─▶ plan ─▶ operations, a few at a time ─▶ outcomes
//! ```

mod again;
mod begin;
mod checks;
mod desk;
mod execute;
mod host;
mod look;
mod recover;
mod select;
mod serving;
mod session;
mod show;
mod stop;
mod unbegun;

pub(in crate::app) use begin::in_quarantine;
pub(in crate::app) use checks::{alarms, permissions, pulled};
pub(in crate::app) use desk::Desk;
pub(in crate::app) use execute::{Outcome, Outcomes};
pub(in crate::app) use look::Looked;
pub(in crate::app) use select::select;
pub(in crate::app) use show::{exit_of, show};

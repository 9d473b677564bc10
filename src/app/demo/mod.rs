//! The demo: the main job end to end on the simulated account, through the same commands that a user types.
//!
//! It builds a clean fleet, records its golden, scans, lets a bad morning happen, scans again, and shows what the
//! receiver of the alerts got. Then one server is contained and released, and another is replaced by two processes, the
//! first of which dies in the middle. Nothing is faked on the way: each command is a process of its own, and the state
//! file, the outbox, the journal and the HTTP deliveries are the real ones; only the cloud and the clock are simulated.

mod acting;
mod configuration;
mod folder;
mod place;
mod print;
mod proof;
pub(in crate::app) mod receiver;
mod script;
mod show;
mod stage;

use std::path::Path;

use super::error::AppError;

/// Runs the demo and returns the process exit code: 0 when everything happened as told. With a folder to keep, it is
/// played there and can be gone on with.
pub(super) fn run(keep: Option<&Path>) -> i32 {
    match script::play(keep) {
        Ok(()) => 0,
        Err(error) => super::sim::fail(&error),
    }
}

/// Turns any error into the demo's.
fn failed(what: &str, error: impl std::fmt::Display) -> AppError {
    AppError::failed(format!("{what}: {error}"))
}

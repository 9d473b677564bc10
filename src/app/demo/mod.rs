//! The demo: the main job end to end on the simulated account, through the same commands that a user types.
//!
//! It builds a clean fleet, records its golden, scans, lets a bad morning happen, scans again, and shows what the
//! receiver of the alerts got. Nothing is faked on the way: the commands, the state file, the outbox and the
//! HTTP deliveries are the real ones; only the cloud and the clock are simulated.

pub(in crate::app) mod receiver;
mod script;
mod setup;
mod show;

use super::error::AppError;
use super::exit::Exit;

/// Runs the demo and returns the process exit code: 0 when everything happened as told.
pub fn run() -> i32 {
    let exit = match script::play() {
        Ok(()) => Exit::Ok,
        Err(error) => {
            eprintln!("demo: {}", error.message());
            error.exit()
        }
    };
    i32::from(exit.code())
}

/// Runs any other command over the demo's accounts.
pub fn run_command(args: Vec<std::ffi::OsString>) -> i32 {
    match script::world() {
        Ok((cloud, clock)) => super::run(Box::new(super::SimBackend::new(cloud, clock)), args),
        Err(error) => {
            eprintln!("{}", error.message());
            i32::from(error.exit().code())
        }
    }
}

/// Turns any error into the demo's.
fn failed(what: &str, error: impl std::fmt::Display) -> AppError {
    AppError::failed(format!("{what}: {error}"))
}

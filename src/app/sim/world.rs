//! `world wait`, `world log` and `world trail`: time, what an independent witness saw, and what CloudTrail delivered.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::cli::WorldCommand;
use super::{WORLD_VARIABLE, fail, log, trail};
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::report::render::parts::{count, time};
use crate::testing::SimWorld;

/// Opens the world of a folder.
///
/// # Errors
/// Usage, when there is none; unavailable, when another process has it open.
pub(in crate::app) fn open(folder: &Path) -> Result<SimWorld, AppError> {
    let name = folder.display();
    SimWorld::open(folder).map_err(|error| match error.kind() {
        ErrorKind::NotFound => AppError::usage(format!("there is no simulated world in {name}"))
            .with_hint(format!("cattleguard-sim demo --keep {name}")),
        ErrorKind::WouldBlock => {
            AppError::new(Exit::Unavailable, format!("another cattleguard-sim is at work in {name}"))
        }
        _ => AppError::failed(format!("the simulated world in {name} cannot be opened: {error}")),
    })
}

/// Runs a command; the process exit code.
pub(super) fn run(folder: Option<&Path>, command: &WorldCommand) -> i32 {
    let opened = folder.ok_or_else(|| {
        AppError::usage("which world?").with_hint(format!("cattleguard-sim --world DIR …, or set {WORLD_VARIABLE}"))
    });
    let world = match opened.and_then(open) {
        Ok(world) => world,
        Err(error) => return fail(&error),
    };
    let mut text = String::new();
    match command {
        WorldCommand::Wait(args) => {
            if let Err(error) = world.wait(args.duration) {
                return fail(&AppError::failed(format!("the simulated world: {error}")));
            }
            text.push_str(&format!("it is {}\n", time(world.clock.now())));
        }
        WorldCommand::Log(args) => {
            let mut entries = world.cloud.log();
            entries.retain(|entry| !args.enforcer || log::operation_of(entry).is_some());
            entries.retain(|entry| !args.launches || log::is_launch(entry));
            entries.iter().for_each(|entry| text.push_str(&log::lines(entry)));
            text.push_str(&format!("{}\n", count(entries.len() as u64, "change")));
        }
        WorldCommand::Trail(args) => {
            let trail::Delivered { logs, digests } = match trail::write(&world, &args.folder) {
                Ok(delivered) => delivered,
                Err(error) => {
                    return fail(&AppError::failed(format!("{} cannot be written: {error}", args.folder.display())));
                }
            };
            let (logs, digests) = (count(logs, "log file"), count(digests, "digest file"));
            text.push_str(&format!("{logs} and {digests} are in {}\n", args.folder.display()));
        }
    }
    // A reader that went away has seen enough.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    0
}

//! `cattleguard-sim`: every command over simulated accounts, and the commands that only those have.
//!
//! ```text
//!  no --world      the demo's accounts after its bad morning, in memory
//!  --world DIR     the accounts of a folder, as the last process left them; so does CATTLEGUARD_SIM_WORLD
//! ```

mod cli;
mod log;
mod trail;
mod world;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::error::AppError;
use super::policy_worker::Launch;
use super::{SimBackend, demo, histories, matrix};
use crate::testing::SimWorld;

pub(super) use log::{is_launch, is_replacement, operation_of};
pub(super) use world::open;

/// Names the folder of a world, as `--world` does.
pub(super) const WORLD_VARIABLE: &str = "CATTLEGUARD_SIM_WORLD";

/// Runs one command line and returns the process exit code.
pub fn run(args: Vec<OsString>) -> i32 {
    if let Some(code) = super::policy_worker::serve(&args) {
        return code;
    }
    let (folder, args) = match take_world(args, std::env::var_os(WORLD_VARIABLE)) {
        Ok(taken) => taken,
        Err(error) => return fail(&error),
    };
    match args.get(1).and_then(|arg| arg.to_str()) {
        Some("histories" | "history") => histories::run(args),
        Some("matrix" | "cell") => matrix::run(args),
        Some("demo" | "world") => match cli::parse(args) {
            Ok(cli::Command::Demo(args)) => demo::run(args.keep.as_deref()),
            Ok(cli::Command::World(command)) => world::run(folder.as_deref(), &command),
            Err(exit) => i32::from(exit.code()),
        },
        first => {
            let helped = matches!(first, None | Some("-h" | "--help"));
            let code = command(folder.as_deref(), args);
            if helped {
                // Who reads no further has closed the pipe.
                drop(writeln!(std::io::stdout(), "\n{}", cli::MORE_HELP));
            }
            code
        }
    }
}

/// A command of `cattleguard`.
fn command(folder: Option<&Path>, args: Vec<OsString>) -> i32 {
    let Some(folder) = folder else {
        return match SimWorld::passing() {
            Ok((cloud, clock)) => {
                super::run(Box::new(SimBackend::new(cloud, clock).with_worker(Launch::again())), args)
            }
            Err(error) => fail(&AppError::failed(error.to_string())),
        };
    };
    match open(folder) {
        // The world stays open, and so locked, until the command has ended.
        Ok(world) => super::run(Box::new(SimBackend::of_world(&world, folder).with_worker(Launch::again())), args),
        Err(error) => fail(&error),
    }
}

/// Says on stderr what is wrong; the exit code.
pub(super) fn fail(error: &AppError) -> i32 {
    eprintln!("error: {}", error.message());
    if let Some(hint) = error.hint() {
        eprintln!("  hint: {hint}");
    }
    i32::from(error.exit().code())
}

/// Takes `--world DIR` from the front of a command line.
fn take_world(
    mut args: Vec<OsString>,
    variable: Option<OsString>,
) -> Result<(Option<PathBuf>, Vec<OsString>), AppError> {
    let missing = || AppError::usage("--world wants a folder").with_hint("cattleguard-sim --world DIR COMMAND");
    let from_variable = variable.filter(|value| !value.is_empty()).map(PathBuf::from);
    let Some(first) = args.get(1).and_then(|arg| arg.to_str()) else { return Ok((from_variable, args)) };
    let folder = match first.strip_prefix("--world") {
        Some("") => {
            let folder = args.get(2).cloned().ok_or_else(missing)?;
            args.drain(1..3);
            folder
        }
        Some(rest) if rest.starts_with('=') => {
            let folder = OsString::from(rest.trim_start_matches('='));
            args.remove(1);
            folder
        }
        _ => return Ok((from_variable, args)),
    };
    if folder.is_empty() {
        return Err(missing());
    }
    Ok((Some(PathBuf::from(folder)), args))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::exit::Exit;

    fn taken(args: &[&str], variable: Option<&str>) -> Result<(Option<PathBuf>, Vec<OsString>), AppError> {
        let args = ["sim"].iter().chain(args).map(OsString::from).collect();
        take_world(args, variable.map(OsString::from))
    }

    #[test]
    fn a_world_is_named_in_front_or_by_the_variable_and_never_by_chance() {
        let of = |args: &[&str], variable: Option<&str>| {
            let (folder, rest) = taken(args, variable).unwrap();
            (folder.map(|folder| folder.display().to_string()), rest.len())
        };
        assert_eq!(of(&["scan"], None), (None, 2));
        assert_eq!(of(&["scan"], Some("")), (None, 2));
        assert_eq!(of(&["scan"], Some("w")), (Some("w".to_owned()), 2));
        assert_eq!(of(&["--world", "v", "scan"], Some("w")), (Some("v".to_owned()), 2));
        assert_eq!(of(&["--world=v", "scan", "-q"], None), (Some("v".to_owned()), 3));
        assert_eq!(of(&[], None), (None, 1));
        assert_eq!(of(&["--worldly"], None), (None, 2), "another flag");
    }

    #[test]
    fn a_world_without_a_name_is_wrong_usage() {
        for args in [&["--world"][..], &["--world="], &["--world", ""]] {
            assert_eq!(taken(args, Some("w")).unwrap_err().exit(), Exit::Usage, "{args:?}");
        }
    }
}

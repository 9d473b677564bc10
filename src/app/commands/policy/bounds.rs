//! What people ask of policies on the command line is bounded as well: a policy that takes memory without end would take
//! all there is, and other programs with it.
//!
//! The program starts itself again with the same arguments on the same terminal. The second process bounds itself and does
//! the work; the first waits, and tells what became of it when it does not end by itself.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use crate::app::cli::policy::PolicyCommand;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::policy_worker::{ALLOCATOR, Launch};

/// Tells the second process that it is the second.
const SECOND: &str = "CATTLEGUARD_POLICY_BOUNDED";

/// Address space of the second process: twice a worker's, since it also holds sources, tests and coverage.
const MEMORY_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Runs the command in a process of its own and says how it ended; `None` in that process itself, and for what evaluates
/// nothing or does so in the sandbox.
pub(super) fn run(context: &Context<'_>, command: &PolicyCommand) -> Option<Result<Exit, AppError>> {
    let evaluates = matches!(command, PolicyCommand::Test(_) | PolicyCommand::Check(_) | PolicyCommand::Eval(_));
    // Within another program there is nothing that could be started again.
    let own = Launch::again()?.program;
    context.backend.policy_worker().filter(|launch| evaluates && launch.program == own)?;
    if context.env.iter().any(|(name, _)| name == SECOND) {
        bound();
        return None;
    }
    let mut second = Command::new(own);
    second.args(std::env::args_os().skip(1)).env(SECOND, "1").envs(ALLOCATOR);
    Some(match second.status() {
        Ok(status) => ended(status),
        Err(error) => Err(AppError::failed(format!("no process for the policies: {error}"))),
    })
}

/// As far as the system lets us: what it refuses leaves the command as it would be without.
fn bound() {
    let limit = Some(MEMORY_BYTES);
    let _ = setrlimit(Resource::As, Rlimit { current: limit, maximum: limit });
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_parent_process_death_signal(Some(Signal::TERM));
}

fn ended(status: ExitStatus) -> Result<Exit, AppError> {
    let Some(signal) = status.signal() else {
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        return Ok(Exit::ALL.into_iter().find(|exit| Some(exit.code()) == code).unwrap_or(Exit::Bug));
    };
    if signal != Signal::ABORT.as_raw() {
        return Err(AppError::failed(format!("the process that evaluated the policies was ended by signal {signal}")));
    }
    let most = MEMORY_BYTES / (1024 * 1024);
    let message =
        format!("a policy wanted more than {most} MiB of memory, or recursed too deeply: the line above tells which");
    Err(AppError::new(Exit::Config, message).with_hint(
        "leave policies out one by one to find it; in a scan it would cost its own result on that server, an error",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_the_second_process_ended_is_told() {
        let of = |status| ended(ExitStatus::from_raw(status));
        assert_eq!(of(0).ok(), Some(Exit::Ok));
        assert_eq!(of(78 << 8).ok(), Some(Exit::Config));
        assert_eq!(of(99 << 8).ok(), Some(Exit::Bug));
        assert_eq!(of(6).map_err(|error| error.exit()), Err(Exit::Config));
        assert_eq!(of(9).map_err(|error| error.exit()), Err(Exit::Failed));
    }
}

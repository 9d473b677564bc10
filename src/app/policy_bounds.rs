//! What people ask of policies on the command line is bounded as well: a policy that takes memory without end would take
//! all there is, and other programs with it.
//!
//! The program starts itself again with the same arguments on the same terminal. The second process bounds itself and does
//! the work; the first waits, and tells what became of it when it does not end by itself.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use super::exit::Exit;
use super::policy_worker::{ALLOCATOR, Launch};

/// Tells the second process that it is the second.
const SECOND: &str = "CATTLEGUARD_POLICY_BOUNDED";

/// Commands that evaluate outside the sandbox.
const EVALUATE: [&str; 3] = ["test", "check", "eval"];

/// Address space of the second process: twice a worker's, since it also holds sources, tests and coverage.
const MEMORY_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Runs these arguments of the program in a process of their own and says how that ended; `None` in that process itself, and
/// for what evaluates nothing or does so in the sandbox. For `main`, before anything is opened.
pub fn run(args: &[OsString]) -> Option<i32> {
    let evaluates = |pair: &[OsString]| matches!(pair, [first, second] if first == "policy" && EVALUATE.iter().any(|name| second == name));
    if !args.windows(2).any(evaluates) {
        return None;
    }
    if std::env::var_os(SECOND).is_some() {
        bound();
        return None;
    }
    let mut second = Command::new(Launch::again()?.program);
    second.args(args.iter().skip(1)).env(SECOND, "1").envs(ALLOCATOR);
    let told = match second.status() {
        Ok(status) => ended(status),
        Err(error) => Err((Exit::Failed, format!("no process for the policies: {error}"))),
    };
    Some(told.unwrap_or_else(|(exit, told)| {
        eprintln!("error: {told}");
        i32::from(exit.code())
    }))
}

/// As far as the system lets us: what it refuses leaves the command as it would be without.
fn bound() {
    let limit = Some(MEMORY_BYTES);
    let _ = setrlimit(Resource::As, Rlimit { current: limit, maximum: limit });
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_parent_process_death_signal(Some(Signal::TERM));
}

/// The exit code, or what is said instead.
fn ended(status: ExitStatus) -> Result<i32, (Exit, String)> {
    let Some(signal) = status.signal() else {
        return Ok(status.code().unwrap_or_else(|| i32::from(Exit::Bug.code())));
    };
    if signal != Signal::ABORT.as_raw() {
        let told = format!("the process that evaluated the policies was ended by signal {signal}");
        return Err((Exit::Failed, told));
    }
    let most = MEMORY_BYTES / (1024 * 1024);
    let told = format!(
        "a policy wanted more than {most} MiB of memory, or recursed too deeply\n  hint: `policy test -r NAME` runs some tests \
         only, and paths name some policies only: so it can be found; in a scan it would cost its own result on that server, an error"
    );
    Err((Exit::Config, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_the_second_process_ended_is_told() {
        let of = |status| ended(ExitStatus::from_raw(status)).map_err(|(exit, _)| exit);
        assert_eq!(of(0), Ok(0));
        assert_eq!(of(78 << 8), Ok(78));
        assert_eq!(of(6), Err(Exit::Config));
        assert_eq!(of(9), Err(Exit::Failed));
    }
}

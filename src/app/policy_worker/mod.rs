//! Policies are parsed and evaluated in a process of their own: the program itself, started again with a hidden
//! argument.
//!
//! Rego of strangers can exhaust stack or memory, which no limit inside a process survives, and the engine is a large
//! piece of somebody else's code. So it runs where its death costs one input: no files, no network, bounded memory and
//! time.
//!
//! ```text
//!  scanner                                    worker
//!    Worker ──Load (files, data)──────────────▶ serve: compile
//!           ◀─Hello (sandbox), Loaded─────────
//!           ──Ask, Ask, Ask (input documents)─▶ evaluate
//!           ◀─Answer, Answer, Answer──────────  (read as untrusted)
//! ```
//!
//! When the process dies or is silent for too long, the inputs it held are tried again one by one, and the one that
//! kills it again policy by policy: only those policies end in an error, for that instance.

mod death;
mod frame;
mod level;
mod load;
mod process;
mod serve;
#[cfg(test)]
mod tests;
mod worker;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub use death::Death;
pub use level::SandboxLevel;
pub use load::LoadError;
pub use process::ALLOCATOR;
pub use serve::serve;
pub use worker::{Questions, Worker};

/// The hidden first argument that makes a program a worker.
pub const ARGUMENT: &str = "__policy-worker";

/// Address space of a worker, its stack included. Shipped policies need 20 MiB beside the stack; a policy that
/// needs fifty times as much for one instance does not end well.
const MEMORY_BYTES: u64 = 1024 * 1024 * 1024 + STACK_BYTES as u64;

/// Stack of the thread that evaluates. Only what is touched becomes memory.
const STACK_BYTES: usize = 128 * 1024 * 1024;

/// Time without an answer after which a worker is given up. The engine's own limits end a slow policy before that;
/// this is for what they do not see.
const PATIENCE: Duration = Duration::from_secs(15);

/// Deaths in one scan after which the rest is not tried: every instance that is left has an error then. Three for each
/// of eight bad inputs; a policy that is set aside has cost nine.
const MAX_DEATHS: u32 = 24;

/// How a worker is started, and how long it is waited for.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Time without an answer after which it is given up.
    pub patience: Duration,
    /// Deaths after which nothing is tried any more.
    pub max_deaths: u32,
}

impl Launch {
    /// Starts a program that knows [`ARGUMENT`].
    pub fn of(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), args: vec![ARGUMENT.into()], patience: PATIENCE, max_deaths: MAX_DEATHS }
    }

    /// Starts the running program again: the very file, even if another has taken its place since.
    pub fn again() -> Option<Self> {
        let own = PathBuf::from("/proc/self/exe");
        if own.exists() { Some(Self::of(own)) } else { std::env::current_exe().ok().map(Self::of) }
    }
}

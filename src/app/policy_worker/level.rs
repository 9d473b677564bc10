//! How far a worker is shut in.

use std::fmt;

use cattleguard_agent::sandbox::{Held, Sandbox, enter_closed};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

use super::frame::VERSION;
use super::{MEMORY_BYTES, PATIENCE};

/// What a worker says first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hello {
    /// Of the protocol.
    pub(super) version: u16,
    /// Of the program.
    pub(super) program: String,
    /// The sandbox.
    pub(super) level: SandboxLevel,
}

impl Hello {
    pub(super) fn new(level: SandboxLevel) -> Self {
        Self { version: VERSION, program: env!("CARGO_PKG_VERSION").to_owned(), level }
    }
}

/// What holds of a worker's sandbox on this kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxLevel {
    /// Landlock: files, TCP, signals.
    pub landlock: Held,
    /// System calls.
    pub seccomp: Held,
    /// Memory, processor time, open files.
    pub limits: Held,
    /// What the kernel refused, for people.
    pub notes: Vec<String>,
}

impl SandboxLevel {
    /// Whether all that was asked for holds.
    pub fn is_full(&self) -> bool {
        [self.landlock, self.seccomp, self.limits].into_iter().all(|held| held == Held::Full)
    }
}

impl fmt::Display for SandboxLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |held| match held {
            Held::Full => "full",
            Held::Partial => "partial",
            Held::None => "none",
        };
        write!(
            f,
            "a process of their own; limits {}, seccomp {}, landlock {}",
            word(self.limits),
            word(self.seccomp),
            word(self.landlock)
        )
    }
}

/// Shuts the calling thread in and says how far. What a kernel lacks is told: policies must be evaluated on old
/// kernels, too.
pub(super) fn enter() -> SandboxLevel {
    // The scanner raises the soft limit of processor time as long as there are answers.
    let mut limits = Limits::default();
    limits.set(Resource::As, MEMORY_BYTES, "memory");
    limits.set(Resource::Cpu, PATIENCE.as_secs() * 2, "processor time");
    limits.set(Resource::Fsize, 0, "file size");
    limits.set(Resource::Core, 0, "core");
    let (Sandbox { landlock, seccomp }, refused) = enter_closed();
    // Last: Landlock itself opens a file for a moment.
    limits.set(Resource::Nofile, 0, "open files");
    let limits_held = limits.held();
    let notes = limits.notes.into_iter().chain(refused).collect();
    SandboxLevel { landlock, seccomp, limits: limits_held, notes }
}

#[derive(Default)]
struct Limits {
    set: usize,
    notes: Vec<String>,
}

impl Limits {
    fn set(&mut self, resource: Resource, limit: u64, name: &str) {
        let current = Some(limit);
        // Of processor time only the soft limit: an unprivileged parent could not raise the hard one again.
        let maximum = if resource == Resource::Cpu { getrlimit(resource).maximum } else { current };
        match setrlimit(resource, Rlimit { current, maximum }) {
            Ok(()) => self.set += 1,
            Err(error) => self.notes.push(format!("limit of {name}: {error}")),
        }
    }

    fn held(&self) -> Held {
        match (self.set, self.notes.len()) {
            (0, _) => Held::None,
            (_, 0) => Held::Full,
            _ => Held::Partial,
        }
    }
}

//! The one table of exit codes. `docs/CONFIGURATION.md` and the man page quote it; scripts rely on it.

/// What the process says when it ends. An unknown code must be read as a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Complete, and nothing at or above the `--fail-on` severity.
    Ok,
    /// Complete, with findings at or above the `--fail-on` severity.
    Findings,
    /// Failed: there is no trustworthy result.
    Failed,
    /// Partial: at least one instance could not be judged. Wins over [`Exit::Findings`].
    Partial,
    /// Enforcement work is held and waits for a person or a window.
    Held,
    /// The command line was wrong (`EX_USAGE` of sysexits.h).
    Usage,
    /// Something this needs is down: the network, AWS, the state (`EX_UNAVAILABLE`).
    Unavailable,
    /// A bug in cattleguard (`EX_SOFTWARE`).
    Bug,
    /// No credentials, or not enough permission (`EX_NOPERM`).
    Permission,
    /// The configuration or a policy is wrong (`EX_CONFIG`).
    Config,
    /// Ended cleanly after SIGINT (128 + 2).
    Interrupted,
    /// Ended cleanly after SIGTERM (128 + 15).
    Terminated,
}

impl Exit {
    /// Every exit, in the order of the codes.
    pub const ALL: [Self; 12] = [
        Self::Ok,
        Self::Findings,
        Self::Failed,
        Self::Partial,
        Self::Held,
        Self::Usage,
        Self::Unavailable,
        Self::Bug,
        Self::Permission,
        Self::Config,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The process exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Findings => 1,
            Self::Failed => 2,
            Self::Partial => 3,
            Self::Held => 4,
            Self::Usage => 64,
            Self::Unavailable => 69,
            Self::Bug => 70,
            Self::Permission => 77,
            Self::Config => 78,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// One line for help texts.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Ok => "complete, nothing at or above --fail-on",
            Self::Findings => "complete, with findings at or above --fail-on",
            Self::Failed => "failed, no trustworthy result",
            Self::Partial => "partial, something could not be judged (wins over 1)",
            Self::Held => "enforcement work is held",
            Self::Usage => "wrong usage",
            Self::Unavailable => "a dependency is down",
            Self::Bug => "a bug",
            Self::Permission => "no credentials or no permission",
            Self::Config => "wrong configuration or policy",
            Self::Interrupted => "ended cleanly after SIGINT",
            Self::Terminated => "ended cleanly after SIGTERM",
        }
    }

    /// Rank among results of parts of one run: 2 before 3 before 1 before 4 before 0; anything that stopped
    /// the run altogether ranks above them all.
    const fn rank(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Held => 1,
            Self::Findings => 2,
            Self::Partial => 3,
            Self::Failed => 4,
            Self::Interrupted | Self::Terminated => 5,
            Self::Usage | Self::Unavailable | Self::Permission | Self::Config => 6,
            Self::Bug => 7,
        }
    }
}

/// The exit of a run made of parts: the worst of theirs, `Ok` for none.
pub fn worst(parts: impl IntoIterator<Item = Exit>) -> Exit {
    parts.into_iter().fold(Exit::Ok, |worst, part| if part.rank() > worst.rank() { part } else { worst })
}

/// The table for `--help`, one line a code.
pub fn help_table() -> String {
    let lines: Vec<String> =
        Exit::ALL.iter().map(|exit| format!("  {:>3}  {}", exit.code(), exit.describe())).collect();
    format!("Exit codes:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_documented_ones_and_unique() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 64, 69, 70, 77, 78, 130, 143]);
    }

    #[test]
    fn failure_wins_over_partial_over_findings_over_ok() {
        assert_eq!(worst([]), Exit::Ok);
        assert_eq!(worst([Exit::Ok, Exit::Findings, Exit::Ok]), Exit::Findings);
        assert_eq!(worst([Exit::Partial, Exit::Findings]), Exit::Partial);
        assert_eq!(worst([Exit::Findings, Exit::Partial, Exit::Failed]), Exit::Failed);
        assert_eq!(worst([Exit::Held, Exit::Findings]), Exit::Findings);
        assert_eq!(worst([Exit::Config, Exit::Failed]), Exit::Config);
    }
}

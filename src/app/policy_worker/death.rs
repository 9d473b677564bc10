//! Why a worker is no more, in words for people.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use super::MEMORY_BYTES;
use crate::app::terminal::clean_short;

/// What the language's runtime prints before it aborts.
const NO_MEMORY: &str = "memory allocation of";
const NO_STACK: &str = "has overflowed its stack";

/// SIGXCPU(7).
const SIGXCPU: i32 = 24;

/// Longest part of what it printed that is quoted, in characters.
const QUOTE: usize = 200;

/// How a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Death {
    /// It wanted more memory than it may have.
    Memory,
    /// It recursed too deeply.
    Stack,
    /// It used up its processor time.
    Processor,
    /// It was silent for so long that it was killed.
    Silent(Duration),
    /// It said what nobody understands, and was killed.
    Nonsense(String),
    /// It ended in another way: the status, and the end of what it printed.
    Ended(String),
}

impl Death {
    /// Reads a status and what was printed to stderr.
    pub(super) fn of(status: ExitStatus, printed: &[u8]) -> Self {
        let text = String::from_utf8_lossy(printed);
        if text.contains(NO_STACK) {
            return Self::Stack;
        }
        if text.contains(NO_MEMORY) {
            return Self::Memory;
        }
        if status.signal() == Some(SIGXCPU) {
            return Self::Processor;
        }
        let status = match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (_, Some(signal)) => format!("signal {signal}"),
            _ => "an unknown status".to_owned(),
        };
        let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
        Self::Ended(match last {
            Some(line) => format!("{status}: {}", clean_short(line, QUOTE)),
            None => status,
        })
    }
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => write!(f, "wanted more than its {} MiB of memory", MEMORY_BYTES / (1024 * 1024)),
            Self::Stack => f.write_str("recursed too deeply"),
            Self::Processor => f.write_str("used up its processor time"),
            Self::Silent(patience) => write!(f, "gave no answer for {patience:?} and was killed"),
            Self::Nonsense(what) => write!(f, "said what is not understood ({what}) and was killed"),
            Self::Ended(how) => write!(f, "ended with {how}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_death_is_told_by_what_was_printed_and_by_its_status() {
        let of = |status, printed: &str| Death::of(ExitStatus::from_raw(status), printed.as_bytes());
        assert_eq!(of(6, "memory allocation of 1048576 bytes failed\n"), Death::Memory);
        assert_eq!(of(6, "\nthread 'policy' (7) has overflowed its stack\nfatal runtime error\n"), Death::Stack);
        assert_eq!(of(SIGXCPU, ""), Death::Processor);
        assert_eq!(of(9, "").to_string(), "ended with signal 9");
        assert_eq!(of(70 << 8, "a\nb\u{1b}[31m\n").to_string(), "ended with exit code 70: b\\u{1b}[31m");
    }
}

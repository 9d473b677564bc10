//! What the pages tell of: a fleet of equal servers, by numbers.

use crate::Outcome;

/// The account the pages belong to.
pub(crate) const ACCOUNT: &str = "111122223333";

/// Sizes of the replayed fleet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fleet {
    /// Instances.
    pub(crate) instances: usize,
    /// Packages that each of them reports.
    pub(crate) packages: usize,
    /// Write events in the trail.
    pub(crate) events: usize,
}

impl Fleet {
    /// Reads `--instances`, `--packages` and `--events`.
    pub(crate) fn from_args(args: &[String]) -> Outcome<Self> {
        let number = |name, default: usize| option(args, name).map_or(Ok(default), str::parse);
        Ok(Self {
            instances: number("--instances", 5_000)?,
            packages: number("--packages", 300)?,
            events: number("--events", 10_000)?,
        })
    }

    /// The numbers of one page that starts at a token, and the token of the next.
    pub(crate) fn page(total: usize, token: Option<&str>, size: usize) -> (std::ops::Range<usize>, Option<String>) {
        let start = token.and_then(|token| token.parse().ok()).unwrap_or(0).min(total);
        let end = (start + size).min(total);
        (start..end, (end < total).then(|| end.to_string()))
    }
}

/// The value after an option.
pub(crate) fn option<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    args.iter().skip_while(|arg| *arg != name).nth(1).map(String::as_str)
}

/// The instance id of a number.
pub(crate) fn instance_id(number: usize) -> String {
    format!("i-{:017x}", 0x0a00_0000_0000_0000_u64 + number as u64)
}

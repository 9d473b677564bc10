//! `[exceptions]`: how long findings may be waived, and when people are told that a waiver ends.

use std::time::Duration;

use super::reader::Fault;
use super::section::Section;

/// Limits of exceptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExceptionsConfig {
    /// No exception lasts longer than this, whenever it was granted.
    pub max_duration: Duration,
    /// People are told this long before one ends.
    pub warn_before: Duration,
    /// Whether somebody else than who adds an exception must have approved it.
    pub other_approver: bool,
}

const DAY: Duration = Duration::from_secs(86_400);

/// A waiver that outlives a quarter is a change of policy and belongs there.
const DEFAULT_MAX: Duration = Duration::from_secs(90 * 86_400);
const DEFAULT_WARN: Duration = Duration::from_secs(7 * 86_400);
/// A year: what lasts longer is no exception.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

pub(super) fn read(section: &mut Section<'_, '_>) -> ExceptionsConfig {
    let max_duration = section.or("max_duration", DEFAULT_MAX);
    let warn_before = section.or("warn_before", DEFAULT_WARN);
    let other_approver = section.or("other_approver", false);
    if max_duration < DAY || max_duration > LONGEST {
        let fault = Fault::bad("`exceptions.max_duration`: between a day and a year")
            .help("what lasts longer is no exception: write it into a policy");
        section.fault("max_duration", fault);
    }
    ExceptionsConfig { max_duration, warn_before, other_approver }
}

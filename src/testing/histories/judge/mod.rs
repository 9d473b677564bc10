//! The judge. It knows what must never happen, and reads the account's own log: nothing that the enforcers planned,
//! thought or wrote down can talk it out of what it sees.

mod budget;
mod case;
mod ending;
mod pauses;
mod replacements;
pub(super) mod restoring;
mod taking;
mod zones;

use jiff::Timestamp;

use super::evidence::Evidence;
use case::Case;

/// Something that must never happen, and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which rule.
    pub rule: &'static str,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub what: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.at, self.rule, self.what)
    }
}

/// Judges one history.
pub fn judge(evidence: &Evidence) -> Vec<Violation> {
    let case = Case::new(evidence);
    let mut found = Vec::new();
    found.extend(replacements::judge(&case));
    found.extend(taking::judge(&case));
    found.extend(ending::judge(&case));
    found.extend(pauses::judge(&case));
    found.extend(budget::judge(&case));
    found.extend(zones::judge(&case));
    found.extend(restoring::judge(&case));
    let last = evidence.facts.last().map_or(Timestamp::UNIX_EPOCH, |fact| fact.at);
    if let Some(problem) = &evidence.audit {
        found.push(Violation { rule: "audit", at: last, what: problem.clone() });
    }
    for operation in &evidence.stranded {
        let what = format!("{operation} is neither done, nor undone, nor waiting for anything");
        found.push(Violation { rule: "stranded", at: last, what });
    }
    found.sort_by_key(|violation| violation.at);
    found
}

//! What was exercised. A run that exercised nothing proves nothing.

use std::collections::BTreeMap;
use std::fmt;

/// Counts by kind and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<(&'static str, String), u64>);

impl Tally {
    pub(super) fn count(&mut self, kind: &'static str, name: impl Into<String>) {
        *self.0.entry((kind, name.into())).or_default() += 1;
    }

    pub(super) fn add(&mut self, kind: &'static str, name: impl Into<String>, count: u64) {
        *self.0.entry((kind, name.into())).or_default() += count;
    }

    /// Adds another one.
    pub fn merge(&mut self, other: &Self) {
        for ((kind, name), count) in &other.0 {
            self.add(kind, name.clone(), *count);
        }
    }

    /// How often something happened.
    pub fn of(&self, kind: &str, name: &str) -> u64 {
        self.0.iter().filter(|((of, called), _)| *of == kind && called == name).map(|(_, count)| count).sum()
    }

    /// What should have happened in a run of this many histories and never did.
    pub fn missing(&self, histories: u64) -> Vec<String> {
        let wanted = EXPECTED.iter().filter(|(_, _, within)| histories >= *within);
        let never = wanted.filter(|(kind, name, _)| self.of(kind, name) == 0);
        never.map(|(kind, name, _)| format!("{kind} {name}")).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = "";
        for ((kind, name), count) in &self.0 {
            if *kind != last {
                writeln!(f, "{kind}")?;
                last = kind;
            }
            writeln!(f, "  {count:>10}  {name}")?;
        }
        Ok(())
    }
}

/// What must have happened at least once in so many histories.
const EXPECTED: [(&str, &str, u64); 46] = [
    ("operation", "quarantine hygiene done", 50),
    ("operation", "quarantine compromise done", 50),
    ("operation", "replace hygiene done", 50),
    ("operation", "replace hygiene rolled-back", 50),
    ("operation", "replace compromise done", 200),
    ("operation", "release hygiene done", 200),
    ("operation", "replace hygiene needs-human", 200),
    ("world", "standalone", 50),
    ("world", "target group", 50),
    ("world", "auto scaling", 50),
    ("world", "root volume", 50),
    ("world", "extras", 50),
    ("world", "two executors", 50),
    ("event", "drift", 50),
    ("event", "regroup", 50),
    ("event", "stop", 50),
    ("event", "terminate", 50),
    ("event", "deploy", 50),
    ("event", "pause", 50),
    ("event", "budget", 50),
    ("event", "approve", 200),
    ("event", "capacity", 50),
    ("event", "alarm", 200),
    ("event", "permission", 50),
    ("event", "bad image", 50),
    ("event", "kill", 50),
    ("event", "asked to end", 50),
    ("event", "release asked for", 200),
    ("event", "rollback asked for", 200),
    ("fault", "killed-before", 50),
    ("fault", "killed-after", 50),
    ("fault", "killed-reading", 50),
    ("fault", "answer-lost", 50),
    ("fault", "made-twice", 50),
    ("fault", "seen-late", 50),
    ("fault", "write-throttled", 50),
    ("fault", "read-throttled", 50),
    ("process", "went on with another's operation", 50),
    ("process", "found the lease held", 50),
    ("gate", "kill-switch refuse", 50),
    ("gate", "budget hold", 50),
    ("gate", "approval hold", 50),
    ("gate", "availability hold", 50),
    ("gate", "confirmed hold", 50),
    ("gate", "mass-drift refuse", 50),
    ("gate", "evidence hold", 50),
];

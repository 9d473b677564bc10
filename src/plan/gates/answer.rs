//! What a gate says.

use jiff::Timestamp;

use crate::types::{Gate, GateAnswer, GateReport};

/// A gate's answer with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plan) struct Answer {
    answer: GateAnswer,
    until: Option<Timestamp>,
    reason: String,
}

impl Answer {
    /// Go on.
    pub(in crate::plan) fn allow(reason: impl Into<String>) -> Self {
        Self { answer: GateAnswer::Allow, until: None, reason: reason.into() }
    }

    /// Not now; it ends by itself, but nobody can say when.
    pub(in crate::plan) fn hold(reason: impl Into<String>) -> Self {
        Self { answer: GateAnswer::Hold, until: None, reason: reason.into() }
    }

    /// Not now; it ends by itself at this time.
    pub(in crate::plan) fn hold_until(until: Timestamp, reason: impl Into<String>) -> Self {
        Self { answer: GateAnswer::Hold, until: Some(until), reason: reason.into() }
    }

    /// Not until somebody changes something; the reason says what.
    pub(in crate::plan) fn refuse(reason: impl Into<String>) -> Self {
        Self { answer: GateAnswer::Refuse, until: None, reason: reason.into() }
    }

    /// As the report of a gate.
    pub(in crate::plan) fn of(self, gate: Gate) -> GateReport {
        GateReport { gate, answer: self.answer, until: self.until, reason: self.reason }
    }
}

//! One difference as a rule reports it, before it becomes a finding with identity and history.

use serde_json::Value;

use crate::types::{Aspect, Code, Severity, Source};

/// What a rule found on one instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Finding code.
    pub code: Code,
    /// What exactly differs; part of the finding's identity, so it must not change from scan to scan.
    pub subject: String,
    /// Severity before policy.
    pub severity: Severity,
    /// One sentence.
    pub summary: String,
    /// What the golden says.
    pub expected: Value,
    /// What was seen.
    pub actual: Value,
    /// Who saw it.
    pub source: Source,
    /// Which events can explain it; `None` when no event can (an image is what it is).
    pub aspect: Option<Aspect>,
}

/// What the rules say of one instance: differences, and what they could not judge.
#[derive(Clone, Debug, Default)]
pub(super) struct RuleOutput {
    /// Differences.
    pub(super) drifts: Vec<Drift>,
    /// What could not be judged, with the source that is missing.
    pub(super) gaps: Vec<(Source, String)>,
}

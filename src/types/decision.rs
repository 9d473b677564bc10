//! Decisions: what policy says of one instance.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AccountId, Enforcement, FindingId, FleetName, InstanceId, Region, Severity};

/// What policy asks for. Ordered by strength.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Nothing.
    #[default]
    None,
    /// Tell people.
    Alert,
    /// Contain with evidence.
    Quarantine,
    /// Replace from the golden.
    Replace,
}

impl Action {
    /// The lower-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Alert => "alert",
            Self::Quarantine => "quarantine",
            Self::Replace => "replace",
        }
    }

    /// Lowers the action to what a ceiling allows.
    pub fn capped(self, ceiling: Enforcement) -> Self {
        let most = match ceiling {
            Enforcement::Observe => Self::Alert,
            Enforcement::Quarantine => Self::Quarantine,
            Enforcement::Replace => Self::Replace,
        };
        self.min(most)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which of the two step orders applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Track {
    /// Replace first; the old one serves until the new one does.
    #[default]
    Hygiene,
    /// Contain first.
    Compromise,
}

impl Track {
    /// The lower-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hygiene => "hygiene",
            Self::Compromise => "compromise",
        }
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What one policy said of one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyOutcome {
    /// No rule fired.
    Pass,
    /// Only `warn` rules fired.
    Warn,
    /// A `deny` or `violation` rule fired.
    Violation,
    /// Rules fired on findings that exceptions waive, and on nothing else.
    Waived,
    /// Evaluation failed; never read as a pass.
    Error,
}

/// One element of a `deny`, `violation` or `warn` set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleHit {
    /// `deny`, `violation` or `warn`.
    pub kind: String,
    /// Stable rule id; empty when the policy gave none.
    pub id: String,
    /// Message.
    pub msg: String,
    /// Severity.
    pub severity: Severity,
    /// Action asked for.
    pub action: Action,
    /// Track asked for.
    pub track: Track,
    /// Control ids, e.g. `pci-dss-4.0.1:11.5.2`.
    pub controls: Vec<String>,
    /// Findings this hit is about.
    pub finding_ids: Vec<FindingId>,
    /// Seconds to wait before acting.
    pub grace_s: u64,
    /// Anything else the policy put into the element.
    pub details: Value,
}

/// The result of one policy package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyResult {
    /// Package, e.g. `cattleguard.host.in_place_modification`.
    pub policy: String,
    /// Outcome.
    pub outcome: PolicyOutcome,
    /// What fired, strongest first.
    pub hits: Vec<RuleHit>,
    /// The error, when the outcome is one.
    pub error: Option<String>,
}

/// Whether evaluation worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionStatus {
    /// Every policy was evaluated.
    Ok,
    /// At least one failed: alert, no enforcement.
    Error,
}

/// What policy says of one instance, after the caps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Instance.
    pub instance: InstanceId,
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Fleet.
    pub fleet: Option<FleetName>,
    /// Final action, capped.
    pub action: Action,
    /// What policy asked for before the caps.
    pub asked: Action,
    /// What lowered it, for people: `mode = "observe"`, `fleet web: enforcement = "quarantine"`.
    pub capped_by: Option<String>,
    /// Track.
    pub track: Track,
    /// Severity.
    pub severity: Severity,
    /// Messages, strongest first.
    pub reasons: Vec<String>,
    /// Controls, sorted, without repeats.
    pub controls: Vec<String>,
    /// Longest grace any acting rule asked for, in seconds.
    pub grace_s: u64,
    /// Whether evaluation worked.
    pub status: DecisionStatus,
    /// Each policy's result.
    pub policies: Vec<PolicyResult>,
    /// SHA-256 of the input document.
    pub input_digest: String,
    /// Digest of the policy bundle.
    pub bundle_digest: String,
}

//! Fleets: the instances one rule set governs.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{AccountId, FleetName, Instance, LineName};

/// How far cattleguard may go. Ordered: a ceiling is the minimum of two of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// Detect, explain, alert.
    #[default]
    Observe,
    /// Contain as well.
    Quarantine,
    /// Replace as well.
    Replace,
}

impl Enforcement {
    /// The lower-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Quarantine => "quarantine",
            Self::Replace => "replace",
        }
    }
}

impl fmt::Display for Enforcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which instances belong to a fleet. All given conditions must hold; none given selects nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selector {
    /// Tags with their values; a value may end in `*`.
    pub tags: BTreeMap<String, String>,
    /// Auto Scaling group name; may end in `*`.
    pub asg: Option<String>,
    /// Only these accounts; empty means all.
    pub accounts: Vec<AccountId>,
}

impl Selector {
    /// Whether an instance meets every condition.
    pub fn matches(&self, instance: &Instance) -> bool {
        if self.tags.is_empty() && self.asg.is_none() {
            return false;
        }
        let tags_match = self
            .tags
            .iter()
            .all(|(key, pattern)| instance.tags.get(key).is_some_and(|value| glob_matches(pattern, value)));
        // Its tag says it too, where the group could not be read: a member is not nobody's while Auto Scaling is silent.
        let group = instance.asg.as_ref().map(|membership| membership.group.as_str());
        let group = group.or_else(|| instance.tags.get("aws:autoscaling:groupName").map(String::as_str));
        let asg_matches =
            self.asg.as_ref().is_none_or(|pattern| group.is_some_and(|group| glob_matches(pattern, group)));
        let account_matches = self.accounts.is_empty() || self.accounts.contains(&instance.account);
        tags_match && asg_matches && account_matches
    }
}

fn glob_matches(pattern: &str, value: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => value.starts_with(prefix),
        None => pattern == value,
    }
}

/// Freezes a fleet when too much of it drifts at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MassDrift {
    /// Never trips below this many instances.
    pub at_least: u32,
    /// Nor below this share of the fleet, in percent.
    pub percent: f64,
}

impl Default for MassDrift {
    fn default() -> Self {
        Self { at_least: 3, percent: 10.0 }
    }
}

/// One fleet as configured, defaults filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fleet {
    /// Name, unique.
    pub name: FleetName,
    /// Its members.
    pub select: Selector,
    /// Its golden line.
    pub golden: LineName,
    /// Its own ceiling.
    pub enforcement: Enforcement,
    /// How many instances may be in flight, unhealthy or recently finished at once.
    pub budget_count: u32,
    /// The same as a share of the fleet, rounded down.
    pub budget_percent: f64,
    /// Let one instance through when the percentage rounds down to none.
    pub allow_min_one: bool,
    /// How long a finished operation still counts against the budget.
    pub budget_cooldown: Duration,
    /// When replacing is allowed. Empty: never.
    pub windows: Vec<super::plan::Window>,
    /// Mass-drift breaker.
    pub mass_drift: MassDrift,
    /// Whether replacements finish one availability zone of an account-region before they begin the next.
    pub one_zone_at_a_time: bool,
    /// Healthy targets that must remain in each target group.
    pub min_healthy: u32,
    /// Whether a person must approve the plan.
    pub approval: bool,
    /// SSM inventory older than this is stale.
    pub inventory_max_age: Duration,
    /// Whether SSM inventory is expected at all; without it software is not judged.
    pub expect_inventory: bool,
    /// Whether agent reports are expected.
    pub expect_agent: bool,
    /// Principals (ARN patterns, `*` allowed at the end) whose changes policy may treat as sanctioned.
    pub sanctioned_principals: Vec<String>,
}

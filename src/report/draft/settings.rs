//! How notices are grouped and paced.

use std::time::Duration;

/// How notices are grouped and paced. The defaults are the numbers people know from Alertmanager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotifySettings {
    /// A new group waits this long for company. A run that delivers at once, like a single `scan`, has its
    /// company already and sets zero.
    pub group_wait: Duration,
    /// A group that changed is told again at the earliest this long after it was told last.
    pub update_interval: Duration,
    /// A group that nobody acknowledged is told again after this.
    pub repeat_interval: Duration,
    /// More groups than this in one scan become one digest.
    pub storm_groups: usize,
    /// Findings listed in one notice; the totals stay exact.
    pub listed_findings: usize,
}

impl Default for NotifySettings {
    fn default() -> Self {
        Self {
            group_wait: Duration::from_secs(30),
            update_interval: Duration::from_secs(5 * 60),
            repeat_interval: Duration::from_secs(4 * 3600),
            storm_groups: 20,
            listed_findings: 10,
        }
    }
}

//! How notices are grouped and paced.

use std::time::Duration;

use crate::types::Silence;

/// How notices are grouped and paced. The defaults are the numbers people know from Alertmanager.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// A group that came or went this often within the window flaps.
    pub flap_changes: usize,
    /// The window. A group that flaps is told no more often than once in it, beside its end.
    pub flap_window: Duration,
    /// What is not told.
    pub silences: Vec<Silence>,
}

impl Default for NotifySettings {
    fn default() -> Self {
        Self {
            group_wait: Duration::from_secs(30),
            update_interval: Duration::from_secs(5 * 60),
            repeat_interval: Duration::from_secs(4 * 3600),
            storm_groups: 20,
            listed_findings: 10,
            flap_changes: 3,
            flap_window: Duration::from_secs(30 * 60),
            silences: Vec::new(),
        }
    }
}

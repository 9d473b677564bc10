//! `[alerts]`: how notices are grouped and repeated, for all destinations.

use std::time::Duration;

use super::reader::Fault;
use super::section::Section;

/// Grouping of notices by fleet, finding code and actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertsConfig {
    /// How long the first notice of a group waits for more of its kind.
    pub group_wait: Duration,
    /// At most one update of a group in this time.
    pub update_interval: Duration,
    /// A group that is still open is repeated after this.
    pub repeat_interval: Duration,
}

const DEFAULT_GROUP_WAIT: Duration = Duration::from_secs(30);
const DEFAULT_UPDATE: Duration = Duration::from_secs(5 * 60);
const DEFAULT_REPEAT: Duration = Duration::from_secs(4 * 3_600);

pub(super) fn read(section: &mut Section<'_, '_>) -> AlertsConfig {
    let group_wait = section.or("group_wait", DEFAULT_GROUP_WAIT);
    let update_interval = section.or("update_interval", DEFAULT_UPDATE);
    let repeat_interval = section.or("repeat_interval", DEFAULT_REPEAT);
    if repeat_interval < update_interval {
        let message = "`alerts.repeat_interval`: must not be shorter than `update_interval`";
        section.fault("repeat_interval", Fault::bad(message));
    }
    AlertsConfig { group_wait, update_interval, repeat_interval }
}

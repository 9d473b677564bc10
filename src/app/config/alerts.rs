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
    /// More groups than this in one scan become one digest.
    pub storm_groups: u32,
    /// A group that came or went this often within `flap_window` flaps.
    pub flap_changes: u32,
    /// How long a group that flaps is not told again.
    pub flap_window: Duration,
}

const DEFAULT_GROUP_WAIT: Duration = Duration::from_secs(30);
const DEFAULT_UPDATE: Duration = Duration::from_secs(5 * 60);
const DEFAULT_FLAP_WINDOW: Duration = Duration::from_secs(30 * 60);
const DEFAULT_REPEAT: Duration = Duration::from_secs(4 * 3_600);

pub(super) fn read(section: &mut Section<'_, '_>) -> AlertsConfig {
    let group_wait = section.or("group_wait", DEFAULT_GROUP_WAIT);
    let update_interval = section.or("update_interval", DEFAULT_UPDATE);
    let repeat_interval = section.or("repeat_interval", DEFAULT_REPEAT);
    if repeat_interval < update_interval {
        let message = "`alerts.repeat_interval`: must not be shorter than `update_interval`";
        section.fault("repeat_interval", Fault::bad(message));
    }
    let storm_groups = section.or("storm_groups", 20);
    let flap_changes = section.or("flap_changes", 3);
    let flap_window = section.or("flap_window", DEFAULT_FLAP_WINDOW);
    if flap_changes < 2 {
        let fault = Fault::bad("`alerts.flap_changes`: whatever comes once would flap").help("at least 2");
        section.fault("flap_changes", fault);
    }
    AlertsConfig { group_wait, update_interval, repeat_interval, storm_groups, flap_changes, flap_window }
}

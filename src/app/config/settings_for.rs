//! What the configuration says of operations on one fleet, as the remediate stage takes it.

use std::path::PathBuf;
use std::time::Duration;

use super::{Config, EnforcementConfig, FleetEnforcement};
use crate::remediate::Settings;
use crate::types::FleetName;

impl Config {
    /// How operations on a fleet are done. An unknown fleet gets the defaults.
    pub fn settings_for(&self, fleet: &FleetName) -> Settings {
        let EnforcementConfig { max_age, retain, bake, poll, isolation_group, open_group, quarantine_profile, .. } =
            &self.enforcement;
        let own = self.fleet_enforcement.get(fleet).cloned().unwrap_or_default();
        let FleetEnforcement { cut, identity, method, moves, alarms, bake: own_bake, retain: own_retain, .. } = own;
        let seconds = |own: Option<Duration>, all: &Duration| own.unwrap_or(*all).as_secs();
        Settings {
            cut,
            identity,
            isolation_group: isolation_group.clone(),
            open_group: open_group.clone(),
            quarantine_profile: quarantine_profile.clone(),
            method,
            moves,
            bake_s: seconds(own_bake, bake),
            retain_s: seconds(own_retain, retain),
            poll_s: poll.as_secs(),
            expect_inventory: self.fleets.iter().find(|one| one.name == *fleet).is_none_or(|one| one.expect_inventory),
            alarms,
            max_age_s: max_age.as_secs(),
            ..Settings::default()
        }
    }

    /// The folder of evidence bundles.
    pub fn evidence_folder(&self) -> PathBuf {
        self.enforcement.evidence.clone().unwrap_or_else(|| self.state.path.with_file_name("evidence"))
    }

    /// How many different people must approve a plan where approval is wanted.
    pub fn approvals_needed(&self) -> usize {
        if self.enforcement.two_person { 2 } else { 1 }
    }
}

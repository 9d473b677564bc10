//! What the plan must know when it will be carried out: permissions, alarms, the kill switch.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::config::Config;
use crate::app::enforcing::Enforcing;
use crate::plan::{Alarm, AlarmState, Permissions};
use crate::remediate::{KillSwitch, actions_for};
use crate::types::{AccountId, Enforcement, FleetName, OperationKind, Place};

/// Asks whether the enforcing role may do, in each account, what operations on the configured fleets may need, and what
/// a person wants. An account that cannot be asked is left out, and its operations are held.
pub(in crate::app) async fn permissions(
    config: &Config,
    enforcing: &Enforcing,
    places: &[Place],
    wanted: Option<OperationKind>,
) -> Permissions {
    let mut actions = BTreeSet::new();
    for fleet in &config.fleets {
        let settings = config.settings_for(&fleet.name);
        let kinds = needed(fleet.enforcement.min(config.mode)).iter().copied();
        // Which fleet a person's wish is about is known after the scan only.
        let kinds = kinds.chain(wanted.map_or(&[][..], |kind| needed(reach(kind))).iter().copied());
        actions.extend(kinds.flat_map(|kind| actions_for(kind, &settings)));
    }
    let actions: Vec<&str> = actions.into_iter().collect();
    let mut checked: BTreeMap<AccountId, Vec<String>> = BTreeMap::new();
    let mut asked = BTreeSet::new();
    for place in places.iter().filter(|place| asked.insert(place.account.clone())) {
        match enforcing.probe.missing_permissions(place, &actions).await {
            Ok(missing) => drop(checked.insert(place.account.clone(), missing)),
            Err(error) => tracing::warn!(account = %place.account, error = %error, "permissions could not be checked"),
        }
    }
    Permissions::Checked(checked)
}

/// Every kind of operation that may be begun where this much is enforced.
fn needed(enforcement: Enforcement) -> &'static [OperationKind] {
    match enforcement {
        Enforcement::Observe => &[],
        Enforcement::Quarantine => &[OperationKind::Quarantine, OperationKind::Release],
        Enforcement::Replace => &[OperationKind::Quarantine, OperationKind::Release, OperationKind::Replace],
    }
}

/// How far a person's wish goes: a replacement may be a quarantine first.
fn reach(kind: OperationKind) -> Enforcement {
    match kind {
        OperationKind::Replace => Enforcement::Replace,
        OperationKind::Quarantine | OperationKind::Release | OperationKind::Rollback => Enforcement::Quarantine,
    }
}

/// The state of the alarms that fleets name; in several account-regions the worst counts.
pub(in crate::app) async fn alarms(config: &Config, enforcing: &Enforcing, places: &[Place]) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    for fleet in &config.fleets {
        let names = config.settings_for(&fleet.name).alarms;
        if names.is_empty() {
            continue;
        }
        let mut worst: BTreeMap<String, AlarmState> = BTreeMap::new();
        for place in places {
            let seen = enforcing.probe.alarms(place, &names).await.unwrap_or_default();
            for name in &names {
                // An alarm lives in one account-region; where it does not exist it says nothing.
                let Some(state) = seen.get(name) else { continue };
                let known = worst.entry(name.clone()).or_insert(*state);
                if rank(*state) > rank(*known) {
                    *known = *state;
                }
            }
        }
        alarms.extend(names.into_iter().map(|name| {
            let state = worst.get(&name).copied().unwrap_or(AlarmState::Unknown);
            Alarm { fleet: Some(fleet.name.clone()), name, state }
        }));
    }
    alarms
}

/// A known state counts more than none: an alarm that is missing in one place exists in another.
fn rank(state: AlarmState) -> u8 {
    match state {
        AlarmState::Unknown => 0,
        AlarmState::Ok => 1,
        AlarmState::Firing => 2,
    }
}

/// The kill switch as the plan shows it; it is read again before every change.
pub(in crate::app) async fn pulled(
    kill_switch: &KillSwitch,
    enforcing: &Enforcing,
    stop_variable: Option<&str>,
) -> Option<String> {
    let no_fleet = FleetName::new("");
    let none = || Ok(Vec::new());
    let checked = kill_switch.check(enforcing.probe.as_ref(), none, stop_variable, &no_fleet).await;
    checked.err().map(|pulled| pulled.to_string())
}

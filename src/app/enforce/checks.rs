//! What the plan must know when it will be carried out: permissions, alarms, the kill switch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::app::config::Config;
use crate::app::enforcing::Enforcing;
use crate::plan::{Alarm, AlarmState, Permissions};
use crate::remediate::{CloudProbe, KillSwitch, actions_for};
use crate::types::{AccountId, Enforcement, Fleet, FleetName, OperationKind, Place};

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

/// The state of the alarms that fleets name.
pub(in crate::app) async fn alarms(config: &Config, enforcing: &Enforcing) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    for fleet in &config.fleets {
        alarms.extend(fleet_alarms(config, &enforcing.probe, fleet).await);
    }
    alarms
}

/// The state of one fleet's alarms.
pub(super) async fn fleet_alarms(config: &Config, probe: &Arc<dyn CloudProbe>, fleet: &Fleet) -> Vec<Alarm> {
    let names = config.settings_for(&fleet.name).alarms;
    let states = alarm_states(config, probe.as_ref(), fleet, &names).await;
    states.into_iter().map(|(name, state)| Alarm { fleet: Some(fleet.name.clone()), name, state }).collect()
}

/// The state of each alarm, in every account-region that the fleet may have servers in. The worst counts.
pub(super) async fn alarm_states(
    config: &Config,
    probe: &dyn CloudProbe,
    fleet: &Fleet,
    names: &[String],
) -> Vec<(String, AlarmState)> {
    if names.is_empty() {
        return Vec::new();
    }
    let accounts = &fleet.select.accounts;
    let mut worst: BTreeMap<String, AlarmState> = BTreeMap::new();
    let mut note = |name: &String, state| {
        let known = worst.entry(name.clone()).or_insert(state);
        if rank(state) > rank(*known) {
            *known = state;
        }
    };
    for place in config.places().iter().filter(|place| accounts.is_empty() || accounts.contains(&place.account)) {
        match probe.alarms(place, names).await {
            // An alarm lives in one account-region; where it does not exist it says nothing.
            Ok(seen) => seen.iter().for_each(|(name, state)| note(name, *state)),
            // It may exist there, and fire.
            Err(error) => {
                tracing::warn!(place = %place, error = %error, "alarms could not be read: their fleets are held");
                names.iter().for_each(|name| note(name, AlarmState::Unknown));
            }
        }
    }
    let state = |name: &String| worst.get(name).copied().unwrap_or(AlarmState::Unknown);
    names.iter().map(|name| (name.clone(), state(name))).collect()
}

/// How bad a state is. One that nobody can tell may be the worst, so it holds as well.
fn rank(state: AlarmState) -> u8 {
    match state {
        AlarmState::Ok => 0,
        AlarmState::Unknown => 1,
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

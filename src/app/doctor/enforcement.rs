//! What enforcement needs: permissions by IAM's own simulation, alarms, launch templates, and the kill switch.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Checks, Fault, Topic};
use super::refused;
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::enforce::{alarms, permissions, pulled};
use crate::app::enforcing::Enforcing;
use crate::app::pipeline::Seen;
use crate::app::terminal::clean_short;
use crate::plan::{AlarmState, Permissions};
use crate::remediate::{KillSwitch, OperationStatus};
use crate::store::Store;
use crate::types::{Enforcement, Fleet, GoldenStatus, ImageId, Place};

/// Nothing of it is asked where nothing is enforced.
pub(super) async fn check(
    context: &Context<'_>,
    config: &Config,
    store: Option<&dyn Store>,
    seen: Option<&Seen>,
    checks: &mut Checks,
) {
    let enforced = |fleet: &&Fleet| fleet.enforcement.min(config.mode) != Enforcement::Observe;
    if !config.fleets.iter().any(|fleet| enforced(&fleet)) {
        return checks.ok(Topic::Enforcement, "", "nothing is enforced: mode and fleets say observe");
    }
    let enforcing = match context.backend.connect_enforcing(config).await {
        Ok(enforcing) => enforcing,
        Err(error) => return refused(Topic::Enforcement, "", &error, checks),
    };
    let places = config.places();
    let found = permissions(config, &enforcing, &places, None).await;
    rights(config, &found, checks);
    for alarm in alarms(config, &enforcing).await {
        let subject = alarm.fleet.as_ref().map_or_else(String::new, |fleet| format!("fleet {fleet}"));
        let name = clean_short(&alarm.name, 120);
        match alarm.state {
            AlarmState::Ok => checks.ok(Topic::Enforcement, subject, format!("the alarm {name} is quiet")),
            AlarmState::Firing => {
                checks.warn(Topic::Enforcement, subject, format!("the alarm {name} fires"), "it holds enforcement");
            }
            AlarmState::Unknown => {
                let text = format!("the alarm {name} is nowhere, has no data, or cannot be read everywhere");
                checks.warn(Topic::Enforcement, subject, text, "enforcement is held until it says that all is well");
            }
        }
    }
    if let Some(seen) = seen {
        templates(&enforcing, &groups(config, seen), checks).await;
    }
    let variable = context.variable("CATTLEGUARD_STOP");
    switches(config, &enforcing, &places, variable.as_deref(), checks).await;
    if let Some(store) = store {
        waiting(store, checks);
    }
}

/// Every switch beside the pauses; the parameter is one of its own in each account-region.
async fn switches(
    config: &Config,
    enforcing: &Enforcing,
    places: &[Place],
    variable: Option<&str>,
    checks: &mut Checks,
) {
    let settings = &config.enforcement.kill_switch;
    let parameters: Vec<_> = match &settings.parameter {
        Some(name) => places.iter().map(|place| Some((place.clone(), name.clone()))).collect(),
        None => vec![None],
    };
    let mut reasons = BTreeSet::new();
    for parameter in parameters {
        let switch = KillSwitch { file: Some(settings.file.clone()), parameter };
        reasons.extend(pulled(&switch, enforcing, variable).await);
    }
    if reasons.is_empty() {
        checks.ok(Topic::Enforcement, "", "the kill switch is not pulled");
    }
    for reason in reasons {
        checks.warn(Topic::Enforcement, "", clean_short(&reason, 300), "nothing is enforced until then");
    }
}

/// What waits for a person: pauses, and operations that can go neither on nor back by themselves.
fn waiting(store: &dyn Store, checks: &mut Checks) {
    match store.pauses() {
        Err(error) => checks.fail(Topic::Enforcement, "", Fault::Unavailable, error.to_string(), ""),
        Ok(pauses) => {
            for (fleet, reason) in pauses {
                let (what, lifts) = match fleet {
                    None => ("everything".to_owned(), "cattleguard resume".to_owned()),
                    Some(fleet) => (format!("fleet {fleet}"), format!("cattleguard resume --fleet {fleet}")),
                };
                let text = format!("{what} is paused: {}", clean_short(&reason, 300));
                checks.warn(Topic::Enforcement, "", text, &lifts);
            }
        }
    }
    match store.unfinished_operations() {
        Err(error) => checks.fail(Topic::Enforcement, "", Fault::Unavailable, error.to_string(), ""),
        Ok(operations) => {
            for one in operations.iter().filter(|one| one.status == OperationStatus::NeedsHuman) {
                let text = format!("{} ({} of {}) waits for a person", one.id, one.kind, one.instance);
                checks.warn(Topic::Enforcement, "", text, &format!("cattleguard operations show {}", one.id));
            }
        }
    }
}

fn rights(config: &Config, found: &Permissions, checks: &mut Checks) {
    let Permissions::Checked(by_account) = found else { return };
    for account in &config.accounts {
        let subject = account.id.to_string();
        match by_account.get(&account.id) {
            Some(missing) if missing.is_empty() => {
                checks.ok(Topic::Enforcement, subject, "every action that operations need is allowed");
            }
            Some(missing) => {
                let text = format!("not allowed: {}", missing.join(", "));
                let advice = "`cattleguard iam-policy --enforce` prints what is needed";
                checks.fail(Topic::Enforcement, subject, Fault::Permission, text, advice);
            }
            None => {
                let advice =
                    "it needs iam:SimulatePrincipalPolicy on itself; operations are held until it can be asked";
                checks.fail(Topic::Enforcement, subject, Fault::Permission, "permissions cannot be checked", advice);
            }
        }
    }
}

/// The Auto Scaling groups of fleets whose members may be replaced, with the images that they should launch.
type Groups = BTreeMap<(Place, String), Option<BTreeSet<ImageId>>>;

fn groups(config: &Config, seen: &Seen) -> Groups {
    let mut groups = Groups::new();
    for fleet in config.fleets.iter().filter(|fleet| fleet.enforcement.min(config.mode) == Enforcement::Replace) {
        let promoted =
            seen.goldens.iter().find(|golden| golden.line == fleet.golden && golden.status == GoldenStatus::Promoted);
        let images = promoted.map(|golden| golden.images.iter().map(|image| image.image.clone()).collect());
        for member in seen.snapshot.instances.iter().filter(|one| one.is_live() && fleet.select.matches(one)) {
            if let Some(membership) = &member.asg {
                groups.insert((member.place(), membership.group.clone()), images.clone());
            }
        }
    }
    groups
}

/// Whether each group of a fleet launches what its golden says: a group that does not is refused when its member is to
/// be replaced, and launches drifted servers until then.
async fn templates(enforcing: &Enforcing, groups: &Groups, checks: &mut Checks) {
    for ((place, name), golden) in groups {
        let subject = format!("{place} group {}", clean_short(name, 80));
        match enforcing.probe.group(place, name).await {
            Ok(Some(group)) if !group.pinned => {
                let advice = "name the launch template's version by its number: $Latest and $Default change unseen";
                checks.warn(Topic::Enforcement, subject, "its launch template's version is not pinned", advice);
            }
            Ok(Some(group)) => match golden {
                Some(images) if group.images.is_empty() || !group.images.is_subset(images) => {
                    let launched: Vec<&str> = group.images.iter().map(|image| image.as_str()).collect();
                    let text = format!("it launches {}, not the golden's image", launched.join(", "));
                    let advice = "point its launch template at the golden; members are not replaced before";
                    checks.warn(Topic::Enforcement, subject, text, advice);
                }
                Some(_) => checks.ok(Topic::Enforcement, subject, "launches its golden, by a pinned template"),
                None => {
                    let text = "launches by a pinned template; no promoted golden is known to compare it with";
                    checks.ok(Topic::Enforcement, subject, text);
                }
            },
            Ok(None) => {}
            Err(error) => {
                let fault = if error.is_refusal() { Fault::Permission } else { Fault::Unavailable };
                checks.fail(Topic::Enforcement, subject, fault, error.reason(), "");
            }
        }
    }
}

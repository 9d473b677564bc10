//! Which instances are pets: treated as one of a kind. Pure.
//!
//! A pet was changed in place, logged into, launched from no recorded golden, or is long past its golden. The
//! score only orders them; what counts is the list of traits and what it would take to replace the instance.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::render::parts::{blocking, gate_line};
use super::view::View;
use crate::store::InstanceResult;
use crate::types::{
    AccountId, Action, Finding, FindingStatus, FleetName, Golden, GoldenRef, GoldenStatus, Instance, InstanceId, Region,
};

/// A golden may be superseded this long before its instances count as left behind: time for a normal roll-out.
const ROLLOUT_DAYS: i64 = 7;
/// A server that has run this long has outlived any normal release rhythm.
const OLD_DAYS: i64 = 90;
/// Findings beyond this many of one kind add nothing to the score.
const COUNTED: u32 = 5;

/// One thing that makes an instance a pet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PetTrait {
    /// What, for people. May hold untrusted words.
    pub what: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// By whom, where it is known.
    pub by: Option<String>,
    /// Its share of the score.
    pub weight: u32,
}

/// One instance that people treat as one of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pet {
    /// Instance.
    pub instance: InstanceId,
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// `Name` tag.
    pub name: Option<String>,
    /// Fleet.
    pub fleet: Option<FleetName>,
    /// Golden.
    pub golden: Option<GoldenRef>,
    /// Sum of the weights.
    pub score: u32,
    /// Since when it is one: the earliest drift, or when its golden was superseded.
    pub since: Option<Timestamp>,
    /// What makes it one, heaviest first.
    pub traits: Vec<PetTrait>,
    /// What it would take to replace it.
    pub needs: Vec<String>,
}

/// The pets, worst first. `view` holds the findings and the plan.
pub fn find_pets(results: &[InstanceResult], goldens: &[Golden], view: &View<'_>, now: Timestamp) -> Vec<Pet> {
    let mut pets: Vec<_> = results.iter().filter_map(|result| pet(result, goldens, view, now)).collect();
    pets.sort_by(|a, b| {
        (b.score, &a.account, &a.region, &a.instance).cmp(&(a.score, &b.account, &b.region, &b.instance))
    });
    pets
}

fn pet(result: &InstanceResult, goldens: &[Golden], view: &View<'_>, now: Timestamp) -> Option<Pet> {
    let instance = &result.instance;
    let mut traits = drift_traits(view.findings(&instance.id));
    traits.extend(left_behind(result, goldens, now));
    if traits.is_empty() {
        return None;
    }
    let since = traits.iter().filter_map(|of| of.since).min();
    // These alone do not make a pet; on one they say how attached people are to it.
    traits.extend(attachments(result, now));
    traits.sort_by(|a, b| (b.weight, &a.what).cmp(&(a.weight, &b.what)));
    Some(Pet {
        instance: instance.id.clone(),
        account: instance.account.clone(),
        region: instance.region.clone(),
        name: instance.tags.get("Name").cloned(),
        fleet: result.fleet.clone(),
        golden: result.golden.clone(),
        score: traits.iter().map(|of| of.weight).sum(),
        since,
        traits,
        needs: needs(result, view),
    })
}

/// One trait for each kind of drift.
fn drift_traits(findings: &[&Finding]) -> Vec<PetTrait> {
    let mut kinds: BTreeMap<&'static str, (u32, Vec<&Finding>)> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.status != FindingStatus::Resolved) {
        if let Some((kind, weight)) = kind_of(finding.code.as_str()) {
            kinds.entry(kind).or_insert((weight, Vec::new())).1.push(finding);
        }
    }
    kinds
        .into_iter()
        .map(|(kind, (weight, list))| {
            let number = u32::try_from(list.len()).unwrap_or(u32::MAX);
            let first = list.iter().min_by_key(|finding| finding.first_seen);
            let times = if number == 1 { String::new() } else { format!(", {number} times") };
            let detail = first.map_or("", |finding| finding.summary.as_str());
            PetTrait {
                what: format!("{kind}{times}: {detail}"),
                since: first.map(|finding| {
                    finding.attribution.first().map_or(finding.first_seen, |by| by.event_time.min(finding.first_seen))
                }),
                by: list.iter().find_map(|finding| finding.attribution.first()).map(|by| by.display.clone()),
                weight: weight + (number.min(COUNTED) - 1) * 3,
            }
        })
        .collect()
}

/// The kind of a code with its weight; codes about our own sight say nothing of the instance.
fn kind_of(code: &str) -> Option<(&'static str, u32)> {
    Some(match code {
        "image-unrecorded" => ("of no recorded golden", 40),
        "image-revoked" => ("of a revoked golden", 45),
        "image-not-promoted" => return None,
        "event-interactive-session" | "event-ssh-key-pushed" | "event-serial-console" => ("logged into", 25),
        code if code.starts_with("event-") => ("changed by a call", 20),
        code if code.starts_with("file-") => ("files changed", 25),
        code if code.starts_with("software-") => ("software changed", 20),
        code if code.starts_with("config-") => ("configuration changed", 15),
        _ => return None,
    })
}

/// Past its golden: another version has been promoted for longer than a roll-out takes.
fn left_behind(result: &InstanceResult, goldens: &[Golden], now: Timestamp) -> Option<PetTrait> {
    let own = result.golden.as_ref()?;
    let current = goldens.iter().find(|golden| golden.line == own.line && golden.status == GoldenStatus::Promoted)?;
    let since = current.promoted_at?;
    let days = days_between(since, now);
    if current.version == own.version || days < ROLLOUT_DAYS {
        return None;
    }
    let weight = 10 + u32::try_from(days / 30).unwrap_or(u32::MAX).min(20);
    let what = format!("left behind on {own}: {} was promoted {days} days ago", current.reference());
    Some(PetTrait { what, since: Some(since), by: None, weight })
}

fn attachments(result: &InstanceResult, now: Timestamp) -> Vec<PetTrait> {
    let instance = &result.instance;
    let mut traits = Vec::new();
    let days = days_between(instance.launched_at, now);
    if days >= OLD_DAYS {
        let weight = u32::try_from(days / OLD_DAYS).unwrap_or(u32::MAX).min(10);
        let what = format!("has run for {days} days");
        traits.push(PetTrait { what, since: Some(instance.launched_at), by: None, weight });
    }
    if has_own_address(instance) {
        traits.push(PetTrait { what: "has an Elastic IP of its own".to_owned(), since: None, by: None, weight: 5 });
    }
    if result.fleet.is_none() {
        traits.push(PetTrait { what: "belongs to no fleet".to_owned(), since: None, by: None, weight: 10 });
    }
    traits
}

fn needs(result: &InstanceResult, view: &View<'_>) -> Vec<String> {
    let instance = &result.instance;
    let mut needs = Vec::new();
    if result.golden.is_none() {
        needs.push("a recorded golden to launch from: `cattleguard golden record`".to_owned());
    }
    if result.fleet.is_none() {
        needs.push("a fleet in the configuration that selects it".to_owned());
    }
    let kept = instance.volumes.iter().filter(|volume| !volume.root && volume.delete_on_termination == Some(false));
    needs.extend(kept.map(|volume| format!("data volume {} at {} moved or copied", volume.id, volume.device)));
    if has_own_address(instance) {
        needs.push("its Elastic IP moved".to_owned());
    }
    let kept = instance.interfaces.iter().filter(|interface| interface.device_index > 0);
    needs.extend(kept.map(|interface| format!("interface {} moved", interface.id)));
    if let Some(held) = view.held(&instance.id) {
        needs.extend(blocking(&held.gates).into_iter().map(|gate| format!("gate {}", gate_line(gate))));
    } else if view.operation(&instance.id).is_some() {
        needs.push("nothing else: the plan would act on it now".to_owned());
    } else if let Some(decision) = &result.decision
        && decision.action < Action::Replace
    {
        let by = decision.capped_by.as_deref().map_or(String::new(), |by| format!(" (lowered by {by})"));
        needs.push(format!("policy that asks for more than {}{by}", decision.action));
    }
    needs
}

fn has_own_address(instance: &Instance) -> bool {
    instance.interfaces.iter().any(|interface| !interface.address_associations.is_empty())
}

fn days_between(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs() / 86_400
}

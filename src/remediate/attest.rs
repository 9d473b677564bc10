//! Proves that one instance equals its golden, by the same rules as a scan. Nothing here trusts what was seen before
//! the launch, and what was not seen is never taken for equal.

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use cattleguard_agent::inventory::{DIFFERENCE_TYPE, REPORT_TYPE, Report};
use jiff::Timestamp;

use super::{Condition, Does, Moving, OperationRecord};
use crate::collect::{CloudRead, ReadError, ReadFailure, read_reference};
use crate::detect::{codes, compare};
use crate::report::text::clean;
use crate::types::{
    Code, Coverage, CoverageStatus, Fleet, Golden, Instance, InstanceId, InventoryItem, InventoryType, Observed, Place,
    ScanId, Severity, Snapshot, Source,
};

/// Differences that are told one by one; more are counted.
const TOLD: usize = 20;
/// Longest text of one of them: package names come from inside the instance.
const TOLD_CHARS: usize = 300;
/// What only memory holds comes and goes while a server starts: the scans after it judge it.
const OF_MEMORY: [Code; 3] =
    [codes::SOFTWARE_MODULE_CHANGED, codes::SOFTWARE_SYSCTL_CHANGED, codes::SOFTWARE_LISTENER_CHANGED];
/// The agent's own inventory types are judged by its report, not by a baseline.
const OWN_TYPES: &str = "Custom:Cattleguard";

/// What is attested.
#[derive(Clone, Copy, Debug)]
pub struct AttestRequest<'a> {
    /// Where.
    pub place: &'a Place,
    /// Instance.
    pub instance: &'a InstanceId,
    /// What it must equal.
    pub golden: &'a Golden,
    /// Its fleet: what can be expected of its agents.
    pub fleet: &'a Fleet,
    /// What was captured at this time or before says nothing: the launch, or the start of a root volume replacement.
    pub launched_after: Timestamp,
    /// Now.
    pub now: Timestamp,
    /// What it will get from the old instance later.
    pub moving: &'a Moving,
}

/// What an attestation says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attestation {
    /// Everything was seen and equals the golden.
    Clean,
    /// Something was not seen yet.
    Waiting(String),
    /// It differs.
    Different(Vec<String>),
}

/// From when on captures of an operation's new server count. A root volume that was replaced in place comes later than
/// the operation, and what was captured between the two is of the old one.
pub fn captures_after(record: &OperationRecord) -> Timestamp {
    let replaced = record.steps.iter().filter(|step| step.step.does == Does::Wait(Condition::RootReplaced));
    replaced.filter_map(|step| step.ended_at).max().unwrap_or(record.created_at)
}

/// Reads one instance, fresh and in full, and compares it.
///
/// # Errors
/// The first read that fails.
pub async fn attest(cloud: &dyn CloudRead, request: &AttestRequest<'_>) -> Result<Attestation, ReadError> {
    let mut instance = match read(cloud, request).await {
        Ok(instance) => instance,
        // Known to whoever launched it, and not to this reader yet.
        Err(error) if error.failure == ReadFailure::NotFound => return Ok(Attestation::Waiting(error.to_string())),
        Err(error) => return Err(error),
    };
    if instance.state != "running" {
        return Ok(Attestation::Waiting(format!("is {}", instance.state)));
    }
    let since = request.launched_after.max(instance.launched_at);
    instance.inventory.retain(|kind, item| is_new(kind, item, since));
    let missing = missing(&instance, request);
    let golden = without_moving(request.golden, request.moving, &instance);
    let snapshot = snapshot(request);
    let found = compare(&snapshot, &instance, &golden, request.fleet, request.now);

    let differences: Vec<String> = found
        .drifts
        .iter()
        .filter(|drift| drift.severity > Severity::Info)
        // That something cannot be seen is no difference; a report that contradicts itself is one.
        .filter(|drift| drift.code.family() != "blind" || drift.code == codes::BLIND_AGENT_TAMPERED)
        .filter(|drift| !OF_MEMORY.contains(&drift.code))
        .map(|drift| format!("{}: {}", drift.code, clean(&drift.summary, TOLD_CHARS)))
        .collect();
    if !differences.is_empty() {
        return Ok(Attestation::Different(bounded(differences)));
    }
    let gaps: BTreeSet<String> =
        found.gaps.iter().map(|(_, reason)| clean(reason, TOLD_CHARS)).chain(missing).collect();
    let gaps: Vec<String> = gaps.into_iter().collect();
    Ok(if gaps.is_empty() { Attestation::Clean } else { Attestation::Waiting(bounded(gaps).join("; ")) })
}

async fn read(cloud: &dyn CloudRead, request: &AttestRequest<'_>) -> Result<Instance, ReadError> {
    let mut types: BTreeSet<InventoryType> = request.golden.baseline.inventory.keys().cloned().collect();
    types.insert(InventoryType::new("AWS:InstanceInformation"));
    if request.golden.baseline.manifest_root.is_some() || request.fleet.expect_agent {
        types.extend([REPORT_TYPE, DIFFERENCE_TYPE].map(InventoryType::new));
    }
    let types: Vec<InventoryType> = types.into_iter().collect();
    let (place, id) = (request.place, request.instance);
    let mut instance = read_reference(cloud, place, id, &types, request.now).await?;
    let nodes = cloud.managed_nodes_by_id(place, std::slice::from_ref(id)).await?;
    let node = nodes.into_iter().find(|record| record.instance == *id).map(|record| record.node);
    instance.node = Observed::Seen(node);
    Ok(instance)
}

/// Whether an item was captured after a time. The agent's report says itself when it looked: SSM may capture an old
/// file again.
fn is_new(kind: &InventoryType, item: &InventoryItem, since: Timestamp) -> bool {
    let looked_at = if kind.as_str() == REPORT_TYPE {
        // One that cannot be read stays, for the rule to say so.
        Report::from_entries(&item.content.entries).ok().map(|report| report.finished_at)
    } else {
        None
    };
    item.captured_at.is_some_and(|at| at > since) && looked_at.is_none_or(|at| at > since)
}

/// What the rules take as given although it was not seen: types of the baseline of which nothing new was reported, and
/// parts of the configuration that EC2 has not described yet.
fn missing(instance: &Instance, request: &AttestRequest<'_>) -> Vec<String> {
    let contract = &request.golden.contract;
    let mut missing = Vec::new();
    if request.fleet.expect_inventory {
        let kinds = request.golden.baseline.inventory.keys();
        let unseen =
            kinds.filter(|kind| !kind.as_str().starts_with(OWN_TYPES) && !instance.inventory.contains_key(kind));
        missing.extend(unseen.map(|kind| format!("no inventory of type {kind} since the launch")));
    }
    if contract.volumes.is_some() {
        let unseen = instance.volumes.iter().filter(|volume| volume.size_gib.is_none());
        missing.extend(unseen.map(|volume| format!("{} is not described yet", volume.id)));
    }
    if contract.source_dest_check.is_some() {
        let unseen = instance.interfaces.iter().filter(|interface| interface.source_dest_check.is_none());
        missing.extend(unseen.map(|interface| format!("{} is not described in full yet", interface.id)));
    }
    missing
}

/// The golden without what comes later from the old instance, as far as it has not come yet.
fn without_moving(golden: &Golden, moving: &Moving, instance: &Instance) -> Golden {
    let mut golden = golden.clone();
    let attached: BTreeSet<&str> = instance.volumes.iter().map(|volume| volume.device.as_str()).collect();
    let to_come = |device: &str| moving.devices.contains(device) && !attached.contains(device);
    if let Some(volumes) = &mut golden.contract.volumes {
        volumes.retain(|volume| !to_come(&volume.device));
    }
    let seen = instance.interfaces.len();
    if let Some(interfaces) = &mut golden.contract.interfaces
        && seen > 0
        && seen + moving.interfaces == *interfaces
    {
        *interfaces = seen;
    }
    golden
}

/// The instance alone, everything asked: a read that failed never comes this far.
fn snapshot(request: &AttestRequest<'_>) -> Snapshot {
    let complete = |source| Coverage {
        account: request.place.account.clone(),
        region: request.place.region.clone(),
        source,
        status: CoverageStatus::Complete,
        through: None,
        reason: None,
        api: None,
        denied: false,
    };
    Snapshot {
        scan_id: ScanId::new("attestation"),
        started_at: request.now,
        finished_at: request.now,
        instances: Vec::new(),
        images: BTreeMap::new(),
        events: Vec::new(),
        coverage: [Source::Ec2, Source::UserData, Source::Ssm, Source::Agent].map(complete).to_vec(),
        trail_sources: Vec::new(),
        trails: Vec::new(),
        untrailed: Vec::new(),
        trail_breaks: Vec::new(),
        set_aside: Vec::new(),
        calls: BTreeMap::new(),
        calls_saved: 0,
    }
}

fn bounded(mut texts: Vec<String>) -> Vec<String> {
    let more = texts.len().saturating_sub(TOLD);
    if more > 0 {
        texts.truncate(TOLD);
        texts.push(format!("and {more} more"));
    }
    texts
}

//! Which instances we are acting on, or have acted on: what differs on them because of that is no drift, and
//! nobody is told of it.

use std::collections::BTreeSet;

use crate::detect::Detection;
use crate::remediate::OPERATION_TAG;
use crate::store::{Store, StoreError};
use crate::types::{Finding, FindingStatus, InstanceId, Snapshot};

/// The instances of a snapshot that an operation is on, or that are in quarantine. The tag only says whom to look for; the journal decides:
/// a tag can be set by anybody.
pub(super) fn standings(store: &dyn Store, snapshot: &Snapshot) -> Result<BTreeSet<InstanceId>, StoreError> {
    let mut standings: BTreeSet<InstanceId> =
        store.unfinished_operations()?.into_iter().map(|record| record.instance).collect();
    for instance in &snapshot.instances {
        if standings.contains(&instance.id) || !instance.tags.contains_key(OPERATION_TAG) {
            continue;
        }
        if crate::app::enforce::in_quarantine(store, &instance.id)?.is_some() {
            standings.insert(instance.id.clone());
        }
    }
    Ok(standings)
}

/// Takes out what was not known before we acted: a cut network, a stopped agent. What was known stays, as it was known:
/// the group that isolates a server is not the one that somebody gave it.
pub(super) fn without_our_doing(detection: &mut Detection, standings: &BTreeSet<InstanceId>, known: &[Finding]) {
    let Detection { instances, findings, new, .. } = detection;
    let ours = |finding: &Finding| {
        standings.contains(&finding.instance) && matches!(finding.code.family(), "config" | "blind")
    };
    let mut gone = BTreeSet::new();
    for finding in findings.iter_mut().filter(|finding| ours(finding)) {
        if new.contains(&finding.id) {
            gone.insert(finding.id.clone());
        } else if let Some(known) = known.iter().find(|known| known.id == finding.id) {
            *finding = as_known(finding, known);
        }
    }
    if gone.is_empty() {
        return;
    }
    findings.retain(|finding| !gone.contains(&finding.id));
    new.retain(|id| !gone.contains(id));
    for instance in instances.iter_mut().filter(|instance| standings.contains(&instance.instance)) {
        instance.findings.retain(|id| !gone.contains(id));
    }
}

/// A finding as it was known, seen again. Only exceptions are those of now.
fn as_known(seen: &Finding, known: &Finding) -> Finding {
    let status = match (seen.status, known.status) {
        (FindingStatus::Waived, _) | (_, FindingStatus::Waived) => seen.status,
        (_, status) => status,
    };
    let exception = seen.exception.clone();
    Finding { last_seen: seen.last_seen, times_seen: seen.times_seen, status, exception, ..known.clone() }
}

//! Which instances we are acting on, or have acted on: what differs on them because of that is no drift, and
//! nothing is planned for them twice.

use std::collections::BTreeMap;

use crate::detect::Detection;
use crate::remediate::{OPERATION_TAG, OperationStatus};
use crate::store::{Store, StoreError};
use crate::types::{InstanceId, OperationKind, Snapshot};

/// How an instance stands with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Standing {
    /// An operation on it has begun and is not over.
    InFlight,
    /// It is in quarantine.
    Quarantined,
    /// Its replacement serves; it is kept for a while.
    Retained,
}

/// The standing of every instance of a snapshot that has one. The tag only says whom to look for; the journal decides:
/// a tag can be set by anybody.
pub(super) fn standings(
    store: &dyn Store,
    snapshot: &Snapshot,
) -> Result<BTreeMap<InstanceId, Standing>, StoreError> {
    let mut standings = BTreeMap::new();
    for record in store.unfinished_operations()? {
        let standing = match record.status {
            OperationStatus::Retaining => Standing::Retained,
            _ => Standing::InFlight,
        };
        standings.insert(record.instance, standing);
    }
    for instance in &snapshot.instances {
        if standings.contains_key(&instance.id) || !instance.tags.contains_key(OPERATION_TAG) {
            continue;
        }
        if crate::app::enforce::in_quarantine(store, &instance.id)?.is_some() {
            standings.insert(instance.id.clone(), Standing::Quarantined);
        }
    }
    Ok(standings)
}

/// Takes out what was not known before we acted: a cut network, a stopped agent. What was known stays.
pub(super) fn without_our_doing(detection: &mut Detection, standings: &BTreeMap<InstanceId, Standing>) {
    let Detection { instances, findings, new, .. } = detection;
    let ours = |finding: &crate::types::Finding| {
        standings.contains_key(&finding.instance)
            && new.contains(&finding.id)
            && matches!(finding.code.family(), "config" | "blind")
    };
    let gone: Vec<_> = findings.iter().filter(|finding| ours(finding)).map(|finding| finding.id.clone()).collect();
    if gone.is_empty() {
        return;
    }
    findings.retain(|finding| !gone.contains(&finding.id));
    new.retain(|id| !gone.contains(id));
    for instance in instances.iter_mut().filter(|instance| standings.contains_key(&instance.instance)) {
        instance.findings.retain(|id| !gone.contains(id));
    }
}

/// Whether a plan may still want something of an instance.
pub(super) fn may_plan(standing: Option<Standing>, kind: OperationKind) -> bool {
    match standing {
        None => true,
        Some(Standing::InFlight | Standing::Retained) => false,
        // What is contained may still be replaced.
        Some(Standing::Quarantined) => kind == OperationKind::Replace,
    }
}

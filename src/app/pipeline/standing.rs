//! Which instances we are acting on, or have acted on: what differs on them because of that is no drift, and
//! nobody is told of it.

use std::collections::BTreeSet;

use crate::detect::Detection;
use crate::remediate::OPERATION_TAG;
use crate::store::{Store, StoreError};
use crate::types::{Finding, InstanceId, Snapshot};

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

/// Takes out what was not known before we acted: a cut network, a stopped agent. What was known stays as it was then: that the
/// groups which somebody changed are now ours is not what they did.
pub(super) fn without_our_doing(detection: &mut Detection, standings: &BTreeSet<InstanceId>, known: &[Finding]) {
    let Detection { instances, findings, new, .. } = detection;
    let may_be_ours = |finding: &Finding| {
        standings.contains(&finding.instance) && matches!(finding.code.family(), "config" | "blind")
    };
    for finding in findings.iter_mut().filter(|finding| may_be_ours(finding) && !new.contains(&finding.id)) {
        let before = known.iter().find(|before| before.id == finding.id);
        if let Some(before) = before.filter(|before| before.fingerprint != finding.fingerprint) {
            let (last_seen, times_seen) = (finding.last_seen, finding.times_seen);
            *finding = Finding {
                last_seen,
                times_seen,
                status: finding.status,
                exception: finding.exception.clone(),
                ..before.clone()
            };
        }
    }
    let ours = |finding: &Finding| may_be_ours(finding) && new.contains(&finding.id);
    let gone: Vec<_> = findings.iter().filter(|finding| ours(finding)).map(|finding| finding.id.clone()).collect();
    if gone.is_empty() {
        return;
    }
    findings.retain(|finding| !gone.contains(&finding.id));
    new.retain(|id| !gone.contains(id));
    for instance in instances.iter_mut().filter(|instance| standings.contains(&instance.instance)) {
        instance.findings.retain(|id| !gone.contains(id));
    }
}

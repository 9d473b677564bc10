//! Servers that the last scan saw and that this one could not look for: they are unjudged, not forgotten.

use std::collections::{BTreeMap, BTreeSet};

use crate::detect::{Detection, judge};
use crate::store::{InstanceResult, Store, StoreError};
use crate::types::{CoverageStatus, Finding, InstanceId, Place, Snapshot, Source};

/// The servers of the last scan in places whose listing failed or broke off, and that are not in what was listed.
///
/// They carry no decision: policy has nothing new to judge.
pub(super) fn unseen(
    store: &dyn Store,
    snapshot: &Snapshot,
    detection: &Detection,
) -> Result<Vec<InstanceResult>, StoreError> {
    let blind: BTreeSet<Place> = snapshot
        .coverage
        .iter()
        .filter(|entry| entry.source == Source::Ec2 && entry.status != CoverageStatus::Complete)
        .map(|entry| Place { account: entry.account.clone(), region: entry.region.clone() })
        .collect();
    // The results of a whole fleet are only read where they are needed.
    if blind.is_empty() {
        return Ok(Vec::new());
    }
    let seen: BTreeSet<&InstanceId> = snapshot.instances.iter().map(|instance| &instance.id).collect();
    let mut findings: BTreeMap<&InstanceId, Vec<&Finding>> = BTreeMap::new();
    for finding in &detection.findings {
        findings.entry(&finding.instance).or_default().push(finding);
    }
    let mut results = store.instance_results()?;
    results.retain(|result| blind.contains(&result.instance.place()) && !seen.contains(&result.instance.id));
    for result in &mut results {
        let own = findings.get(&result.instance.id).map_or(&[][..], Vec::as_slice);
        (result.verdict, result.reasons) = judge(&result.instance, snapshot, own, &[]);
        result.findings = own.iter().map(|finding| finding.id.clone()).collect();
        result.decision = None;
    }
    Ok(results)
}

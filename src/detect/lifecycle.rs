//! Findings over scans: identity, first and last seen, waivers, and when a finding may be resolved.
//!
//! Only an observation that would have shown the drift resolves a finding. A failed or partial source, stale
//! inventory or a missing golden carries it over unchanged.

use std::collections::BTreeMap;

use jiff::Timestamp;

use cattleguard_agent::inventory::REPORT_TYPE;

use crate::types::{
    Code, CoverageStatus, Exception, Finding, FindingId, FindingStatus, InstanceId, InventoryType, Snapshot, Source,
};

/// The instance id of findings about a whole account-region.
pub(super) const WHOLE_PLACE: &str = "*";

/// What a scan can say about a finding that it did not see again.
pub(super) struct Evidence<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// Sources that could not judge each live instance.
    pub(super) gaps: &'a BTreeMap<InstanceId, Vec<Source>>,
    /// Live instances without a golden cannot resolve what was compared with one.
    pub(super) without_golden: &'a std::collections::BTreeSet<InstanceId>,
    /// When root volumes were replaced by the golden's.
    pub(super) renewed: &'a BTreeMap<InstanceId, Timestamp>,
}

/// Whether this scan proves that a finding is gone.
pub(super) fn is_gone(finding: &Finding, observed: &Evidence<'_>) -> bool {
    let place = crate::types::Place { account: finding.account.clone(), region: finding.region.clone() };
    let complete = |source| observed.snapshot.is_complete(&place, source);
    if finding.instance.as_str() == WHOLE_PLACE {
        // What is known from an event ends when a person has seen it and the event is no longer remembered; a gap in
        // the trail does not close by itself either.
        let lasting = finding.source == Source::Cloudtrail
            && (finding.code.family() == "event" || finding.code.as_str().starts_with("blind-trail-"));
        return complete(finding.source) && (!lasting || finding.status == FindingStatus::Acknowledged);
    }
    let Some(gaps) = observed.gaps.get(&finding.instance) else {
        // Not among the live instances: gone, if EC2 was read completely.
        return complete(Source::Ec2);
    };
    if finding.code.family() == "event" {
        // What was done was done; only a new server resolves it, or a new root volume.
        let before = |at: &Timestamp| finding.attribution.iter().all(|by| by.event_time <= *at);
        return !finding.attribution.is_empty() && observed.renewed.get(&finding.instance).is_some_and(before);
    }
    let needs_golden = matches!(finding.code.family(), "config" | "software" | "file");
    if needs_golden && observed.without_golden.contains(&finding.instance) {
        return false;
    }
    if gaps.contains(&finding.source) {
        return false;
    }
    match finding.source {
        // Read for each instance by itself: no gap means that it was seen.
        Source::UserData => true,
        // Where no agent is expected any more there is no gap, and nothing proves that a file is as it was.
        Source::Agent => finding.code.family() != "file" || has_report(observed.snapshot, &finding.instance),
        source => complete(source),
    }
}

fn has_report(snapshot: &Snapshot, instance: &InstanceId) -> bool {
    let found = snapshot.instances.iter().find(|known| known.id == *instance);
    found.is_some_and(|known| known.inventory.contains_key(&InventoryType::new(REPORT_TYPE)))
}

/// Merges a finding of this scan with what is known of it.
pub(super) fn merge(mut fresh: Finding, known: Option<&Finding>, exceptions: &[Exception], now: Timestamp) -> Finding {
    if let Some(known) = known {
        fresh.first_seen = known.first_seen;
        fresh.times_seen = known.times_seen.saturating_add(1);
        if known.status == FindingStatus::Acknowledged && !is_news(&fresh, known) {
            fresh.status = FindingStatus::Acknowledged;
        }
        if fresh.attribution.is_empty() {
            fresh.attribution.clone_from(&known.attribution);
        }
    }
    fresh.last_seen = now;
    waive(fresh, exceptions, now)
}

/// Whether somebody who acknowledged the finding has not seen this: a further event, or another difference. What
/// was acknowledged is one act, not a licence to repeat it.
fn is_news(fresh: &Finding, known: &Finding) -> bool {
    if fresh.source == Source::Cloudtrail {
        let seen = |id: &crate::types::EventId| known.attribution.iter().any(|by| by.event_id == *id);
        return fresh.attribution.iter().any(|by| !seen(&by.event_id));
    }
    // How exactly a source fails may change from scan to scan.
    fresh.code.family() != "blind" && fresh.fingerprint != known.fingerprint
}

/// Applies exceptions: the one place where they take effect.
pub(super) fn waive(mut finding: Finding, exceptions: &[Exception], now: Timestamp) -> Finding {
    let waiver = exceptions.iter().find(|exception| exception.is_active(now) && exception.covers(&finding));
    match waiver {
        Some(exception) => {
            finding.status = FindingStatus::Waived;
            finding.exception = Some(exception.id.clone());
        }
        None if finding.status == FindingStatus::Waived => {
            finding.status = FindingStatus::Open;
            finding.exception = None;
        }
        None => {}
    }
    finding
}

/// Known findings by id.
pub(super) fn by_id(known: &[Finding]) -> BTreeMap<&FindingId, &Finding> {
    known.iter().map(|finding| (&finding.id, finding)).collect()
}

/// Findings about places: sources that could not be read.
pub(super) fn coverage_code(denied: bool) -> Code {
    if denied { super::codes::BLIND_ACCESS_DENIED } else { super::codes::BLIND_SOURCE_FAILED }
}

/// Whether a coverage entry is worth a finding.
pub(super) fn is_blind(status: CoverageStatus) -> bool {
    status != CoverageStatus::Complete
}

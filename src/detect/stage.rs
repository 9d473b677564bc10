//! The stage: one snapshot in, findings and verdicts out.

use std::collections::{BTreeMap, BTreeSet};

use cattleguard_agent::inventory::REPORT_TYPE;
use jiff::{SignedDuration, Timestamp};

use super::correlate::{EventIndex, Interval, explain, join};
use super::drift::{Drift, RuleOutput};
use super::lifecycle::{Evidence, by_id, is_gone, merge, waive};
use super::rules::{self, RuleContext, SoftwareMemo};
use super::{events, fleet_of, golden_of, places, promoted_of, verdict};
use crate::types::{
    ChangeEvent, Exception, Finding, FindingId, FindingStatus, Fleet, FleetName, Golden, GoldenRef, Instance,
    InstanceId, InventoryType, Snapshot, Source, Verdict, VerdictReason,
};

/// SSM captures inventory every 30 minutes unless told otherwise, and a scan may read it late: a change between the
/// last capture and the scan that read it is older than that scan.
const CAPTURE_LAG: SignedDuration = SignedDuration::from_hours(1);

/// What detection looks at.
pub struct DetectInput<'a> {
    /// What was seen.
    pub snapshot: &'a Snapshot,
    /// The registry.
    pub goldens: &'a [Golden],
    /// Configured fleets, in order.
    pub fleets: &'a [Fleet],
    /// Exceptions, expired ones included.
    pub exceptions: &'a [Exception],
    /// Findings of earlier scans that are open, acknowledged or waived.
    pub known: &'a [Finding],
    /// Change events of earlier scans.
    pub remembered: &'a [ChangeEvent],
    /// When each instance was last judged clean.
    pub last_clean: &'a BTreeMap<InstanceId, Timestamp>,
    /// When the root volume of an instance was replaced by its golden's, for those of which it was: what was done to them
    /// before is gone.
    pub renewed: &'a BTreeMap<InstanceId, Timestamp>,
}

/// What detection says of one instance.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceDetection {
    /// Which one.
    pub instance: InstanceId,
    /// Fleet.
    pub fleet: Option<FleetName>,
    /// The golden that records its AMI.
    pub golden: Option<GoldenRef>,
    /// Verdict.
    pub verdict: Verdict,
    /// Why it is not clean; also what could not be seen of a drifted one.
    pub reasons: Vec<VerdictReason>,
    /// Its findings, worst first.
    pub findings: Vec<FindingId>,
}

/// The result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detection {
    /// Live instances in the snapshot's order.
    pub instances: Vec<InstanceDetection>,
    /// Findings that are open, acknowledged or waived, worst first.
    pub findings: Vec<Finding>,
    /// Findings that this scan proved to be gone.
    pub resolved: Vec<Finding>,
    /// Which findings were not known before.
    pub new: BTreeSet<FindingId>,
}

/// Runs the stage.
pub fn detect(input: &DetectInput<'_>) -> Detection {
    let now = input.snapshot.started_at;
    let all_events: Vec<&ChangeEvent> = input.remembered.iter().chain(&input.snapshot.events).collect();
    let index = EventIndex::new(all_events.iter().copied());
    let known = by_id(input.known);
    let mut memo = SoftwareMemo::default();
    let mut found: BTreeMap<FindingId, Finding> = BTreeMap::new();
    let mut outputs: BTreeMap<&InstanceId, RuleOutput> = BTreeMap::new();
    let mut without_golden = BTreeSet::new();

    for instance in input.snapshot.instances.iter().filter(|instance| instance.is_live()) {
        let subject = Subject::new(instance, input);
        if subject.golden.is_none() {
            without_golden.insert(instance.id.clone());
        }
        let events = index.of(&instance.id);
        let output = rules::run(&subject.context(input, events, now), &mut memo);
        for drift in &output.drifts {
            let previous = known.get(&subject.identity(drift)).copied();
            let fresh = subject.state_finding(drift, events, previous, input, now);
            let merged = merge(fresh, previous, input.exceptions, now);
            found.insert(merged.id.clone(), merged);
        }
        let renewed = input.renewed.get(&instance.id).copied();
        for group in events::group(&instance.id, &events::since(events, renewed)) {
            let fresh = subject.event_finding(group, now);
            let previous = known.get(&fresh.id).copied();
            let merged = merge(fresh, previous, input.exceptions, now);
            found.insert(merged.id.clone(), merged);
        }
        outputs.insert(&instance.id, output);
    }
    for fresh in places::findings(input.snapshot, &all_events) {
        let previous = known.get(&fresh.id).copied();
        let merged = merge(fresh, previous, input.exceptions, now);
        found.insert(merged.id.clone(), merged);
    }

    let gaps = outputs
        .iter()
        .map(|(id, output)| ((*id).clone(), output.gaps.iter().map(|(source, _)| *source).collect()))
        .collect();
    let observed =
        Evidence { snapshot: input.snapshot, gaps: &gaps, without_golden: &without_golden, renewed: input.renewed };
    let resolved = carry_over(input, &mut found, &observed, now);
    let new = found.keys().filter(|id| !known.contains_key(id)).cloned().collect();
    finish(input, found, resolved, new, &outputs)
}

/// Known findings that were not seen again are resolved when that is proven, and kept otherwise.
fn carry_over(
    input: &DetectInput<'_>,
    found: &mut BTreeMap<FindingId, Finding>,
    observed: &Evidence<'_>,
    now: Timestamp,
) -> Vec<Finding> {
    let mut resolved = Vec::new();
    for known in input.known {
        if found.contains_key(&known.id) {
            continue;
        }
        if is_gone(known, observed) {
            resolved.push(Finding {
                status: FindingStatus::Resolved,
                exception: None,
                last_seen: now,
                ..known.clone()
            });
        } else {
            found.insert(known.id.clone(), waive(known.clone(), input.exceptions, now));
        }
    }
    resolved
}

fn finish(
    input: &DetectInput<'_>,
    found: BTreeMap<FindingId, Finding>,
    resolved: Vec<Finding>,
    new: BTreeSet<FindingId>,
    outputs: &BTreeMap<&InstanceId, RuleOutput>,
) -> Detection {
    let mut findings: Vec<Finding> = found.into_values().collect();
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (std::cmp::Reverse(f.severity), f.instance.clone(), f.code.clone(), f.id.clone());
        key(a).cmp(&key(b))
    });
    let mut by_instance: BTreeMap<&InstanceId, Vec<&Finding>> = BTreeMap::new();
    for finding in &findings {
        by_instance.entry(&finding.instance).or_default().push(finding);
    }
    let none = Vec::new();
    let instances = input
        .snapshot
        .instances
        .iter()
        .filter_map(|instance| outputs.get(&instance.id).map(|output| (instance, output)))
        .map(|(instance, output)| {
            let own = by_instance.get(&instance.id).unwrap_or(&none);
            let (verdict, reasons) = verdict::judge(instance, input.snapshot, own, &output.gaps);
            let fleet = fleet_of(instance, input.fleets);
            InstanceDetection {
                instance: instance.id.clone(),
                fleet: fleet.map(|fleet| fleet.name.clone()),
                golden: golden_of(instance, fleet, input.goldens).map(Golden::reference),
                verdict,
                reasons,
                findings: own.iter().map(|finding| finding.id.clone()).collect(),
            }
        })
        .collect();
    Detection { instances, findings, resolved, new }
}

/// One instance with what it is compared with.
struct Subject<'a> {
    instance: &'a Instance,
    fleet: Option<&'a Fleet>,
    golden: Option<&'a Golden>,
    promoted: Option<&'a Golden>,
}

impl<'a> Subject<'a> {
    fn new(instance: &'a Instance, input: &DetectInput<'a>) -> Self {
        let fleet = fleet_of(instance, input.fleets);
        let golden = golden_of(instance, fleet, input.goldens);
        let line = fleet.map(|fleet| &fleet.golden).or_else(|| golden.map(|golden| &golden.line));
        let promoted = line.and_then(|line| promoted_of(line, input.goldens));
        Self { instance, fleet, golden, promoted }
    }

    fn context(&self, input: &DetectInput<'a>, events: &[&ChangeEvent], now: Timestamp) -> RuleContext<'a> {
        let line = self.fleet.map(|fleet| &fleet.golden);
        RuleContext {
            snapshot: input.snapshot,
            now,
            instance: self.instance,
            fleet: self.fleet,
            golden: self.golden,
            promoted: self.promoted,
            forged_at: events::forged_at(events),
            goldens_known: line.is_none_or(|line| input.goldens.iter().any(|golden| golden.line == *line)),
        }
    }

    fn identity(&self, drift: &Drift) -> FindingId {
        let Instance { account, region, id, .. } = self.instance;
        Finding::identity(&drift.code, account, region, id, &drift.subject)
    }

    fn blank(&self, code: &crate::types::Code, subject: &str, now: Timestamp) -> Finding {
        let Instance { account, region, id, .. } = self.instance;
        Finding {
            id: Finding::identity(code, account, region, id, subject),
            code: code.clone(),
            instance: id.clone(),
            account: account.clone(),
            region: region.clone(),
            fleet: self.fleet.map(|fleet| fleet.name.clone()),
            golden: self.golden.map(Golden::reference),
            severity: crate::types::Severity::Info,
            subject: subject.to_owned(),
            summary: String::new(),
            expected: serde_json::Value::Null,
            actual: serde_json::Value::Null,
            source: Source::Cloudtrail,
            attribution: Vec::new(),
            first_seen: now,
            last_seen: now,
            times_seen: 1,
            status: FindingStatus::Open,
            exception: None,
            fingerprint: String::new(),
        }
    }

    fn state_finding(
        &self,
        drift: &Drift,
        events: &[&ChangeEvent],
        previous: Option<&Finding>,
        input: &DetectInput<'_>,
        now: Timestamp,
    ) -> Finding {
        let observed = self.observed_at(drift, now);
        let mut finding = self.blank(&drift.code, &drift.subject, observed);
        finding.severity = drift.severity;
        finding.summary.clone_from(&drift.summary);
        finding.expected = drift.expected.clone();
        finding.actual = drift.actual.clone();
        finding.source = drift.source;
        finding.fingerprint = fingerprint(drift);
        let clean = input.last_clean.get(&self.instance.id).copied();
        let is_captured = matches!(drift.source, Source::Ssm | Source::Agent);
        let lag = if is_captured { CAPTURE_LAG } else { SignedDuration::ZERO };
        let interval = match previous {
            // It differs in another way than before: what made it so came after the last look.
            Some(known) if known.fingerprint != finding.fingerprint => {
                Interval { after: known.last_seen.checked_sub(lag).ok(), until: observed, direct_until: observed }
            }
            _ => {
                let first = previous.map_or(observed, |known| known.first_seen);
                // What the clean scan read had been captured before it.
                let after = clean.and_then(|clean| clean.checked_sub(lag).ok()).filter(|after| *after <= first);
                Interval { after, until: first, direct_until: observed }
            }
        };
        let found = drift.aspect.map(|aspect| explain(&self.instance.id, events, aspect, interval)).unwrap_or_default();
        finding.attribution = match previous {
            Some(known) => join(found, &known.attribution, known.fingerprint != finding.fingerprint),
            None => found,
        };
        finding
    }

    /// When the drifted state was observed: inventory is older than the scan that reads it, and an event after
    /// its capture cannot have caused what it shows.
    fn observed_at(&self, drift: &Drift, now: Timestamp) -> Timestamp {
        let kind = match drift.source {
            Source::Ssm => drift.subject.split(' ').next().unwrap_or_default(),
            Source::Agent => REPORT_TYPE,
            _ => return now,
        };
        let captured = self.instance.inventory.get(&InventoryType::new(kind)).and_then(|item| item.captured_at);
        captured.map_or(now, |at| at.min(now))
    }

    fn event_finding(&self, group: events::EventGroup, now: Timestamp) -> Finding {
        let mut finding = self.blank(&group.code, &group.subject, now);
        finding.severity = group.severity;
        finding.summary = group.summary;
        finding.fingerprint = Finding::fingerprint_of(
            &group.code,
            &group.subject,
            &serde_json::Value::Null,
            // The same principal doing the same thing is the same fingerprint, whenever it was.
            &serde_json::Value::Null,
        );
        finding.actual = group.actual;
        finding.attribution = group.attribution;
        finding
    }
}

/// Equal on hosts that drifted in the same way. Ids that are the host's own (its volumes, interfaces) and
/// exact capture times are left out.
fn fingerprint(drift: &Drift) -> String {
    let actual = match drift.code.as_str() {
        "config-volumes" | "config-network-interfaces" => serde_json::Value::Null,
        code if code.starts_with("blind-") => serde_json::Value::Null,
        _ => drift.actual.clone(),
    };
    Finding::fingerprint_of(&drift.code, &drift.subject, &drift.expected, &actual)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod change_tests;

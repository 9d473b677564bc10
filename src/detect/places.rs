//! Findings about a whole account-region: sources that could not be read, trails that were stopped, grave changes of
//! the whole account or of a target that CloudTrail does not name.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::codes;
use super::correlate::attribution;
use super::digests;
use super::events::{self, EventGroup};
use super::lifecycle::{WHOLE_PLACE, coverage_code, is_blind};
use super::trails;
use crate::types::{
    CallOutcome, ChangeEvent, Code, Coverage, EventId, Finding, FindingStatus, InstanceId, Place, Severity, Snapshot,
    Source, TRAIL_GAP,
};

/// Findings for every source that was not read completely and for every trail event.
pub(super) fn findings(snapshot: &Snapshot, events: &[&ChangeEvent]) -> Vec<Finding> {
    let sources = snapshot.coverage.iter().filter(|entry| is_blind(entry.status)).map(|entry| source(entry, snapshot));
    let trails = events
        .iter()
        .filter(|event| event.code.family() == "blind" && event.outcome == CallOutcome::Succeeded)
        .filter(|event| trails::concerns_a_trail(event, snapshot))
        .map(|event| trail(event, snapshot));
    let found = sources.chain(trails).chain(trails::findings(snapshot, events)).chain(digests::findings(snapshot));
    found.chain(wide(snapshot, events)).collect()
}

/// What CloudTrail leaves of a request over its size limit; as `collect::trail` writes it.
const OMITTED: &str = "requestParameters omitted";

/// What `collect::trail` writes for an event about the account as such.
const ACCOUNT: &str = "account";

/// Events of high severity that concern no known instance because they concern all of them, or nobody knows which:
/// an unknown target is not no target.
fn wide(snapshot: &Snapshot, events: &[&ChangeEvent]) -> Vec<Finding> {
    let mut places: BTreeMap<Place, BTreeMap<(Timestamp, &EventId), &ChangeEvent>> = BTreeMap::new();
    for event in events.iter().filter(|event| is_wide(event)) {
        places.entry(event.place()).or_default().insert((event.time, &event.id), event);
    }
    let mut findings = Vec::new();
    for (place, events) in places {
        for group in events::group_all(None, events.into_values()) {
            findings.push(of_group(group, &place, snapshot));
        }
    }
    findings
}

fn is_wide(event: &ChangeEvent) -> bool {
    let account = event.unresolved == [ACCOUNT];
    let unknown = event.unresolved.iter().any(|target| target == OMITTED);
    event.severity >= Severity::High
        && event.outcome == CallOutcome::Succeeded
        && event.code.family() == "event"
        && (account || unknown)
}

fn of_group(group: EventGroup, place: &Place, snapshot: &Snapshot) -> Finding {
    let EventGroup { code, subject, severity, summary, actual, attribution } = group;
    let mut finding = blank(code, place.account.clone(), place.region.clone(), subject, snapshot);
    finding.severity = severity;
    finding.summary = format!("{summary} (in the whole account, or on servers that the trail does not name)");
    finding.source = Source::Cloudtrail;
    finding.actual = actual;
    finding.attribution = attribution;
    // The same principal doing the same thing is the same fingerprint, whenever it was.
    finding.fingerprint = Finding::fingerprint_of(&finding.code, &finding.subject, &json!(null), &json!(null));
    finding
}

fn source(entry: &Coverage, snapshot: &Snapshot) -> Finding {
    let reason = entry.reason.clone().unwrap_or_else(|| "no reason was given".to_owned());
    // A source that failed is read again; a stretch that has left the event history never is.
    let is_gap = entry.source == Source::Cloudtrail && reason.ends_with(TRAIL_GAP);
    let mut finding = blank(
        if is_gap { codes::BLIND_TRAIL_GAP } else { coverage_code(entry.denied) },
        entry.account.clone(),
        entry.region.clone(),
        format!("source {}", entry.source.as_str()),
        snapshot,
    );
    // Membership only informs the plan, and the state of trails findings; the others decide verdicts.
    finding.severity = match entry.source {
        Source::Autoscaling | Source::Elb | Source::Trail => Severity::Low,
        _ => Severity::Medium,
    };
    finding.summary = format!("{} could not be read completely: {reason}", entry.source.as_str());
    finding.expected = json!("complete");
    finding.actual = json!({ "status": entry.status, "api": entry.api });
    finding.source = entry.source;
    finding.fingerprint = Finding::fingerprint_of(&finding.code, &finding.subject, &finding.expected, &finding.actual);
    finding
}

fn trail(event: &ChangeEvent, snapshot: &Snapshot) -> Finding {
    let mut finding = blank(
        event.code.clone(),
        event.account.clone(),
        event.region.clone(),
        format!("{} by {}", event.event_name, event.actor.principal),
        snapshot,
    );
    finding.severity = event.severity;
    finding.summary = format!("{} {}", event.actor.display, event.summary);
    finding.actual = json!({ "event_name": event.event_name, "time": event.time });
    finding.source = Source::Cloudtrail;
    finding.attribution = vec![attribution(None, event, "the call is the finding")];
    finding.fingerprint = Finding::fingerprint_of(&finding.code, &finding.subject, &finding.expected, &json!(null));
    finding
}

pub(super) fn blank(
    code: Code,
    account: crate::types::AccountId,
    region: crate::types::Region,
    subject: String,
    snapshot: &Snapshot,
) -> Finding {
    let instance = InstanceId::new(WHOLE_PLACE);
    Finding {
        id: Finding::identity(&code, &account, &region, &instance, &subject),
        code,
        instance,
        account,
        region,
        fleet: None,
        golden: None,
        severity: Severity::Medium,
        subject,
        summary: String::new(),
        expected: json!(null),
        actual: json!(null),
        source: Source::Ec2,
        attribution: Vec::new(),
        first_seen: snapshot.started_at,
        last_seen: snapshot.started_at,
        times_seen: 1,
        status: FindingStatus::Open,
        exception: None,
        fingerprint: String::new(),
    }
}

//! `blind-trail-*` from the state of trails. Such a finding ends when a scan sees the trail healthy again.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::codes;
use super::correlate::attribution;
use super::places::blank;
use crate::types::{
    Attribution, CallOutcome, ChangeEvent, Code, Finding, Place, Severity, Snapshot, Source, TrailState, TrailStatus,
};

/// A digest file comes every hour, soon after the hour has ended. Three hours without one are two that did not come.
const DIGEST_OVERDUE: SignedDuration = SignedDuration::from_hours(3);
/// CloudTrail delivers within about 5 minutes on average and promises nothing.
const LOG_OVERDUE: SignedDuration = SignedDuration::from_hours(2);
/// The source that reads the event history, as `collect` names it.
const LOOKUP: &str = "lookup";
/// A finding names at most this many calls.
const NAMED: usize = 5;

/// Findings for every trail that does not do what it is for.
pub(super) fn findings(snapshot: &Snapshot, events: &[&ChangeEvent]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for state in &snapshot.trails {
        let told = stopped(snapshot, state).or_else(|| narrowed(snapshot, state));
        let told = told.into_iter().chain(gap(snapshot.started_at, state, events));
        findings.extend(told.map(|told| finding(told, state, snapshot, events)));
    }
    findings.extend(snapshot.untrailed.iter().map(|place| missing(place, snapshot, events)));
    findings
}

/// No trail at all. The event history of 90 days is what remains, where it is read.
fn missing(place: &Place, snapshot: &Snapshot, events: &[&ChangeEvent]) -> Finding {
    let looked_up = snapshot
        .trail_sources
        .iter()
        .any(|source| source.name == LOOKUP && source.account == place.account && source.region == place.region);
    let (severity, rest) = match looked_up {
        true => (Severity::Medium, "what happens there is in the event history alone, for 90 days"),
        false => (Severity::High, "and the event history is not read: what happens there is not seen"),
    };
    let Place { account, region } = place;
    let (code, subject) = (codes::BLIND_TRAIL_MISSING, "trails".to_owned());
    let mut finding = blank(code, account.clone(), region.clone(), subject, snapshot);
    finding.severity = severity;
    finding.summary = format!("no trail records this account-region; {rest}");
    finding.expected = json!("a trail of this region or of all regions");
    finding.source = Source::Trail;
    let deleted = |event: &&&ChangeEvent| {
        event.code == codes::BLIND_TRAIL_STOPPED
            && event.outcome == CallOutcome::Succeeded
            && event.event_name == "DeleteTrail"
            && event.account == *account
    };
    finding.attribution = named(events.iter().filter(deleted).copied().collect());
    finding.fingerprint = Finding::fingerprint_of(&finding.code, &finding.subject, &finding.expected, &json!(null));
    finding
}

/// What is wrong with a trail.
struct Told {
    code: Code,
    severity: Severity,
    summary: String,
}

fn stopped(snapshot: &Snapshot, state: &TrailState) -> Option<Told> {
    if state.status.logging {
        return None;
    }
    let since = state.status.stopped_at.map_or(String::new(), |at| format!(" since {at}"));
    let another = others(snapshot, state).any(|other| other.status.logging && other.writes != Some(false));
    let (severity, rest) = match another {
        // Old trails are often left stopped.
        true => (Severity::Medium, "; another trail records this region"),
        false => (Severity::Critical, " and no other trail records this region"),
    };
    let summary = format!("the trail {} is not logging{since}{rest}", state.trail.name);
    Some(Told { code: codes::BLIND_TRAIL_STOPPED, severity, summary })
}

/// A trail of data events alone is common. It matters where no other trail records changes.
fn narrowed(snapshot: &Snapshot, state: &TrailState) -> Option<Told> {
    let silent = |state: &TrailState| state.writes == Some(false) || !state.status.logging;
    let nobody = silent(state) && others(snapshot, state).all(silent);
    nobody.then(|| Told {
        code: codes::BLIND_TRAIL_NARROWED,
        severity: Severity::High,
        summary: format!("the trail {} records no changes, and no other trail of this region does", state.trail.name),
    })
}

fn others<'s>(snapshot: &'s Snapshot, state: &'s TrailState) -> impl Iterator<Item = &'s TrailState> {
    snapshot.trails.iter().filter(|other| other.place == state.place && other.trail.arn != state.trail.arn)
}

/// Files that do not arrive.
fn gap(now: Timestamp, state: &TrailState, events: &[&ChangeEvent]) -> Option<Told> {
    let TrailStatus { logging, started_at, delivered_at, delivery_error, digest_at, digest_error, .. } = &state.status;
    let name = &state.trail.name;
    let older = |at: &Timestamp, than: SignedDuration| now.duration_since(*at) > than;
    let what = if let Some(error) = delivery_error {
        format!("S3 refuses the log files of the trail {name} ({error})")
    } else if let Some(error) = digest_error {
        format!("S3 refuses the digest files of the trail {name} ({error})")
    } else if !logging || started_at.as_ref().is_some_and(|at| !older(at, DIGEST_OVERDUE)) {
        // Nothing is due yet, or nothing ever: that is a finding of its own.
        return None;
    } else if let Some(at) = digest_at.as_ref().filter(|at| state.trail.validation && older(at, DIGEST_OVERDUE)) {
        format!("the last digest file of the trail {name} came at {at}, and one is due every hour")
    } else {
        let event = undelivered(state, *delivered_at, events).filter(|event| older(&event.time, LOG_OVERDUE))?;
        let last = delivered_at.map_or("never".to_owned(), |at| format!("at {at}"));
        format!(
            "the trail {name} has delivered nothing of what happened at {}: {} is in the event history, and the last \
             log file came {last}",
            event.time, event.event_name
        )
    };
    Some(Told { code: codes::BLIND_TRAIL_GAP, severity: Severity::High, summary: what })
}

/// The oldest change that the trail should have delivered and did not.
fn undelivered<'e>(
    state: &TrailState,
    delivered: Option<Timestamp>,
    events: &[&'e ChangeEvent],
) -> Option<&'e ChangeEvent> {
    let started = state.status.started_at.unwrap_or(Timestamp::MIN);
    let due = |event: &&&ChangeEvent| {
        event.place() == state.place
            && event.time > started
            && delivered.is_none_or(|delivered| event.time > delivered)
            && state.writes == Some(true)
    };
    events.iter().filter(due).min_by_key(|event| event.time).copied()
}

fn finding(told: Told, state: &TrailState, snapshot: &Snapshot, events: &[&ChangeEvent]) -> Finding {
    let Place { account, region } = &state.place;
    let subject = format!("trail {}", state.trail.arn);
    let mut finding = blank(told.code, account.clone(), region.clone(), subject, snapshot);
    finding.severity = told.severity;
    finding.summary = told.summary;
    finding.expected = json!("logging, with changes, and delivering");
    finding.actual = json!({ "trail": state.trail.name, "status": state.status, "records_changes": state.writes });
    finding.source = Source::Trail;
    finding.attribution = authors(state, &finding.code, events);
    finding.fingerprint = Finding::fingerprint_of(&finding.code, &finding.subject, &finding.expected, &json!(null));
    finding
}

/// The calls that can have made it so, the latest first.
fn authors(state: &TrailState, code: &Code, events: &[&ChangeEvent]) -> Vec<Attribution> {
    let is_of_it = |target: &str| {
        let name = target.rsplit_once(':').map_or(target, |(_, name)| name);
        name.strip_prefix("trail/").unwrap_or(name) == state.trail.name
    };
    let calls: Vec<&ChangeEvent> = events
        .iter()
        .copied()
        .filter(|event| event.code == *code && event.outcome == CallOutcome::Succeeded)
        .filter(|event| event.account == state.place.account && event.unresolved.iter().any(|target| is_of_it(target)))
        .collect();
    named(calls)
}

/// The latest calls first.
fn named(mut calls: Vec<&ChangeEvent>) -> Vec<Attribution> {
    calls.sort_by_key(|event| std::cmp::Reverse(event.time));
    calls.into_iter().take(NAMED).map(|event| attribution(None, event, "the call can have made it so")).collect()
}

/// Whether an event about a bucket, key or topic is about what a trail delivers with; every other event is.
pub(super) fn concerns_a_trail(event: &ChangeEvent, snapshot: &Snapshot) -> bool {
    if event.code != codes::BLIND_TRAIL_STORAGE {
        return true;
    }
    let trails = || snapshot.trails.iter().map(|state| &state.trail);
    event.unresolved.iter().any(|target| match target.split_once(':') {
        // Names of buckets are unique in the whole partition.
        Some(("bucket", name)) => trails().any(|trail| trail.bucket.as_deref() == Some(name)),
        Some(("key", key)) => trails().filter_map(|trail| trail.key.as_deref()).any(|known| is_key(known, key, event)),
        Some(("topic", arn)) => trails().any(|trail| trail.topic.as_deref() == Some(arn)),
        _ => true,
    })
}

/// Calls name a key by its ARN or, in its own account and region, by its id alone.
fn is_key(known: &str, key: &str, event: &ChangeEvent) -> bool {
    let alone = || {
        let ChangeEvent { account, region, .. } = event;
        known.ends_with(&format!(":{region}:{account}:key/{key}"))
    };
    known == key || alone()
}

#[cfg(test)]
mod tests;

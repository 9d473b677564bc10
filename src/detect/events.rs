//! `event-*` findings: a change event is a finding even when no state differs.
//!
//! Events of one code by one principal on one instance are one finding that lists them: three sessions of the
//! same person are one problem, not three.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::codes;
use super::correlate::attribution;
use crate::types::{Attribution, CallOutcome, ChangeEvent, Code, InstanceId, Severity};

/// A finding lists at most this many of its events; the count stays exact.
const LISTED: usize = 20;

/// The events of one finding.
pub(super) struct EventGroup {
    pub(super) code: Code,
    pub(super) subject: String,
    pub(super) severity: Severity,
    pub(super) summary: String,
    pub(super) actual: Value,
    pub(super) attribution: Vec<Attribution>,
}

/// Whether an event is held against the instances that it concerns. The end of a session is told for information, and
/// what their successors will be launched from is no change of theirs.
pub fn is_modification(event: &ChangeEvent) -> bool {
    event.severity > Severity::Info && event.code != codes::EVENT_LAUNCH_SOURCE
}

/// When somebody else last reported what the SSM agent of an instance reports; custom inventory does not count.
pub(super) fn forged_at(events: &[&ChangeEvent]) -> Option<Timestamp> {
    let forged = |event: &&&ChangeEvent| {
        event.code == codes::EVENT_INVENTORY_FORGED
            && event.severity >= Severity::High
            && event.outcome == CallOutcome::Succeeded
    };
    events.iter().filter(forged).map(|event| event.time).max()
}

/// The events after a time; all of them without one.
pub(super) fn since<'a>(events: &[&'a ChangeEvent], time: Option<Timestamp>) -> Vec<&'a ChangeEvent> {
    events.iter().copied().filter(|event| time.is_none_or(|time| event.time > time)).collect()
}

/// Groups the events of one instance into findings, in order of code and principal.
pub(super) fn group(instance: &InstanceId, events: &[&ChangeEvent]) -> Vec<EventGroup> {
    let mine = |event: &&ChangeEvent| event.instances.contains(instance) && is_modification(event);
    group_all(Some(instance), events.iter().copied().filter(mine))
}

/// Groups events, given oldest first, into findings on this instance or on a whole account-region, in order of code
/// and principal.
pub(super) fn group_all<'e>(
    instance: Option<&InstanceId>,
    events: impl Iterator<Item = &'e ChangeEvent>,
) -> Vec<EventGroup> {
    let mut groups: BTreeMap<(Code, String), Vec<&ChangeEvent>> = BTreeMap::new();
    for event in events {
        // A failed attempt is a finding of its own: it must not hide among the ones that worked.
        let outcome = if event.outcome == CallOutcome::Succeeded { "" } else { " (failed attempts)" };
        groups.entry((event.code.clone(), format!("{}{outcome}", event.actor.principal))).or_default().push(event);
    }
    groups.into_iter().filter_map(|((code, subject), events)| one(instance, code, subject, &events)).collect()
}

fn one(instance: Option<&InstanceId>, code: Code, subject: String, events: &[&ChangeEvent]) -> Option<EventGroup> {
    let (first, last) = (events.first()?, events.last()?);
    let succeeded = last.outcome == CallOutcome::Succeeded;
    let severity = events.iter().map(|event| event.severity).max().unwrap_or_default();
    let names: BTreeSet<&str> = events.iter().map(|event| event.event_name.as_str()).collect();
    let times = match (events.len(), names.len()) {
        (1, _) => String::new(),
        (number, 1) => format!(" ({number} times)"),
        // A stop and a start are two calls, not two starts.
        (number, _) => format!(" (the last of {number} such calls)"),
    };
    let who = instance.map_or_else(|| last.actor.display.clone(), |instance| last.actor.shown_on(instance));
    let summary = match &last.outcome {
        CallOutcome::Succeeded => format!("{who} {}{times}", last.deed()),
        CallOutcome::Failed(error) => format!("{who} tried and failed: {} ({error}){times}", last.deed()),
    };
    let because = if succeeded { "the call is the finding" } else { "the call was attempted and failed" };
    Some(EventGroup {
        code,
        subject,
        // An attempt that failed changed nothing; it is still worth a look.
        severity: if succeeded { severity } else { severity.min(Severity::Medium) },
        summary,
        actual: json!({
            "events": events.len(),
            "event_names": names,
            "category": last.category,
            "first": first.time,
            "last": last.time,
            "succeeded": succeeded,
            "execution": last.execution,
            "user_agent": last.actor.user_agent,
        }),
        attribution: events.iter().rev().take(LISTED).map(|event| attribution(instance, event, because)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::event;
    use super::*;
    use crate::types::{Aspect, Directness};

    #[test]
    fn three_sessions_of_one_person_are_one_finding_and_a_second_person_is_another() {
        let mut events: Vec<ChangeEvent> = ["10:00", "10:10", "10:20"]
            .iter()
            .map(|at| event(at, at, Directness::Enabling, &[Aspect::Software]))
            .collect();
        let mut other = event("other", "10:30", Directness::Enabling, &[]);
        other.actor.principal = "arn:aws:sts::000000000000:assumed-role/Admin/bob".to_owned();
        events.push(other);
        let list: Vec<&ChangeEvent> = events.iter().collect();
        let groups = group(&events[0].instances[0], &list);
        let counts: Vec<_> = groups.iter().map(|group| group.actual["events"].clone()).collect();
        assert_eq!(counts, [json!(3), json!(1)]);
        assert!(groups[0].summary.ends_with("(3 times)"), "{}", groups[0].summary);
    }

    #[test]
    fn the_end_of_a_session_and_another_launch_template_are_no_findings() {
        let mut end = event("end", "10:30", Directness::Enabling, &[]);
        end.severity = Severity::Info;
        let mut template = event("template", "10:40", Directness::Direct, &[]);
        template.code = codes::EVENT_LAUNCH_SOURCE;
        let session = event("session", "10:00", Directness::Enabling, &[]);
        let groups = group(&session.instances[0], &[&session, &end, &template]);
        let counts: Vec<_> = groups.iter().map(|group| group.actual["events"].clone()).collect();
        assert_eq!(counts, [json!(1)]);
    }

    #[test]
    fn an_attempt_does_not_hide_among_successes() {
        let good = event("good", "10:00", Directness::Direct, &[]);
        let mut bad = event("bad", "10:01", Directness::Direct, &[]);
        bad.outcome = CallOutcome::Failed("Client.UnauthorizedOperation".to_owned());
        let groups = group(&good.instances[0], &[&good, &bad]);
        assert_eq!(groups.len(), 2);
        assert!(groups.iter().any(|group| group.summary.contains("tried and failed")));
    }

    #[test]
    fn different_calls_of_one_kind_are_not_counted_as_the_last_of_them() {
        let stop = event("stop", "10:00", Directness::Direct, &[]);
        let mut start = event("start", "10:05", Directness::Direct, &[]);
        start.event_name = "StartInstances".to_owned();
        let groups = group(&stop.instances[0], &[&stop, &start]);
        assert!(groups[0].summary.ends_with("(the last of 2 such calls)"), "{}", groups[0].summary);
    }
}

//! Which change events can explain a state drift.
//!
//! Candidates are the events on the instance that touch the drifted aspect, between the last clean observation
//! and the first drifted one; of sessions also those that were opened earlier and may have been open then. They are ranked by how directly they explain it, then by how close before the
//! first drifted observation they happened. No candidate means no attribution, and that is said.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::types::{
    Aspect, Attribution, BECAUSE_DIRECT, CallOutcome, Caller, Category, ChangeEvent, Directness, InstanceId,
};

/// A finding names at most this many events.
const MOST: usize = 5;

/// Clocks of CloudTrail and of inventory captures agree to about this much.
const SLACK: SignedDuration = SignedDuration::from_mins(5);

/// Session Manager ends a session after this long at the latest ("Specify maximum session duration", AWS Systems Manager
/// user guide). The end of a session that was left from inside is not in the trail.
const SESSION: SignedDuration = SignedDuration::from_hours(24);

/// Events by instance, for look-up.
pub(super) struct EventIndex<'a> {
    by_instance: HashMap<&'a InstanceId, Vec<&'a ChangeEvent>>,
}

impl<'a> EventIndex<'a> {
    pub(super) fn new(events: impl Iterator<Item = &'a ChangeEvent>) -> Self {
        let mut by_instance: HashMap<&InstanceId, Vec<&ChangeEvent>> = HashMap::new();
        for event in events {
            for instance in &event.instances {
                by_instance.entry(instance).or_default().push(event);
            }
        }
        for list in by_instance.values_mut() {
            list.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
            list.dedup_by(|a, b| a.id == b.id);
        }
        Self { by_instance }
    }

    pub(super) fn of(&self, instance: &InstanceId) -> &[&'a ChangeEvent] {
        self.by_instance.get(instance).map_or(&[], Vec::as_slice)
    }
}

/// The time in which the drift must have come about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    /// Last observation without the drift; `None` when there never was one.
    pub(super) after: Option<Timestamp>,
    /// First observation with it.
    pub(super) until: Timestamp,
    /// Last observation with it. A call that is a change of this aspect by itself explains the state up to here,
    /// also when its record arrives after the first observation.
    pub(super) direct_until: Timestamp,
}

/// The events that explain a drift of an aspect, best first.
pub(super) fn explain(
    instance: &InstanceId,
    events: &[&ChangeEvent],
    aspect: Aspect,
    interval: Interval,
) -> Vec<Attribution> {
    let from = interval.after.and_then(|after| after.checked_sub(SLACK).ok());
    let late = |until: Timestamp| until.checked_add(SLACK).unwrap_or(until);
    let to = |event: &ChangeEvent| match event.directness {
        Directness::Direct => late(interval.direct_until.max(interval.until)),
        Directness::Executing | Directness::Enabling => late(interval.until),
    };
    let mut candidates: Vec<&ChangeEvent> = events
        .iter()
        .copied()
        .filter(|event| event.outcome == CallOutcome::Succeeded && event.explains.contains(&aspect))
        .filter(|event| event.time <= to(event))
        .filter(|event| from.is_none_or(|from| event.time >= from || open_until(event, events) >= from))
        .collect();
    // Most direct first; of equally direct ones the latest, since the last change is the one that is seen.
    candidates.sort_by(|a, b| (b.directness, b.time, &b.id).cmp(&(a.directness, a.time, &a.id)));
    candidates.into_iter().take(MOST).map(|event| attribution(Some(instance), event, because(event))).collect()
}

/// Until when what a call opened may have been used; the time of the call itself where it opened nothing.
fn open_until(event: &ChangeEvent, events: &[&ChangeEvent]) -> Timestamp {
    if event.category != Category::InteractiveSession || event.directness != Directness::Enabling {
        return event.time;
    }
    let is_end = |one: &&&ChangeEvent| {
        one.event_name == "TerminateSession"
            && one.execution == event.execution
            && one.outcome == CallOutcome::Succeeded
            && one.time >= event.time
    };
    let end = event.execution.as_ref().and_then(|_| events.iter().find(is_end)).map(|end| end.time);
    end.unwrap_or_else(|| event.time.checked_add(SESSION).unwrap_or(Timestamp::MAX))
}

/// What explains a known drift now: what this scan found, and what earlier ones did. The author of the latest
/// change comes first.
pub(super) fn join(found: Vec<Attribution>, known: &[Attribution], changed: bool) -> Vec<Attribution> {
    let among = |list: &[Attribution], one: &Attribution| list.iter().any(|other| other.event_id == one.event_id);
    if !changed && known.iter().all(|one| among(&found, one)) {
        return found;
    }
    // The drift changed since it was first seen, or its first events are forgotten.
    let (front, back): (Vec<_>, Vec<_>) = found
        .into_iter()
        .filter(|one| changed || !among(known, one))
        .partition(|one| changed || one.because == BECAUSE_DIRECT);
    let older: Vec<_> = known.iter().filter(|one| !among(&front, one)).cloned().collect();
    front.into_iter().chain(older).chain(back).take(MOST).collect()
}

fn because(event: &ChangeEvent) -> &'static str {
    match event.directness {
        Directness::Direct => BECAUSE_DIRECT,
        Directness::Executing => "it ran on the server before the change was seen",
        Directness::Enabling => "it gave access to the server before the change was seen",
    }
}

/// Turns an event into an attribution of a finding on this instance, or on a whole account-region.
pub(super) fn attribution(instance: Option<&InstanceId>, event: &ChangeEvent, because: &str) -> Attribution {
    Attribution {
        principal: event.actor.principal.clone(),
        display: instance.map_or_else(|| event.actor.display.clone(), |instance| event.actor.shown_on(instance)),
        event_id: event.id.clone(),
        event_name: event.event_name.clone(),
        event_time: event.time,
        source_ip: event.actor.source_ip.clone(),
        mfa: event.actor.mfa,
        execution: event.execution.clone(),
        because: because.to_owned(),
        caller: Some(Caller::of(event)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{event, time};
    use super::*;

    fn ranked(events: &[ChangeEvent], after: Option<&str>, until: &str) -> Vec<String> {
        let list: Vec<&ChangeEvent> = events.iter().collect();
        let interval = Interval { after: after.map(time), until: time(until), direct_until: time(until) };
        explain(&"i-1".into(), &list, Aspect::Software, interval)
            .into_iter()
            .map(|found| found.event_id.to_string())
            .collect()
    }

    #[test]
    fn the_more_direct_event_wins_over_the_later_one() {
        let events = [
            event("command", "10:00", Directness::Executing, &[Aspect::Software]),
            event("session", "10:30", Directness::Enabling, &[Aspect::Software]),
        ];
        assert_eq!(ranked(&events, Some("09:00"), "11:00"), ["command", "session"]);
    }

    #[test]
    fn events_outside_the_interval_or_of_another_aspect_do_not_explain_it() {
        let events = [
            event("before", "08:00", Directness::Executing, &[Aspect::Software]),
            event("after", "11:30", Directness::Executing, &[Aspect::Software]),
            event("other", "10:00", Directness::Direct, &[Aspect::Tags]),
        ];
        assert_eq!(ranked(&events, Some("09:00"), "11:00"), Vec::<String>::new());
    }

    #[test]
    fn of_two_that_explain_it_equally_the_later_comes_first() {
        let events = [
            event("first", "10:00", Directness::Direct, &[Aspect::Software]),
            event("second", "10:30", Directness::Direct, &[Aspect::Software]),
            event("access", "10:45", Directness::Enabling, &[Aspect::Software]),
        ];
        assert_eq!(ranked(&events, Some("09:00"), "11:00"), ["second", "first", "access"]);
        let list: Vec<&ChangeEvent> = events.iter().collect();
        let interval = Interval { after: None, until: time("11:00"), direct_until: time("11:00") };
        let why: Vec<String> =
            explain(&"i-1".into(), &list, Aspect::Software, interval).into_iter().map(|found| found.because).collect();
        assert_eq!((why[0].as_str(), why[0] == why[1], why[1] == why[2]), (BECAUSE_DIRECT, true, false));
    }

    #[test]
    fn the_window_has_the_slack_of_clocks_and_no_more() {
        let at = |id: &str| event(id, id, Directness::Executing, &[Aspect::Software]);
        let events = ["08:54", "08:55", "11:05", "11:06"].map(at);
        assert_eq!(ranked(&events, Some("09:00"), "11:00"), ["11:05", "08:55"]);
    }

    #[test]
    fn a_session_explains_what_happened_until_it_was_ended() {
        let mut session = event("session", "08:00", Directness::Enabling, &[Aspect::Software]);
        session.execution = Some("alice-1".to_owned());
        let open = [session.clone()];
        assert_eq!(ranked(&open, Some("09:00"), "11:00"), ["session"], "its end is not recorded");
        for (at, explains) in [("08:50", false), ("09:30", true)] {
            let mut end = event("end", at, Directness::Enabling, &[]);
            (end.event_name, end.execution) = ("TerminateSession".to_owned(), Some("alice-1".to_owned()));
            let found = ranked(&[session.clone(), end.clone()], Some("09:00"), "11:00");
            assert_eq!(found.contains(&"session".to_owned()), explains, "ended {at}");
            end.execution = Some("bob-1".to_owned());
            assert_eq!(ranked(&[session.clone(), end], Some("09:00"), "11:00"), ["session"], "another one ended");
        }
        let mut command = session;
        command.directness = Directness::Executing;
        assert_eq!(ranked(&[command], Some("09:00"), "11:00"), Vec::<String>::new(), "a command is no session");
    }

    #[test]
    fn a_server_that_called_itself_is_named_as_such_and_nobody_is_nobody() {
        let mut own = event("own", "10:00", Directness::Executing, &[Aspect::Software]);
        own.actor.calling_instance = Some("i-1".into());
        let named = |instance: &str| {
            let interval = Interval { after: None, until: time("11:00"), direct_until: time("11:00") };
            explain(&instance.into(), &[&own], Aspect::Software, interval).remove(0).display
        };
        assert!(named("i-1").starts_with("the server itself"), "{}", named("i-1"));
        assert!(named("i-2").starts_with("another server"), "{}", named("i-2"));
        assert_eq!(ranked(&[], Some("09:00"), "11:00"), Vec::<String>::new());
    }

    #[test]
    fn a_failed_call_never_explains_anything() {
        let mut failed = event("failed", "10:00", Directness::Direct, &[Aspect::Software]);
        failed.outcome = CallOutcome::Failed("AccessDenied".to_owned());
        assert_eq!(ranked(&[failed], None, "11:00"), Vec::<String>::new());
    }
}

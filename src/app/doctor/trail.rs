//! Whether trails record and deliver, and how far each source of change events is.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::check::{Checks, Fault, Topic};
use crate::app::config::{Config, format_duration};
use crate::app::pipeline::Seen;
use crate::app::terminal::clean_short;
use crate::collect::{CloudRead, TrailSource};
use crate::types::{CoverageStatus, TrailState};

/// CloudTrail delivers within 15 minutes as a rule; a quiet region may have nothing to deliver for longer.
const DELIVERY_LATE: SignedDuration = SignedDuration::from_hours(24);

/// Trails as each account-region shows them, and sources.
pub(super) fn check(seen: &Seen, now: Timestamp, checks: &mut Checks) {
    let snapshot = &seen.snapshot;
    for place in &snapshot.untrailed {
        let advice = "the event history forgets after 90 days and proves nothing: create a trail with validation";
        checks.warn(Topic::Trail, place.to_string(), "no trail records this account-region", advice);
    }
    for state in &snapshot.trails {
        trail(state, now, checks);
    }
    let mut lag: BTreeMap<&str, (Option<Timestamp>, u64, Option<&str>)> = BTreeMap::new();
    for progress in &snapshot.trail_sources {
        let entry = lag.entry(&progress.name).or_insert((progress.through, 0, None));
        entry.0 = entry.0.min(progress.through);
        entry.1 += progress.unread;
        if progress.status != CoverageStatus::Complete {
            entry.2 = entry.2.or(progress.reason.as_deref()).or(Some("not all of it could be read"));
        }
    }
    for (name, (through, unread, problem)) in lag {
        let subject = clean_short(name, 120);
        let behind = through.map(|through| now.duration_since(through).max(SignedDuration::ZERO));
        let mut text = match behind.and_then(|behind| std::time::Duration::try_from(behind).ok()) {
            Some(behind) => {
                format!("read to {} ago", format_duration(std::time::Duration::from_secs(behind.as_secs())))
            }
            None => "readable".to_owned(),
        };
        if unread > 0 {
            text.push_str(&format!("; {unread} log files or messages wait"));
        }
        match problem {
            None => checks.ok(Topic::Trail, subject, text),
            Some(why) => checks.warn(Topic::Trail, subject, format!("{text}; {}", clean_short(why, 300)), ""),
        }
    }
}

fn trail(state: &TrailState, now: Timestamp, checks: &mut Checks) {
    let subject = format!("{} {}", state.place, clean_short(&state.trail.name, 60));
    let status = &state.status;
    if !status.logging {
        let advice = "aws cloudtrail start-logging; findings say who stopped it";
        return checks.fail(Topic::Trail, subject, Fault::Unavailable, "the trail does not log", advice);
    }
    if let Some(error) = &status.delivery_error {
        let text = format!("the last delivery failed: {}", clean_short(error, 200));
        return checks.fail(Topic::Trail, subject, Fault::Unavailable, text, "see the bucket's policy and key");
    }
    if state.writes == Some(false) {
        let advice = "its event selectors leave out management write events: everything that changes a server";
        return checks.fail(Topic::Trail, subject, Fault::Config, "the trail records no changes", advice);
    }
    if !state.trail.validation {
        let advice = "turn on log file validation: without digest files nobody can prove that logs are whole";
        return checks.warn(Topic::Trail, subject, "logs and delivers, without digest files", advice);
    }
    match status.delivered_at {
        Some(at) if now.duration_since(at) > DELIVERY_LATE => {
            let text = format!("logs, but delivered last at {at}");
            checks.warn(Topic::Trail, subject, text, "nothing happened there since, or delivery is broken");
        }
        _ => checks.ok(Topic::Trail, subject, "logs, delivers and signs what it delivers"),
    }
}

/// How full the queues are. No message is received.
pub(super) async fn queues(cloud: &dyn CloudRead, config: &Config, checks: &mut Checks) {
    for source in &config.collect.trail {
        let TrailSource::Sqs(queue) = source else { continue };
        let subject = clean_short(&source.name(), 160);
        let Some(logs) = cloud.logs() else { continue };
        match logs.depth(&queue.access, &queue.url).await {
            Ok(depth) => {
                let text = format!("{} messages wait, {} are in flight", depth.waiting, depth.in_flight);
                checks.ok(Topic::Trail, subject, text);
            }
            Err(error) => {
                let fault = if error.is_refusal() { Fault::Permission } else { Fault::Unavailable };
                let advice = "`cattleguard iam-policy` prints what reading the queue needs";
                checks.fail(Topic::Trail, subject, fault, error.reason(), advice);
            }
        }
    }
}

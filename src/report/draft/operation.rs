//! Notices of operations: begun, done, failed.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::draft_single;
use crate::remediate::{OperationRecord, OperationStatus, StepRecord};
use crate::report::destination::{Audience, Destination, Subject};
use crate::report::notice::{GroupKey, Notice, NoticeKind, NoticeOperation};
use crate::report::render::operation_words::{step_name, waits_for};
use crate::report::text::clean;
use crate::store::OutboxDraft;
use crate::types::{AccountId, Code, FleetName, InstanceId, OperationId, OperationKind, Place, Severity};

/// Lines of one list in a notice.
const LISTED: usize = 10;

/// What people are told of an operation: plain values, taken from its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationNews {
    /// Id.
    pub id: OperationId,
    /// What.
    pub kind: OperationKind,
    /// Where it stands.
    pub status: OperationStatus,
    /// Where.
    pub place: Place,
    /// On which instance.
    pub instance: InstanceId,
    /// ARN of the instance.
    pub arn: String,
    /// What was launched in its place.
    pub replacement: Option<InstanceId>,
    /// Fleet.
    pub fleet: FleetName,
    /// Severity.
    pub severity: Severity,
    /// Details: why, what holds it, what is left behind.
    pub lines: Vec<String>,
    /// Tells apart news of one status that are not the same.
    pub turn: String,
    /// How it was undone, where that is what somebody wanted, and nothing that failed.
    pub undone: Option<&'static str>,
    /// Whether a person should look at the server that is kept.
    pub asks: bool,
    /// Whether what was replaced has been kept already: going on to its end is not another beginning.
    pub kept: bool,
}

impl From<&OperationRecord> for OperationNews {
    fn from(record: &OperationRecord) -> Self {
        Self {
            id: record.id.clone(),
            kind: record.kind,
            status: record.status,
            place: record.place.clone(),
            instance: record.instance.clone(),
            arn: record.before.detail.instance.arn(),
            replacement: record.facts.replacement.clone(),
            fleet: record.fleet.clone(),
            severity: record.severity,
            lines: lines(record),
            // A person who resumes it moves the deadline: what happens then is news again.
            turn: record.deadline.to_string(),
            asks: record.kept_for_a_person().is_some(),
            undone: undone(record),
            kept: record.facts.retain_until.is_some(),
        }
    }
}

fn undone(record: &OperationRecord) -> Option<&'static str> {
    if record.was_withdrawn() {
        return Some("was not begun");
    }
    record.facts.undo_all.then_some("was rolled back, as was asked for")
}

fn lines(record: &OperationRecord) -> Vec<String> {
    let mut lines = Vec::new();
    let by = clean(&record.requested.by, 120);
    lines.push(format!("Operation {}, asked for by {by}.", clean(record.id.as_str(), 60)));
    // What a person asked for by hand has that alone as its reason.
    let asked = format!("asked for by {}", record.requested.by);
    let reasons = record.requested.reasons.iter().filter(|reason| **reason != asked);
    lines.extend(reasons.take(LISTED).map(|reason| clean(reason, 300)));
    if let Some(reason) = &record.requested.overridden {
        lines.push(format!("Gates were overridden: {}", clean(reason, 300)));
    }
    if let Some(note) = &record.note {
        lines.push(clean(note, 300));
    }
    let failed = |step: &&StepRecord| step.error.is_some() && record.status != OperationStatus::Done;
    for step in record.steps.iter().filter(failed).take(LISTED) {
        let error = step.error.as_deref().unwrap_or_default();
        lines.push(format!("{} {}: {}", step_name(step), step.state, clean(error, 300)));
    }
    lines.extend(record.facts.attestation.iter().take(LISTED).map(|one| format!("Differs: {}", clean(one, 300))));
    if let Some(cut) = &record.facts.cut {
        let word = if cut.proven { "proven" } else { "unproven" };
        lines.push(format!("Cut {word}: {}", clean(&cut.why, 300)));
    }
    if let Some((folder, digest)) = &record.facts.evidence {
        lines.push(format!("Evidence in {} ({})", clean(folder, 200), clean(digest.as_str(), 80)));
    }
    // Of what is kept the note says until when.
    let at_rest = !matches!(record.status, OperationStatus::Running | OperationStatus::Retaining);
    lines.extend(waits_for(record).filter(|_| at_rest).map(|waits| format!("Waits for {waits}")));
    lines
}

/// The notices of an operation's present status, one for each destination that takes its fleet. Going back is not
/// told until it is known where it ends. The same status drafted twice is told once.
pub fn operation_notice(news: &OperationNews, destinations: &[Destination], now: Timestamp) -> Vec<OutboxDraft> {
    let Some((kind, title)) = headline(news) else { return Vec::new() };
    let severity = match kind {
        NoticeKind::OperationFailed => news.severity.max(Severity::High),
        _ => news.severity,
    };
    let mut notice = Notice::blank(kind, group(news), severity, &title, now);
    notice.lines.clone_from(&news.lines);
    notice.totals.instances = 1;
    notice.operation = Some(about(news));
    let unique = format!("{}/{}{}", news.status, news.turn, if news.asks { "/asks" } else { "" });
    let accounts = BTreeSet::from([news.place.account.clone()]);
    takers(&notice, &news.fleet, &accounts, destinations)
        .map(|(destination, notice)| draft_single(&notice, destination, &unique))
        .collect()
}

pub(super) fn group(news: &OperationNews) -> GroupKey {
    let id = news.id.as_str().to_owned();
    GroupKey { fleet: Some(news.fleet.clone()), code: Code::known("operation"), actor: Some(id) }
}

pub(super) fn about(news: &OperationNews) -> NoticeOperation {
    NoticeOperation {
        id: news.id.clone(),
        kind: news.kind.as_str().to_owned(),
        status: news.status.as_str().to_owned(),
        instance: news.instance.clone(),
        arn: clean(&news.arn, 200),
        account: news.place.account.clone(),
        region: news.place.region.clone(),
        replacement: news.replacement.clone(),
    }
}

/// The destinations that take a notice, with the notice for each: in quiet hours what is not severe enough waits for
/// their end.
pub(super) fn takers<'d>(
    notice: &Notice,
    fleet: &FleetName,
    accounts: &BTreeSet<AccountId>,
    destinations: &'d [Destination],
) -> impl Iterator<Item = (&'d Destination, Notice)> {
    let audience = Audience::Fleet(Some(fleet.clone()));
    destinations.iter().filter_map(move |destination| {
        let subject = Subject { audience: &audience, code: &notice.group.code, accounts, severity: notice.severity };
        if !destination.kind.hears(notice.kind) || destination.takes(&subject, false).is_err() {
            return None;
        }
        let due_at = destination.quiet_until(notice.severity, notice.time).unwrap_or(notice.due_at);
        Some((destination, Notice { due_at, ..notice.clone() }))
    })
}

fn headline(news: &OperationNews) -> Option<(NoticeKind, String)> {
    let (fleet, instance) = (clean(news.fleet.as_str(), 40), clean(news.instance.as_str(), 40));
    let by = news.replacement.as_ref().map_or(String::new(), |id| format!(" by {}", clean(id.as_str(), 40)));
    let kind = match news.kind {
        OperationKind::Quarantine => "quarantine",
        OperationKind::Replace => "replacement",
        OperationKind::Release => "release",
        OperationKind::Rollback => "rollback",
    };
    let told = match news.status {
        OperationStatus::Running if news.kept => return None,
        OperationStatus::Running => (NoticeKind::OperationStarted, format!("{kind} of {instance} has begun")),
        OperationStatus::Retaining if news.asks => {
            (NoticeKind::OperationDone, format!("{instance}, which was replaced{by} and is kept, needs a look"))
        }
        OperationStatus::Retaining => (NoticeKind::OperationDone, format!("{instance} was replaced{by} and is kept")),
        OperationStatus::Done => (NoticeKind::OperationDone, format!("{kind} of {instance} is done")),
        OperationStatus::RolledBack if news.undone.is_some() => {
            let how = news.undone.unwrap_or_default();
            (NoticeKind::OperationDone, format!("{kind} of {instance} {how}"))
        }
        OperationStatus::RolledBack => (NoticeKind::OperationFailed, format!("{kind} of {instance} was rolled back")),
        OperationStatus::NeedsHuman => (NoticeKind::OperationFailed, format!("{kind} of {instance} needs a person")),
        OperationStatus::RollingBack => return None,
    };
    Some((told.0, format!("{fleet}: {}", told.1)))
}

#[cfg(test)]
#[path = "operation_tests.rs"]
mod tests;

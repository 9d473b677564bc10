//! A row that is given up, who is told of it, and that its destination takes notices again.

use jiff::Timestamp;

use super::destination::Destination;
use super::draft::draft_single;
use super::notice::{GroupKey, Notice, NoticeKind};
use super::text::clean;
use crate::store::{Outbox, OutboxRow, StoreError};
use crate::types::{Code, Severity};

/// Marks the row dead and tells another destination, once an hour for each that fails: one that takes alerts, if there is
/// one. A self-alert that is given up itself goes on to one that was not tried.
pub(super) fn give_up<S: Outbox + ?Sized>(
    store: &S,
    row: &OutboxRow,
    error: &str,
    others: &[Destination],
    now: Timestamp,
) -> Result<(), StoreError> {
    // First the alert: should we die between the two, the row is tried again rather than lost in silence.
    if let Some(alert) = self_alert(row, error, now) {
        let about = alert.group.actor.as_deref().unwrap_or_default();
        let takes = |other: &&Destination| {
            clean(&other.name, NAME_CHARS) != about
                && !alert.tried.contains(&other.name)
                && other.kind.hears(NoticeKind::DeadLetter)
        };
        let able: Vec<&Destination> = others.iter().filter(takes).collect();
        if let Some(first) = able.first() {
            let failing = store.failing()?;
            let works = able.iter().find(|other| other.broken.is_none() && !failing.contains(&other.name));
            let to = works.unwrap_or(first);
            let mut unique = [&[hour(now).to_string()], alert.tried.as_slice()].concat();
            // Whoever heard within the hour that it works again hears that it does not.
            if let Some(last) =
                last_of(store, &to.name, about)?.filter(|last| last.kind == NoticeKind::DeliveryRestored)
            {
                unique.push(last.time.to_string());
            }
            store.enqueue(&[draft_single(&alert, to, &unique.join("/"))], now)?;
        }
    }
    store.dead(row.seq, error, now)
}

/// Tells those that heard of what a destination gave up that it takes notices again: once one arrived that was made in a
/// later hour, or a test of a person who mended it. One that refuses single notices opens and ends no more than one
/// incident an hour.
pub(super) fn restored<S: Outbox + ?Sized>(
    store: &S,
    delivered: &[&OutboxRow],
    name: &str,
    others: &[Destination],
    now: Timestamp,
) -> Result<(), StoreError> {
    let about = clean(name, NAME_CHARS);
    for other in others.iter().filter(|other| other.kind.hears(NoticeKind::DeliveryRestored)) {
        let Some(last) = last_of(store, &other.name, &about)?.filter(|last| last.kind == NoticeKind::DeadLetter) else {
            continue;
        };
        let later = |row: &&&OutboxRow| {
            let made = row.created_at;
            made > last.time && (hour(made) > hour(last.time) || kind_of(row) == NoticeKind::Test.as_str())
        };
        if delivered.iter().any(|row| later(&row)) {
            let title = format!("alerts to {about} arrive again");
            let mut notice = Notice::blank(NoticeKind::DeliveryRestored, group(&about), Severity::High, &title, now);
            notice.lines.push("What was given up is not sent again: `cattleguard notify status` shows it.".to_owned());
            store.enqueue(&[draft_single(&notice, other, &last.time.to_string())], now)?;
        }
    }
    Ok(())
}

fn hour(at: Timestamp) -> i64 {
    at.as_second() / 3600
}

fn group(about: &str) -> GroupKey {
    GroupKey { fleet: None, code: Code::known("dead-letter"), actor: Some(about.to_owned()) }
}

/// What a destination was told last of another one.
fn last_of<S: Outbox + ?Sized>(store: &S, destination: &str, about: &str) -> Result<Option<Notice>, StoreError> {
    let last = store.last_notice(destination, &group(about).to_string())?;
    Ok(last.and_then(|(_, payload)| serde_json::from_value(payload).ok()))
}

fn kind_of(row: &OutboxRow) -> &str {
    row.draft.payload.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default()
}

/// Characters of a destination's name in an alert about it.
const NAME_CHARS: usize = 80;

/// What is said of a row that is given up. Of a test its sender is told.
fn self_alert(row: &OutboxRow, error: &str, now: Timestamp) -> Option<Notice> {
    let kind = kind_of(row);
    if kind == NoticeKind::Test.as_str() {
        return None;
    }
    if kind == NoticeKind::DeadLetter.as_str() {
        let mut alert: Notice = serde_json::from_value(row.draft.payload.clone()).ok()?;
        alert.tried.push(row.draft.destination.clone());
        return Some(Notice { time: now, due_at: now, audit: None, ..alert });
    }
    let name = clean(&row.draft.destination, NAME_CHARS);
    let title = format!("alerts to {name} are being given up");
    let mut notice = Notice::blank(NoticeKind::DeadLetter, group(&name), Severity::High, &title, now);
    notice.lines.push(format!("Reason: {}", clean(error, 200)));
    if let Some(title) = row.draft.payload.get("title").and_then(|title| title.as_str()) {
        notice.lines.push(format!("Not delivered: {}", clean(title, 200)));
    }
    notice.lines.push("The findings themselves are kept: `cattleguard findings list` shows them.".to_owned());
    Some(notice)
}

//! A row that is given up, and who is told of it.

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
            let hour = (now.as_second() / 3600).to_string();
            let unique = [&[hour], alert.tried.as_slice()].concat().join("/");
            store.enqueue(&[draft_single(&alert, works.unwrap_or(first), &unique)], now)?;
        }
    }
    store.dead(row.seq, error, now)
}

/// Characters of a destination's name in an alert about it.
const NAME_CHARS: usize = 80;

/// What is said of a row that is given up. Of a test its sender is told.
fn self_alert(row: &OutboxRow, error: &str, now: Timestamp) -> Option<Notice> {
    let kind = row.draft.payload.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default();
    if kind == NoticeKind::Test.as_str() {
        return None;
    }
    if kind == NoticeKind::DeadLetter.as_str() {
        let mut alert: Notice = serde_json::from_value(row.draft.payload.clone()).ok()?;
        alert.tried.push(row.draft.destination.clone());
        return Some(Notice { time: now, due_at: now, audit: None, ..alert });
    }
    let name = clean(&row.draft.destination, NAME_CHARS);
    let group = GroupKey { fleet: None, code: Code::known("dead-letter"), actor: Some(name.clone()) };
    let title = format!("alerts to {name} are being given up");
    let mut notice = Notice::blank(NoticeKind::DeadLetter, group, Severity::High, &title, now);
    notice.lines.push(format!("Reason: {}", clean(error, 200)));
    if let Some(title) = row.draft.payload.get("title").and_then(|title| title.as_str()) {
        notice.lines.push(format!("Not delivered: {}", clean(title, 200)));
    }
    notice.lines.push("The findings themselves are kept: `cattleguard findings list` shows them.".to_owned());
    Some(notice)
}

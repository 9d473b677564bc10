//! The end of an incident that an operation opened which was rolled back: a later one did what it was to do.

use jiff::Timestamp;

use super::draft_single;
use super::history::NoticeHistory;
use super::operation::{OperationNews, about, group};
use crate::remediate::{OperationRecord, OperationStatus};
use crate::report::destination::{Destination, DestinationKind};
use crate::report::notice::{Notice, NoticeKind};
use crate::report::text::clean;
use crate::store::OutboxDraft;

/// The ends of what was told of `earlier` operations on the same instance, once `record` succeeded. Only a pager keeps an
/// incident for each operation; elsewhere the success itself is told.
pub fn overtaken_notices(
    record: &OperationRecord,
    earlier: &[OperationRecord],
    destinations: &[Destination],
    history: &dyn NoticeHistory,
    now: Timestamp,
) -> Vec<OutboxDraft> {
    if !matches!(record.status, OperationStatus::Done | OperationStatus::Retaining) {
        return Vec::new();
    }
    let failed = |one: &&OperationRecord| {
        one.id != record.id && one.kind == record.kind && one.status == OperationStatus::RolledBack
    };
    let pagers: Vec<_> =
        destinations.iter().filter(|one| matches!(one.kind, DestinationKind::PagerDuty { .. })).collect();
    let mut drafts = Vec::new();
    for one in earlier.iter().filter(failed) {
        let news = OperationNews::from(one);
        let (fleet, instance) = (clean(one.fleet.as_str(), 40), clean(one.instance.as_str(), 40));
        let title = format!("{fleet}: {} of {instance} succeeded after it was rolled back", one.kind);
        let mut notice = Notice::blank(NoticeKind::OperationDone, group(&news), one.severity, &title, now);
        notice.lines.push(format!("Operation {} did it.", clean(record.id.as_str(), 60)));
        notice.totals.instances = 1;
        notice.operation = Some(about(&news));
        let key = notice.group.to_string();
        for destination in &pagers {
            let Some((at, last)) = history.last(&destination.name, &key) else { continue };
            if last.kind == NoticeKind::OperationFailed {
                let notice = Notice { due_at: now.max(at).max(last.due_at), ..notice.clone() };
                drafts.push(draft_single(&notice, destination, record.id.as_str()));
            }
        }
    }
    drafts
}

//! The end of an incident that an operation opened which was rolled back: a later one did what it was to do, or nothing
//! wants it any more.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::draft_single;
use super::history::NoticeHistory;
use super::operation::{OperationNews, about, group};
use crate::remediate::{OperationRecord, OperationStatus};
use crate::report::destination::{Destination, DestinationKind};
use crate::report::notice::{Notice, NoticeKind};
use crate::report::text::clean;
use crate::store::OutboxDraft;
use crate::types::{InstanceId, Place, Plan};

/// The ends of what was told of `earlier` operations on the same instance, once `record` succeeded.
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
    let title =
        |one: &OperationRecord| format!("{} of {} succeeded after it was rolled back", one.kind, about_whom(one));
    let by = format!("Operation {} did it.", clean(record.id.as_str(), 60));
    let ends = Ends { destinations, history, now };
    earlier.iter().filter(failed).flat_map(|one| ends.of(one, &title(one), &by, record.id.as_str())).collect()
}

/// The ends of what was told of operations that were rolled back, and that no plan wants any more: their servers are as
/// they should be by other means, waived, or gone. `looked`: whether the scan would have seen them in this place.
pub fn lapsed_notices(
    records: &[OperationRecord],
    plan: &Plan,
    looked: impl Fn(&Place) -> bool,
    destinations: &[Destination],
    history: &dyn NoticeHistory,
    now: Timestamp,
) -> Vec<OutboxDraft> {
    let planned = plan.operations.iter().map(|one| &one.instance);
    let wanted: BTreeSet<&InstanceId> = planned.chain(plan.held.iter().map(|one| &one.instance)).collect();
    let lapsed = |one: &&OperationRecord| {
        one.status == OperationStatus::RolledBack && !wanted.contains(&one.instance) && looked(&one.place)
    };
    let title = |one: &OperationRecord| format!("{} of {} is wanted no more", one.kind, about_whom(one));
    let ends = Ends { destinations, history, now };
    let why = "No plan wants it since it was rolled back.";
    records.iter().filter(lapsed).flat_map(|one| ends.of(one, &title(one), why, "lapsed")).collect()
}

fn about_whom(record: &OperationRecord) -> String {
    clean(record.instance.as_str(), 40)
}

/// Where ends are told: only a pager keeps an incident for each operation; elsewhere what follows is told by itself.
struct Ends<'a> {
    destinations: &'a [Destination],
    history: &'a dyn NoticeHistory,
    now: Timestamp,
}

impl Ends<'_> {
    fn of(&self, one: &OperationRecord, title: &str, why: &str, unique: &str) -> Vec<OutboxDraft> {
        let pagers = self.destinations.iter().filter(|one| matches!(one.kind, DestinationKind::PagerDuty { .. }));
        let mut drafts = Vec::new();
        let news = OperationNews::from(one);
        let title = format!("{}: {title}", clean(one.fleet.as_str(), 40));
        let mut notice = Notice::blank(NoticeKind::OperationDone, group(&news), one.severity, &title, self.now);
        notice.lines.push(why.to_owned());
        notice.totals.instances = 1;
        notice.operation = Some(about(&news));
        let key = notice.group.to_string();
        for destination in pagers {
            let Some((at, last)) = self.history.last(&destination.name, &key) else { continue };
            if last.kind == NoticeKind::OperationFailed {
                let notice = Notice { due_at: self.now.max(at).max(last.due_at), ..notice.clone() };
                drafts.push(draft_single(&notice, destination, unique));
            }
        }
        drafts
    }
}

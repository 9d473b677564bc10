//! A person acknowledged a finding, or opened it again: told at once, and not only by the next scan's silence.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::drift::key;
use super::history::NoticeHistory;
use super::{draft_single, history};
use crate::report::destination::Destination;
use crate::report::notice::{GroupKey, Notice, NoticeKind};
use crate::report::text::clean;
use crate::store::OutboxDraft;
use crate::types::{Finding, FindingStatus};

/// The notices of a person's word on findings, one for each group and each destination that was told of the group and not
/// of its end. A group counts as acknowledged when the last of its active findings is. `findings` are the active ones,
/// with the new status of those in `changed`, which is one status.
pub fn person_notices(
    changed: &[Finding],
    findings: &[Finding],
    by: &str,
    destinations: &[Destination],
    history: &dyn NoticeHistory,
    now: Timestamp,
) -> Vec<OutboxDraft> {
    let mut groups: BTreeMap<GroupKey, Vec<&Finding>> = BTreeMap::new();
    for finding in changed {
        groups.entry(key(finding, finding.attribution.first())).or_default().push(finding);
    }
    let word = Word { findings, by, destinations, history, now };
    groups.iter().flat_map(|(group, changed)| word.of_group(group, changed)).collect()
}

/// What a person said, and to whom it is told.
struct Word<'a> {
    findings: &'a [Finding],
    by: &'a str,
    destinations: &'a [Destination],
    history: &'a dyn NoticeHistory,
    now: Timestamp,
}

impl Word<'_> {
    fn of_group(&self, group: &GroupKey, changed: &[&Finding]) -> Vec<OutboxDraft> {
        let Self { findings, by, destinations, history, now } = *self;
        let Some(finding) = changed.first() else { return Vec::new() };
        let text = group.to_string();
        let others =
            findings.iter().filter(|other| key(other, other.attribution.first()) == *group && other.is_active());
        let open = others.filter(|other| other.status == FindingStatus::Open).count();
        let kind = match finding.status {
            FindingStatus::Acknowledged if open == 0 => NoticeKind::Acknowledged,
            FindingStatus::Acknowledged | FindingStatus::Open => NoticeKind::Update,
            FindingStatus::Waived | FindingStatus::Resolved => return Vec::new(),
        };
        let (id, by) = (clean(finding.id.as_str(), 60), clean(by, 120));
        let mut drafts = Vec::new();
        for destination in destinations {
            let Some((told_at, last)) = history::told(history, &destination.name, &text) else { continue };
            if !last.kind.is_firing() || last.kind == kind && kind == NoticeKind::Acknowledged {
                continue;
            }
            let word = if finding.status == FindingStatus::Open { "opened again" } else { "acknowledged" };
            let prefix = if kind == NoticeKind::Acknowledged { "Acknowledged: " } else { "Update: " };
            let title = strip_prefix(&last.title);
            let mut lines = vec![match changed.len() {
                1 => format!("{id} was {word} by {by}."),
                more => format!("{more} findings were {word} by {by}."),
            }];
            if kind == NoticeKind::Update && finding.status == FindingStatus::Acknowledged {
                lines.push(format!("{open} more of this group are not acknowledged."));
            }
            let notice = Notice {
                kind,
                title: clean(&format!("{prefix}{title}"), 150),
                time: now,
                // After what still waits, so that a group is told in order.
                due_at: now.max(told_at),
                lines,
                audit: None,
                ..last.clone()
            };
            drafts.push(draft_single(&notice, destination, &format!("{id}/{word}/{now}")));
        }
        drafts
    }
}

/// A title without what an earlier step put before it.
fn strip_prefix(title: &str) -> &str {
    ["Update: ", "Still open: ", "Flapping: ", "Acknowledged: "]
        .iter()
        .find_map(|prefix| title.strip_prefix(prefix))
        .unwrap_or(title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::draft::{NotifySettings, OutboxHistory, draft_notices};
    use crate::report::fixtures::{self, MemoryOutbox, at};
    use crate::store::Outbox as _;

    fn told(findings: &[Finding]) -> MemoryOutbox {
        let outbox = MemoryOutbox::default();
        let settings = NotifySettings::default();
        let report = fixtures::report(findings.to_vec());
        let destinations = [fixtures::slack("ops", "http://127.0.0.1/")];
        let drafts = draft_notices(&report, &destinations, &OutboxHistory::new(&outbox), at(0), &settings);
        outbox.enqueue(&drafts, at(0)).unwrap();
        outbox
    }

    fn word(outbox: &MemoryOutbox, findings: &[Finding], which: usize, second: i64) -> Vec<Notice> {
        let destinations = [fixtures::slack("ops", "http://127.0.0.1/"), fixtures::slack("new", "http://127.0.0.1/")];
        let history = OutboxHistory::new(outbox);
        let drafts =
            person_notices(&findings[which..=which], findings, "erin@ops", &destinations, &history, at(second));
        outbox.enqueue(&drafts, at(second)).unwrap();
        drafts.into_iter().map(|draft| serde_json::from_value(draft.payload).unwrap()).collect()
    }

    #[test]
    fn the_last_acknowledgement_acknowledges_the_group_and_opening_undoes_it() {
        let one = |id: &str| fixtures::finding("event-ssh-key-pushed", id, "key");
        let mut findings = vec![one("i-1"), one("i-2")];
        let outbox = told(&findings);
        findings[0].status = FindingStatus::Acknowledged;
        let first = word(&outbox, &findings, 0, 100);
        assert_eq!(first.len(), 1, "only where the group was told");
        assert_eq!(first[0].kind, NoticeKind::Update);
        assert!(first[0].lines[1].starts_with("1 more"), "{:?}", first[0].lines);
        findings[1].status = FindingStatus::Acknowledged;
        let second = word(&outbox, &findings, 1, 200);
        assert_eq!((second[0].kind, second[0].due_at), (NoticeKind::Acknowledged, at(200)));
        assert_eq!(second[0].title, "Acknowledged: web: event-ssh-key-pushed on 2 instances, by alice");
        assert!(second[0].lines[0].ends_with("was acknowledged by erin@ops."), "{:?}", second[0].lines);
        assert_eq!(word(&outbox, &findings, 1, 300).len(), 0, "told once");
        findings[1].status = FindingStatus::Open;
        let third = word(&outbox, &findings, 1, 400);
        assert_eq!((third[0].kind, third[0].lines[0].contains("opened again")), (NoticeKind::Update, true));
    }

    #[test]
    fn findings_that_are_acknowledged_together_are_told_once() {
        let mut findings = ["i-1", "i-2", "i-3"].map(|id| fixtures::finding("event-ssh-key-pushed", id, "key"));
        let outbox = told(&findings);
        findings[..2].iter_mut().for_each(|finding| finding.status = FindingStatus::Acknowledged);
        let destinations = [fixtures::slack("ops", "http://127.0.0.1/")];
        let history = OutboxHistory::new(&outbox);
        let drafts = person_notices(&findings[..2], &findings, "erin@ops", &destinations, &history, at(100));
        assert_eq!(drafts.len(), 1);
        let notice: Notice = serde_json::from_value(drafts[0].payload.clone()).unwrap();
        assert_eq!(notice.kind, NoticeKind::Update);
        assert_eq!(notice.lines[0], "2 findings were acknowledged by erin@ops.");
        assert!(notice.lines[1].starts_with("1 more"), "{:?}", notice.lines);
    }

    #[test]
    fn who_was_told_nothing_is_not_told_of_an_acknowledgement() {
        let mut finding = fixtures::finding("event-ssh-key-pushed", "i-1", "key");
        finding.status = FindingStatus::Acknowledged;
        assert_eq!(word(&MemoryOutbox::default(), &[finding], 0, 0).len(), 0);
    }
}

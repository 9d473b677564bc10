//! What retention deletes, computed purely from what is held: the store loads the holdings, asks here, and
//! applies the answer in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::types::{EventId, FindingId, InstanceId};

/// What a finding holds on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingHold {
    /// Finding.
    pub id: FindingId,
    /// Instance.
    pub instance: InstanceId,
    /// Whether it is resolved; only then can it expire.
    pub resolved: bool,
    /// Last time it was seen.
    pub last_seen: Timestamp,
    /// The events that explain it.
    pub events: BTreeSet<EventId>,
}

/// A notice in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeHold {
    /// Sequence.
    pub seq: i64,
    /// Destination and group: the newest of each pair carries the repeat interval and is kept.
    pub group: (String, String),
    /// When it was delivered or given up; `None` while it is pending.
    pub finished_at: Option<Timestamp>,
}

/// An operation with its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationHold {
    /// Key.
    pub key: i64,
    /// On which instance.
    pub instance: InstanceId,
    /// What replaced it.
    pub replacement: Option<InstanceId>,
    /// When it ended; `None` while it is not over, retained instances included.
    pub ended_at: Option<Timestamp>,
}

/// Finished operations are kept this long, whatever the retention of scans is: audits ask for a year and some.
pub const OPERATIONS_KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Everything retention looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Scans: sequence and end.
    pub scans: Vec<(i64, Timestamp)>,
    /// Events with their times.
    pub events: Vec<(EventId, Timestamp)>,
    /// Findings.
    pub findings: Vec<FindingHold>,
    /// Instances with the last scan that saw them.
    pub instances: Vec<(InstanceId, i64)>,
    /// Outbox rows.
    pub notices: Vec<NoticeHold>,
    /// Operations.
    pub operations: Vec<OperationHold>,
}

/// What is to be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Scans.
    pub scans: Vec<i64>,
    /// Events.
    pub events: Vec<EventId>,
    /// Findings.
    pub findings: Vec<FindingId>,
    /// Instances that no kept scan and no kept finding knows.
    pub instances: Vec<InstanceId>,
    /// Outbox rows.
    pub notices: Vec<i64>,
    /// Operations, with their journals.
    pub operations: Vec<i64>,
}

/// Computes what is older than `before` and not needed any more. The newest scan, findings that are not
/// resolved, what kept findings point to, and pending notices always stay.
pub fn expired(holdings: &Holdings, before: Timestamp) -> Expired {
    let newest_scan = holdings.scans.iter().map(|(seq, _)| *seq).max();
    let scans: BTreeSet<i64> = holdings
        .scans
        .iter()
        .filter(|(seq, finished_at)| *finished_at < before && Some(*seq) != newest_scan)
        .map(|(seq, _)| *seq)
        .collect();
    let (gone, kept): (Vec<_>, Vec<_>) =
        holdings.findings.iter().partition(|finding| finding.resolved && finding.last_seen < before);
    let needed_events: BTreeSet<&EventId> = kept.iter().flat_map(|finding| &finding.events).collect();
    let needed_instances: BTreeSet<&InstanceId> = kept.iter().map(|finding| &finding.instance).collect();
    let kept_scans: BTreeSet<i64> =
        holdings.scans.iter().map(|(seq, _)| *seq).filter(|seq| !scans.contains(seq)).collect();
    let instances: Vec<InstanceId> = holdings
        .instances
        .iter()
        .filter(|(id, scan)| !kept_scans.contains(scan) && !needed_instances.contains(id))
        .map(|(id, _)| id.clone())
        .collect();
    let operations = expired_operations(holdings, &instances, before);
    Expired {
        scans: scans.into_iter().collect(),
        events: holdings
            .events
            .iter()
            .filter(|(id, time)| *time < before && !needed_events.contains(id))
            .map(|(id, _)| id.clone())
            .collect(),
        findings: gone.iter().map(|finding| finding.id.clone()).collect(),
        instances,
        notices: expired_notices(&holdings.notices, before),
        operations,
    }
}

/// Finished operations that are old by every measure and that no instance which is still known descends from.
fn expired_operations(holdings: &Holdings, gone: &[InstanceId], before: Timestamp) -> Vec<i64> {
    // The state's own time: the newest scan's. Without a scan there is nothing to prune by.
    let Some(now) = holdings.scans.iter().map(|(_, finished_at)| *finished_at).max() else { return Vec::new() };
    let before = before.min(now.checked_sub(OPERATIONS_KEPT).unwrap_or(Timestamp::MIN));
    let gone: BTreeSet<&InstanceId> = gone.iter().collect();
    let known = holdings.instances.iter().map(|(id, _)| id).filter(|id| !gone.contains(id));
    let lineage = ancestors(&holdings.operations, known.collect());
    holdings
        .operations
        .iter()
        .filter(|held| held.ended_at.is_some_and(|at| at < before))
        .filter(|held| !lineage.contains(&held.instance))
        .filter(|held| held.replacement.as_ref().is_none_or(|made| !lineage.contains(made)))
        .map(|held| held.key)
        .collect()
}

/// These instances and all that they replaced, directly or not.
fn ancestors<'a>(operations: &'a [OperationHold], known: Vec<&'a InstanceId>) -> BTreeSet<&'a InstanceId> {
    let mut replaced: BTreeMap<&InstanceId, Vec<&InstanceId>> = BTreeMap::new();
    for held in operations {
        if let Some(made) = &held.replacement {
            replaced.entry(made).or_default().push(&held.instance);
        }
    }
    let mut found = BTreeSet::new();
    let mut open = known;
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(replaced.get(id).into_iter().flatten());
        }
    }
    found
}

fn expired_notices(notices: &[NoticeHold], before: Timestamp) -> Vec<i64> {
    let mut newest: BTreeMap<&(String, String), i64> = BTreeMap::new();
    for notice in notices {
        let seq = newest.entry(&notice.group).or_insert(notice.seq);
        *seq = (*seq).max(notice.seq);
    }
    notices
        .iter()
        .filter(|notice| notice.finished_at.is_some_and(|at| at < before))
        .filter(|notice| newest.get(&notice.group) != Some(&notice.seq))
        .map(|notice| notice.seq)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a small number of seconds")
    }

    fn finding(id: &str, resolved: bool, last_seen: i64, event: &str) -> FindingHold {
        FindingHold {
            id: id.into(),
            instance: format!("i-{id}").into(),
            resolved,
            last_seen: at(last_seen),
            events: BTreeSet::from([EventId::new(event)]),
        }
    }

    #[test]
    fn the_newest_scan_stays_however_old_it_is() {
        let holdings = Holdings { scans: vec![(1, at(1)), (2, at(2))], ..Holdings::default() };
        assert_eq!(expired(&holdings, at(100)).scans, [1]);
    }

    #[test]
    fn unresolved_findings_keep_their_events_and_instances() {
        let holdings = Holdings {
            scans: vec![(1, at(1)), (9, at(90))],
            events: vec![("ev-open".into(), at(1)), ("ev-gone".into(), at(1)), ("ev-new".into(), at(60))],
            findings: vec![finding("open", false, 2, "ev-open"), finding("gone", true, 2, "ev-gone")],
            instances: vec![("i-open".into(), 1), ("i-gone".into(), 1), ("i-live".into(), 9)],
            ..Holdings::default()
        };
        let gone = expired(&holdings, at(50));
        assert_eq!(gone.events, [EventId::new("ev-gone")]);
        assert_eq!(gone.findings, [FindingId::new("gone")]);
        assert_eq!(gone.instances, [InstanceId::new("i-gone")]);
    }

    #[test]
    fn a_resolved_finding_stays_while_it_is_young_and_keeps_an_old_event() {
        let holdings = Holdings {
            events: vec![("ev".into(), at(1))],
            findings: vec![finding("young", true, 60, "ev")],
            ..Holdings::default()
        };
        assert_eq!(expired(&holdings, at(50)), Expired::default());
    }

    #[test]
    fn pending_notices_and_the_newest_of_each_group_stay() {
        let notice = |seq, group: &str, finished: Option<i64>| NoticeHold {
            seq,
            group: ("slack".to_owned(), group.to_owned()),
            finished_at: finished.map(at),
        };
        let holdings = Holdings {
            notices: vec![
                notice(1, "a", Some(1)),
                notice(2, "a", None),
                notice(3, "a", Some(2)),
                notice(4, "b", Some(2)),
                notice(5, "a", Some(60)),
            ],
            ..Holdings::default()
        };
        assert_eq!(expired(&holdings, at(50)).notices, [1, 3]);
    }

    #[test]
    fn operations_outlive_scans_and_the_lineage_of_what_lives_is_never_forgotten() {
        let day = 86_400;
        let operation = |key, instance: &str, replacement: Option<&str>, ended: Option<i64>| OperationHold {
            key,
            instance: instance.into(),
            replacement: replacement.map(InstanceId::new),
            ended_at: ended.map(|days| at(days * day)),
        };
        let holdings = Holdings {
            scans: vec![(1, at(500 * day))],
            instances: vec![("i-3".into(), 1)],
            operations: vec![
                operation(1, "i-1", Some("i-2"), Some(1)),
                operation(2, "i-2", Some("i-3"), Some(2)),
                operation(3, "i-gone", None, Some(3)),
                operation(4, "i-open", None, None),
                operation(5, "i-young", None, Some(101)),
            ],
            ..Holdings::default()
        };
        assert_eq!(expired(&holdings, at(490 * day)).operations, [3]);
        assert_eq!(expired(&holdings, at(2 * day)).operations, [0; 0], "a longer retention counts");
    }
}

//! What retention deletes, computed purely from what is held: the store loads the holdings, asks here, and
//! applies the answer in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

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
    Expired {
        scans: scans.into_iter().collect(),
        events: holdings
            .events
            .iter()
            .filter(|(id, time)| *time < before && !needed_events.contains(id))
            .map(|(id, _)| id.clone())
            .collect(),
        findings: gone.iter().map(|finding| finding.id.clone()).collect(),
        instances: holdings
            .instances
            .iter()
            .filter(|(id, scan)| !kept_scans.contains(scan) && !needed_instances.contains(id))
            .map(|(id, _)| id.clone())
            .collect(),
        notices: expired_notices(&holdings.notices, before),
    }
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
            notices: vec![],
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
}

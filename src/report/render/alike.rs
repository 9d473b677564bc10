//! Instances that would be told in the same words. A denied API or a first scan without goldens makes a whole fleet
//! say the same thing; people read it once.

use std::collections::HashMap;

use crate::report::view::View;
use crate::store::InstanceResult;
use crate::types::{AccountId, Action, FindingStatus, FleetName, Region, Verdict};

/// Fewer than this are shown one by one: each has its own id to click on.
const WORTH_IT: usize = 4;

/// One instance that is shown, and those that it stands for.
pub(super) struct Alike<'a> {
    pub(super) shown: &'a InstanceResult,
    pub(super) others: Vec<&'a InstanceResult>,
}

#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    place: (&'a AccountId, &'a Region),
    fleet: Option<&'a FleetName>,
    verdict: Verdict,
    action: Action,
    findings: Vec<(&'a str, FindingStatus)>,
    reasons: Vec<&'a str>,
    gates: Vec<&'a str>,
}

fn key<'a>(result: &'a InstanceResult, view: &View<'a>) -> Key<'a> {
    let id = &result.instance.id;
    let mut findings: Vec<_> =
        view.findings(id).iter().map(|finding| (finding.fingerprint.as_str(), finding.status)).collect();
    findings.sort_by_key(|(fingerprint, status)| (*fingerprint, status.as_str()));
    Key {
        place: (&result.instance.account, &result.instance.region),
        fleet: result.fleet.as_ref(),
        verdict: result.verdict,
        action: result.decision.as_ref().map(|decision| decision.action).unwrap_or_default(),
        findings,
        reasons: result.reasons.iter().map(|reason| reason.reason.as_str()).collect(),
        gates: view.held(id).into_iter().flat_map(|held| &held.gates).map(|gate| gate.answer.as_str()).collect(),
    }
}

/// Groups instances in the order in which they come; small groups are left as single instances.
pub(super) fn alike<'a>(results: &[&'a InstanceResult], view: &View<'a>) -> Vec<Alike<'a>> {
    let mut sizes: HashMap<Key<'a>, usize> = HashMap::new();
    for result in results {
        *sizes.entry(key(result, view)).or_default() += 1;
    }
    let mut groups: Vec<Alike<'a>> = Vec::new();
    let mut seen: HashMap<Key<'a>, usize> = HashMap::new();
    for result in results {
        let key = key(result, view);
        let first = seen.get(&key).copied().and_then(|index| groups.get_mut(index));
        if let Some(group) = first {
            group.others.push(result);
            continue;
        }
        if sizes.get(&key).copied().unwrap_or(0) >= WORTH_IT {
            seen.insert(key, groups.len());
        }
        groups.push(Alike { shown: result, others: Vec::new() });
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;
    use crate::report::scan_report::ScanReport;
    use crate::types::Finding;

    fn sizes(report: &ScanReport) -> Vec<usize> {
        let view = View::of(report);
        let results: Vec<&InstanceResult> =
            report.instances.iter().filter(|result| result.verdict == Verdict::Drifted).collect();
        alike(&results, &view).iter().map(|group| group.others.len() + 1).collect()
    }

    fn same(ids: &[&str]) -> Vec<Finding> {
        ids.iter()
            .map(|id| Finding { fingerprint: "same".to_owned(), ..fixtures::finding("image-unrecorded", id, "image") })
            .collect()
    }

    #[test]
    fn equal_instances_are_told_once_and_different_ones_are_not_hidden_among_them() {
        let mut findings = same(&["i-1", "i-2", "i-3", "i-4", "i-5"]);
        findings.push(Finding {
            fingerprint: "other".to_owned(),
            ..fixtures::finding("event-interactive-session", "i-3", "alice")
        });
        let mut counts = sizes(&fixtures::report(findings));
        counts.sort_unstable();
        assert_eq!(counts, [1, 4]);
    }

    #[test]
    fn a_few_equal_instances_keep_their_own_lines() {
        assert_eq!(sizes(&fixtures::report(same(&["i-1", "i-2", "i-3"]))), [1, 1, 1]);
    }
}

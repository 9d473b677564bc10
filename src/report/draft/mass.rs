//! Topics for fleets that drift as a whole: one notice with what their instances have in common.

use std::collections::{BTreeMap, BTreeSet};

use super::listed::{actor, listed};
use super::topic::{Kinds, Topic, state_of};
use super::{Scope, frozen};
use crate::report::destination::Audience;
use crate::report::notice::{GroupKey, Notice, NoticeKind, SharedChange};
use crate::report::render::parts::count;
use crate::report::text::{clean, short};
use crate::types::{Code, Finding, FleetName, Severity};

/// Shared changes listed.
const SHARED: usize = 5;
/// Findings listed as examples.
const EXAMPLES: usize = 3;

pub(super) fn topics(scope: &Scope<'_>) -> Vec<Topic> {
    let report = scope.report;
    let mut fleets: BTreeSet<&FleetName> = report.instances.iter().filter_map(|result| result.fleet.as_ref()).collect();
    fleets.extend(report.plan.frozen.iter().map(|(fleet, _)| fleet));
    fleets.into_iter().map(|fleet| topic(scope, fleet)).collect()
}

fn topic(scope: &Scope<'_>, fleet: &FleetName) -> Topic {
    let group =
        GroupKey { fleet: Some(fleet.clone()), code: Code::known("mass-drift"), actor: Some("the fleet".to_owned()) };
    let reason = frozen(scope.report, Some(fleet));
    let findings: Vec<_> = match reason {
        Some(_) => scope.active().filter(|f| f.fleet.as_ref() == Some(fleet)).collect(),
        None => Vec::new(),
    };
    let instances: BTreeSet<_> = findings.iter().map(|finding| finding.instance.clone()).collect();
    let severity = findings.iter().map(|f| scope.view.severity(f)).fold(Severity::High, Severity::max);
    let drifted = instances.len() as u64;
    let title = match reason {
        Some(_) => {
            format!("{}: {} drifted together, fleet frozen", clean(fleet.as_str(), 40), count(drifted, "instance"))
        }
        None => format!("{}: mass drift, fleet no longer frozen", clean(fleet.as_str(), 40)),
    };
    let mut notice = Notice::blank(NoticeKind::MassDrift, group, severity, &title, scope.now);
    notice.scan_id = Some(scope.report.scan_id.clone());
    notice.totals.findings = findings.len() as u64;
    notice.totals.instances = drifted;
    if let Some(reason) = reason {
        notice.lines.push(clean(reason, 300));
        notice.lines.push("Nothing is enforced on this fleet, and its findings are told here as one.".to_owned());
        let (shared, counts) = shared(&findings);
        notice.shared = shared;
        notice.findings = findings.iter().take(EXAMPLES).map(|f| listed(f, &scope.view)).collect();
        notice.state = state_of(counts.iter().map(|(print, count)| format!("{print} {count}")));
    }
    let group_text = notice.group.to_string();
    let accounts = findings.iter().map(|finding| finding.account.clone()).collect();
    let mut topic = Topic {
        notice,
        group_text,
        firing: reason.is_some(),
        quiet: false,
        ended_now: false,
        accounts,
        always_alone: true,
        audience: Audience::Fleet(Some(fleet.clone())),
        kinds: Kinds::one(NoticeKind::MassDrift, NoticeKind::Resolved),
        instances,
    };
    topic.quiet = topic.is_silenced(scope.now, scope.settings);
    topic
}

/// The commonest changes, and how many instances have each of them all.
fn shared<'a>(findings: &[&'a Finding]) -> (Vec<SharedChange>, BTreeMap<&'a str, usize>) {
    let mut groups: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        groups.entry(&finding.fingerprint).or_default().push(finding);
    }
    let hosts = |list: &[&Finding]| list.iter().map(|finding| &finding.instance).collect::<BTreeSet<_>>().len();
    let counts = groups.iter().map(|(print, list)| (*print, hosts(list))).collect::<BTreeMap<_, _>>();
    let mut order: Vec<_> = groups.iter().collect();
    order.sort_by_key(|(print, _)| (std::cmp::Reverse(counts.get(*print).copied()), **print));
    let top = order.into_iter().take(SHARED).filter_map(|(print, list)| {
        let first = list.first()?;
        Some(SharedChange {
            fingerprint: clean(print, 64),
            code: first.code.clone(),
            summary: clean(&first.summary, 240),
            expected: short(&first.expected, 160),
            actual: short(&first.actual, 160),
            instances: counts.get(print).copied().unwrap_or_default() as u64,
            who: list.iter().find_map(|finding| finding.attribution.first()).map(actor),
        })
    });
    (top.collect(), counts)
}

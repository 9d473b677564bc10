//! Topics for what cannot be seen: coverage by account-region, and policies that fail.

use std::collections::{BTreeMap, BTreeSet};

use super::Scope;
use super::topic::{Kinds, Topic, state_of};
use crate::report::destination::Audience;
use crate::report::notice::{GroupKey, Notice, NoticeKind};
use crate::report::render::parts::count;
use crate::report::text::clean;
use crate::types::{
    AccountId, Code, Coverage, CoverageStatus, DecisionStatus, FleetName, InstanceId, Place, PolicyOutcome, Severity,
    Verdict,
};

pub(super) fn coverage_topics(scope: &Scope<'_>) -> Vec<Topic> {
    let mut places: BTreeMap<Place, Vec<&Coverage>> = BTreeMap::new();
    for entry in &scope.report.coverage {
        places.entry(Place::new(entry.account.clone(), entry.region.clone())).or_default().push(entry);
    }
    let mut fleets: BTreeMap<Place, BTreeSet<FleetName>> = BTreeMap::new();
    let mut unjudged: BTreeMap<Place, BTreeSet<InstanceId>> = BTreeMap::new();
    for result in scope.members() {
        fleets.entry(result.instance.place()).or_default().extend(result.fleet.clone());
        if result.verdict == Verdict::Unjudged {
            unjudged.entry(result.instance.place()).or_default().insert(result.instance.id.clone());
        }
    }
    places
        .into_iter()
        .map(|(place, entries)| {
            let audience = Audience::Touching(fleets.remove(&place).unwrap_or_default());
            coverage_topic(scope, &place, &entries, audience, unjudged.remove(&place).unwrap_or_default())
        })
        .collect()
}

fn coverage_topic(
    scope: &Scope<'_>,
    place: &Place,
    entries: &[&Coverage],
    audience: Audience,
    instances: BTreeSet<InstanceId>,
) -> Topic {
    let lost: Vec<_> = entries.iter().filter(|entry| entry.status != CoverageStatus::Complete).collect();
    let worst = lost.iter().map(|entry| entry.status).max();
    let severity = if worst == Some(CoverageStatus::Failed) { Severity::High } else { Severity::Medium };
    let named = if lost.is_empty() { entries.iter().collect() } else { lost.clone() };
    let sources = named.iter().map(|entry| entry.source.as_str()).collect::<BTreeSet<_>>();
    let sources = sources.into_iter().collect::<Vec<_>>().join(", ");
    let group = GroupKey { fleet: None, code: Code::known("coverage"), actor: Some(place.to_string()) };
    let title = if lost.is_empty() {
        format!("everything is read in {place}: {sources}")
    } else {
        format!("cannot see all of {place}: {sources}")
    };
    let mut notice = Notice::blank(NoticeKind::CoverageLost, group, severity, &title, scope.now);
    notice.scan_id = Some(scope.report.scan_id.clone());
    notice.lines = lost.iter().map(|entry| coverage_line(entry)).collect();
    if !lost.is_empty() && !instances.is_empty() {
        notice.lines.push(format!("{} could not be judged.", count(instances.len() as u64, "instance")));
    }
    notice.totals.instances = instances.len() as u64;
    notice.state = state_of(lost.iter().map(|entry| format!("{} {:?}", entry.source.as_str(), entry.status)));
    let kinds = Kinds::one(NoticeKind::CoverageLost, NoticeKind::CoverageRestored);
    let accounts = BTreeSet::from([place.account.clone()]);
    plain_topic(scope, notice, !lost.is_empty(), Whom { audience, accounts, kinds, instances })
}

fn coverage_line(entry: &Coverage) -> String {
    let status = match entry.status {
        CoverageStatus::Complete => "complete",
        CoverageStatus::Partial => "partly read",
        CoverageStatus::Failed => "not read",
    };
    let api = entry.api.as_deref().map_or(String::new(), |api| format!(" ({})", clean(api, 80)));
    let reason = entry.reason.as_deref().map_or(String::new(), |reason| format!(": {}", clean(reason, 200)));
    format!("{} {status}{api}{reason}", entry.source.as_str())
}

/// Instances on which a policy failed, with the error.
type Failures = Vec<(InstanceId, String)>;

pub(super) fn policy_topics(scope: &Scope<'_>) -> Vec<Topic> {
    let mut policies: BTreeMap<(Option<FleetName>, String), Failures> = BTreeMap::new();
    for decision in scope.members().filter_map(|result| result.decision.as_ref()) {
        let mut explained = false;
        for policy in &decision.policies {
            let failed = policies.entry((decision.fleet.clone(), policy.policy.clone())).or_default();
            if policy.outcome == PolicyOutcome::Error {
                explained = true;
                failed.push((decision.instance.clone(), policy.error.clone().unwrap_or_default()));
            }
        }
        let whole = policies.entry((decision.fleet.clone(), "evaluation".to_owned())).or_default();
        if decision.status == DecisionStatus::Error && !explained {
            whole.push((decision.instance.clone(), decision.reasons.first().cloned().unwrap_or_default()));
        }
    }
    policies.into_iter().map(|((fleet, policy), failed)| policy_topic(scope, fleet, &policy, &failed)).collect()
}

fn policy_topic(scope: &Scope<'_>, fleet: Option<FleetName>, policy: &str, failed: &[(InstanceId, String)]) -> Topic {
    let group = GroupKey { fleet: fleet.clone(), code: Code::known("policy-error"), actor: Some(policy.to_owned()) };
    let instances: BTreeSet<_> = failed.iter().map(|(instance, _)| instance.clone()).collect();
    let title = if failed.is_empty() {
        format!("policy {} works", clean(policy, 80))
    } else {
        format!("policy {} failed on {}", clean(policy, 80), count(instances.len() as u64, "instance"))
    };
    let mut notice = Notice::blank(NoticeKind::PolicyError, group, Severity::High, &title, scope.now);
    notice.scan_id = Some(scope.report.scan_id.clone());
    if let Some((instance, error)) = failed.first() {
        notice.lines.push(format!("on {}: {}", clean(instance.as_str(), 24), clean(error, 400)));
        notice.lines.push("These instances are alerted on, and nothing is enforced on them.".to_owned());
    }
    notice.totals.instances = instances.len() as u64;
    notice.state = state_of(failed.iter().map(|(_, error)| error).collect::<BTreeSet<_>>());
    let kinds = Kinds::one(NoticeKind::PolicyError, NoticeKind::Resolved);
    let whom = Whom { audience: Audience::Fleet(fleet), accounts: BTreeSet::new(), kinds, instances };
    plain_topic(scope, notice, !failed.is_empty(), whom)
}

/// Whom and what a topic is about.
struct Whom {
    audience: Audience,
    accounts: BTreeSet<AccountId>,
    kinds: Kinds,
    instances: BTreeSet<InstanceId>,
}

fn plain_topic(scope: &Scope<'_>, notice: Notice, firing: bool, whom: Whom) -> Topic {
    let Whom { audience, accounts, kinds, instances } = whom;
    let group_text = notice.group.to_string();
    let mut topic = Topic {
        notice,
        group_text,
        firing,
        quiet: false,
        ended_now: false,
        always_alone: false,
        audience,
        accounts,
        kinds,
        instances,
    };
    topic.quiet = topic.is_silenced(scope.now, scope.settings);
    topic
}

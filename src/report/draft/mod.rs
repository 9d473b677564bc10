//! From a scan's report to notices for the outbox. Pure: history, time and settings come in as values.
//!
//! Everything that can be wrong is a topic: a group of findings, a frozen fleet, an account-region that cannot
//! be read, a policy that fails. Each scan states every topic afresh; what was told before decides whether it
//! is news, an update, a reminder, the end, or nothing. So a lost or repeated run changes nothing.

mod acknowledge;
mod approval;
mod digest;
mod drift;
mod exception;
mod history;
mod hub;
#[cfg(test)]
mod incident_tests;
mod listed;
mod mass;
mod operation;
mod overtaken;
mod settings;
mod sight;
#[cfg(test)]
mod tests;
mod topic;
mod twins;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use acknowledge::person_notices;
pub use approval::{approval_notices, approved_notices, needs_approval, waits_for_approval};
pub use exception::{Waivers, exception_notices};
pub use history::{NoticeHistory, OutboxHistory};
pub use operation::{OperationNews, operation_notice};
pub use overtaken::{lapsed_notices, overtaken_notices};
pub use settings::NotifySettings;

use self::history::{Last, Past};
use self::topic::{Phase, Step, Topic};
use self::twins::Apart;
use super::destination::{Destination, DestinationKind};
use super::notice::Notice;
use super::scan_report::ScanReport;
use super::view::View;
use crate::remediate::kept;
use crate::store::{InstanceResult, OutboxDraft};
use crate::types::{Action, DecisionStatus, Finding, FleetName, InstanceId};

/// What every topic is made from.
struct Scope<'a> {
    report: &'a ScanReport,
    view: View<'a>,
    /// Servers that were replaced and are only kept: what is found on them is nobody's problem any more.
    kept: BTreeSet<&'a InstanceId>,
    now: Timestamp,
    settings: &'a NotifySettings,
}

impl<'a> Scope<'a> {
    fn new(report: &'a ScanReport, now: Timestamp, settings: &'a NotifySettings) -> Self {
        Self { report, view: View::of(report), kept: kept(&report.unfinished), now, settings }
    }

    /// Servers that are part of their fleets, with what was found.
    fn members(&self) -> impl Iterator<Item = &'a InstanceResult> {
        self.report.instances.iter().filter(|result| !self.kept.contains(&result.instance.id))
    }

    /// Findings that count, on servers that are part of their fleets.
    fn active(&self) -> impl Iterator<Item = &'a Finding> {
        let findings = &self.report.findings;
        findings.iter().filter(|finding| finding.is_active() && !self.kept.contains(&finding.instance))
    }

    /// Whether people are told of a finding: not where policy was evaluated and asks for nothing.
    fn is_told(&self, finding: &Finding) -> bool {
        self.view
            .decision(&finding.instance)
            .is_none_or(|decision| decision.action > Action::None || decision.status == DecisionStatus::Error)
    }
}

/// A topic to be told to one destination.
struct Wanted<'a> {
    topic: &'a Topic,
    step: Step,
    last: Option<Last>,
    /// Under which group it is kept.
    group: String,
}

impl Wanted<'_> {
    /// Whether it ends what was opened for it alone.
    fn ends_its_own(&self) -> bool {
        self.step.phase == Phase::End && self.last.as_ref().is_some_and(|last| last.by_itself)
    }
}

/// The notices that a scan causes, for every destination, in the order of their groups.
///
/// The rows belong into the same transaction as the scan's findings. Keys depend on destination, group and scan
/// only, so committing the same drafts twice adds nothing.
pub fn draft_notices(
    report: &ScanReport,
    destinations: &[Destination],
    history: &dyn NoticeHistory,
    now: Timestamp,
    settings: &NotifySettings,
) -> Vec<OutboxDraft> {
    if destinations.is_empty() {
        return Vec::new();
    }
    let scope = Scope::new(report, now, settings);
    let (twins, all) = (twins::twins(&scope), topics(&scope, &Apart::new()));
    // Most destinations are told the same; where a finding is told apart from its twin, its topics are others.
    let mut others: BTreeMap<Apart<'_>, Vec<Topic>> = BTreeMap::new();
    let hub_settings = hub::settings(settings);
    let hub_scope = Scope::new(report, now, &hub_settings);
    let has_hub = destinations.iter().any(|destination| matches!(destination.kind, DestinationKind::SecurityHub));
    let hub_topics = if has_hub { hub::topics(&hub_scope) } else { Vec::new() };
    let mut drafts = Vec::new();
    for destination in destinations {
        let past = Past::of(history, &destination.name);
        if matches!(destination.kind, DestinationKind::SecurityHub) {
            drafts.extend(for_destination(&hub_scope, &hub_topics, destination, &past));
            continue;
        }
        let apart = twins.apart(&scope, &all, destination, &past);
        let topics =
            if apart.is_empty() { &all } else { others.entry(apart).or_insert_with_key(|apart| topics(&scope, apart)) };
        drafts.extend(for_destination(&scope, topics, destination, &past));
    }
    drafts
}

/// Everything that can be wrong, where these findings are told by themselves.
fn topics(scope: &Scope<'_>, apart: &Apart<'_>) -> Vec<Topic> {
    let mut topics = mass::topics(scope);
    topics.extend(sight::coverage_topics(scope));
    topics.extend(sight::policy_topics(scope));
    topics.extend(drift::topics(scope, apart));
    topics
}

fn for_destination(
    scope: &Scope<'_>,
    topics: &[Topic],
    destination: &Destination,
    past: &Past<'_>,
) -> Vec<OutboxDraft> {
    let wanted = topics.iter().filter_map(|topic| {
        let last = past.last(topic);
        if !topic.concerns(destination, last.as_ref()) {
            return None;
        }
        let quiet = destination.quiet_until(topic.notice.severity, scope.now);
        let wanted = wanted(scope, topic, last, quiet)?;
        destination.kind.hears(wanted.step.kind).then_some(wanted)
    });
    let keeps = destination.kind.keeps_incidents();
    let (mut alone, rest): (Vec<_>, Vec<_>) =
        wanted.partition(|wanted| wanted.topic.always_alone || keeps && wanted.ends_its_own());
    let mut told = None;
    if rest.len() > scope.settings.storm_groups {
        told = digest::digest(scope, past, topics, &rest);
    } else {
        alone.extend(rest);
    }
    if told.is_none() && keeps {
        told = digest::over(scope, past, topics);
    }
    let told = told.filter(|notice| destination.kind.hears(notice.kind));
    let mut drafts: Vec<_> = told.iter().map(|notice| draft(notice, destination, digest::key().to_string())).collect();
    drafts.extend(alone.iter().map(|wanted| {
        let notice = wanted.topic.notice_for(wanted.step, wanted.last.as_ref(), scope.settings);
        draft(&notice, destination, wanted.group.clone())
    }));
    drafts
}

/// What of a topic is told now. In quiet hours nothing begins and nothing is repeated: what is still so when they end
/// is told by the next scan. An end is told, for the next scan will not say so; and what came and went meanwhile is
/// told when they are over.
fn wanted<'t>(scope: &Scope<'_>, topic: &'t Topic, last: Option<Last>, quiet: Option<Timestamp>) -> Option<Wanted<'t>> {
    let group = topic.group_text.clone();
    let step = topic.step(last.as_ref(), scope.now, scope.settings);
    let Some(until) = quiet else { return Some(Wanted { topic, step: step?, last, group }) };
    match step {
        Some(step) if step.phase == Phase::End => Some(Wanted { topic, step, last, group }),
        Some(_) => None,
        None if topic.ended_now && !topic.firing && !topic.quiet => {
            let step = Step { kind: topic.kinds.end, due_at: until, phase: Phase::End };
            Some(Wanted { topic, step, last: None, group: format!("quiet/{group}") })
        }
        None => None,
    }
}

fn draft(notice: &Notice, destination: &Destination, group: String) -> OutboxDraft {
    let scan = notice.scan_id.as_ref().map_or("", |scan| scan.as_str());
    OutboxDraft {
        key: notice_key(&[&destination.name, &group, notice.kind.as_str(), scan]),
        destination: destination.name.clone(),
        group,
        due_at: notice.due_at,
        payload: notice.to_value(),
    }
}

/// An outbox row for a notice made outside a scan. `unique` tells repetitions apart: the same text is sent once.
pub fn draft_single(notice: &Notice, destination: &Destination, unique: &str) -> OutboxDraft {
    let group = notice.group.to_string();
    OutboxDraft {
        key: notice_key(&[&destination.name, &group, notice.kind.as_str(), "single", unique]),
        destination: destination.name.clone(),
        group,
        due_at: notice.due_at,
        payload: notice.to_value(),
    }
}

fn notice_key(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    format!("ntc_{}", hasher.finalize().to_hex().get(..32).unwrap_or_default())
}

/// Why a fleet is frozen, when it is.
fn frozen<'a>(report: &'a ScanReport, fleet: Option<&FleetName>) -> Option<&'a str> {
    let fleet = fleet?;
    report.plan.frozen.iter().find(|(frozen, _)| frozen == fleet).map(|(_, reason)| reason.as_str())
}

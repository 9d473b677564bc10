//! Topics for findings, grouped by fleet, code and actor.

use std::collections::{BTreeMap, BTreeSet};

use super::listed::listed;
use super::topic::{Kinds, Topic, state_of};
use super::twins::Apart;
use super::{Scope, frozen};
use crate::report::destination::Audience;
use crate::report::notice::{GroupKey, Notice, NoticeKind};
use crate::report::render::parts::count;
use crate::report::text::clean;
use crate::types::{Attribution, Code, Finding, FindingStatus, Severity, Silenced, Source};

/// Attributions whose groups a finding may have been told under before; the ranking may change as late events
/// arrive.
const FORMER_GROUPS: usize = 5;
/// Members listed by id, so that the next update can count what changed.
const MEMBERS: usize = 100;

#[derive(Default)]
struct Group<'a> {
    /// Findings that count and belong here.
    active: Vec<&'a Finding>,
    /// Findings that may have been told here and count in another group now.
    moved: Vec<&'a Finding>,
    /// Findings that may have been told here and no longer count.
    gone: Vec<&'a Finding>,
    /// Findings on servers that were replaced and are only kept.
    replaced: Vec<&'a Finding>,
    /// With which codes those of `moved` are told that are about the same change.
    with: BTreeSet<&'a Code>,
}

/// `apart` are the findings that are told by themselves although another one tells all that they could.
pub(super) fn topics(scope: &Scope<'_>, apart: &Apart<'_>) -> Vec<Topic> {
    let mut groups: BTreeMap<GroupKey, Group<'_>> = BTreeMap::new();
    let findings = scope.report.findings.iter().chain(&scope.report.resolved);
    for finding in findings.filter(|finding| !is_coverage(finding)) {
        let home = key(finding, finding.attribution.first());
        let mut former: BTreeSet<_> =
            finding.attribution.iter().take(FORMER_GROUPS).map(|by| key(finding, Some(by))).collect();
        former.insert(key(finding, None));
        let (active, kept) = (finding.is_active(), scope.kept.contains(&finding.instance));
        for other in former.into_iter().filter(|other| *other != home) {
            let group = groups.entry(other).or_default();
            match (active, kept) {
                (true, false) => group.moved.push(finding),
                (true, true) => group.replaced.push(finding),
                (false, _) => group.gone.push(finding),
            }
        }
        let group = groups.entry(home).or_default();
        let state = scope.view.told_by(finding).filter(|_| active && !apart.contains(&finding.id));
        match state {
            _ if !active => group.gone.push(finding),
            _ if kept => group.replaced.push(finding),
            Some(state) => {
                group.moved.push(finding);
                group.with.insert(&state.code);
            }
            None => group.active.push(finding),
        }
    }
    groups.into_iter().filter_map(|(key, group)| topic(scope, key, &group)).collect()
}

/// A source that could not be read is told by the topic of its place, with everything else that is not seen there.
fn is_coverage(finding: &Finding) -> bool {
    matches!(finding.code.as_str(), "blind-access-denied" | "blind-source-failed")
}

pub(super) fn key(finding: &Finding, by: Option<&Attribution>) -> GroupKey {
    GroupKey { fleet: finding.fleet.clone(), code: finding.code.clone(), actor: by.map(|by| by.display.clone()) }
}

/// `None` while a frozen fleet is told as a whole, and where policy asks for nothing.
fn topic(scope: &Scope<'_>, key: GroupKey, group: &Group<'_>) -> Option<Topic> {
    let (active, silenced): (Vec<_>, Vec<_>) = group.active.iter().partition(|finding| scope.is_told(finding));
    let firing = !active.is_empty();
    if firing && frozen(scope.report, key.fleet.as_ref()).is_some() {
        return None;
    }
    let mut shown: Vec<&Finding> = [&active, &group.gone, &group.replaced, &group.moved, &silenced]
        .into_iter()
        .find(|list| !list.is_empty())
        .cloned()
        .unwrap_or_default();
    shown.sort_by_key(|finding| {
        let new = scope.report.new.contains(&finding.id);
        (std::cmp::Reverse(scope.view.severity(finding)), !new, finding.instance.clone(), finding.subject.clone())
    });
    let moved_only = group.gone.is_empty() && group.replaced.is_empty() && !group.moved.is_empty();
    let end = if moved_only { NoticeKind::Reattributed } else { NoticeKind::Resolved };
    let kinds = Kinds { first: NoticeKind::New, update: NoticeKind::Update, repeat: NoticeKind::Repeat, end };
    let audience = Audience::Fleet(key.fleet.clone());
    let quiet =
        shown.iter().all(|finding| finding.status == FindingStatus::Acknowledged || is_silenced(scope, &key, finding));
    let accounts = shown.iter().map(|finding| finding.account.clone()).collect();
    let ended_now = group.gone.iter().any(|finding| finding.status == FindingStatus::Resolved);
    let instances: BTreeSet<_> = shown.iter().map(|finding| finding.instance.clone()).collect();
    let mut notice = notice(scope, key, &shown, instances.len() as u64);
    if !firing {
        notice.lines = ending(group);
        // What policy and plan say of the instance is about what is still there.
        for finding in &mut notice.findings {
            finding.policy.clear();
            finding.next.clear();
            finding.held.clear();
        }
        if !silenced.is_empty() {
            notice
                .lines
                .push(format!("{} still there; policy now asks for nothing.", count(silenced.len() as u64, "finding")));
        }
    }
    let group_text = notice.group.to_string();
    Some(Topic {
        notice,
        group_text,
        firing,
        quiet,
        ended_now,
        always_alone: false,
        audience,
        accounts,
        kinds,
        instances,
    })
}

pub(super) fn is_silenced(scope: &Scope<'_>, key: &GroupKey, finding: &Finding) -> bool {
    if scope.settings.silences.is_empty() {
        return false;
    }
    let accounts = BTreeSet::from([finding.account.clone()]);
    let subject = Silenced {
        fleet: finding.fleet.as_ref(),
        code: &finding.code,
        accounts: &accounts,
        instance: Some(&finding.instance),
        actor: key.actor.as_deref(),
    };
    scope.settings.silences.iter().any(|silence| silence.is_active(scope.now) && silence.covers(&subject))
}

fn notice(scope: &Scope<'_>, key: GroupKey, shown: &[&Finding], instances: u64) -> Notice {
    let severity = shown.iter().map(|finding| scope.view.severity(finding)).fold(Severity::Info, Severity::max);
    let mut notice = Notice::blank(NoticeKind::New, key, severity, "", scope.now);
    notice.title = title(&notice.group, shown, instances);
    notice.scan_id = Some(scope.report.scan_id.clone());
    notice.totals.findings = shown.len() as u64;
    notice.totals.instances = instances;
    notice.findings = shown.iter().take(scope.settings.listed_findings).map(|f| listed(f, &scope.view)).collect();
    let mut marks: Vec<String> = shown.iter().map(|finding| mark(finding)).collect();
    marks.sort();
    let mut ids: Vec<_> = shown.iter().map(|finding| finding.id.clone()).collect();
    ids.sort();
    let action = shown.iter().filter_map(|f| scope.view.decision(&f.instance)).map(|d| d.action).max();
    let level = format!("{severity} {}", action.unwrap_or_default());
    notice.state = state_of(marks.iter().map(String::as_str).chain([level.as_str()]));
    ids.truncate(MEMBERS);
    notice.members = ids;
    notice
}

/// What must stay the same for a finding to be no news: which it is, how it differs, and its latest event.
fn mark(finding: &Finding) -> String {
    let latest = finding.attribution.first().filter(|_| finding.source == Source::Cloudtrail);
    let latest = latest.map_or("", |by| by.event_id.as_str());
    let differs = if finding.code.family() == "blind" { "" } else { finding.fingerprint.as_str() };
    format!("{} {differs} {latest}", finding.id)
}

fn title(group: &GroupKey, shown: &[&Finding], instances: u64) -> String {
    let fleet = group.fleet.as_ref().map_or_else(|| "no fleet".to_owned(), |fleet| clean(fleet.as_str(), 40));
    let subject = match shown {
        [only] => clean(only.instance.as_str(), 24),
        _ => count(instances, "instance"),
    };
    let by = group.actor.as_ref().map_or_else(|| "unexplained".to_owned(), |actor| format!("by {}", clean(actor, 40)));
    format!("{fleet}: {} on {subject}, {by}", clean(group.code.as_str(), 50))
}

fn ending(group: &Group<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let waived: Vec<_> = group.gone.iter().filter(|finding| finding.status == FindingStatus::Waived).collect();
    let resolved = (group.gone.len() - waived.len()) as u64;
    if resolved > 0 {
        lines.push(format!("{} no longer there: everything was read and it is gone.", count(resolved, "finding")));
    }
    if !waived.is_empty() {
        let ids: BTreeSet<_> =
            waived.iter().filter_map(|f| f.exception.as_ref()).map(|id| clean(id.as_str(), 60)).collect();
        let ids = ids.into_iter().take(5).collect::<Vec<_>>().join(", ");
        lines.push(format!("{} waived by exception {ids}.", count(waived.len() as u64, "finding")));
    }
    if !group.replaced.is_empty() {
        let many = count(group.replaced.len() as u64, "finding");
        lines.push(format!("{many} on a server that was replaced: it is kept, and takes no part in its fleet."));
    }
    if !group.moved.is_empty() && !group.with.is_empty() {
        let codes: Vec<_> = group.with.iter().take(5).map(|code| clean(code.as_str(), 60)).collect();
        let many = count(group.moved.len() as u64, "finding");
        lines.push(format!("{many} still open, told with {} from now on: it is the same change.", codes.join(", ")));
    } else if !group.moved.is_empty() {
        let names: BTreeSet<_> =
            group.moved.iter().filter_map(|f| f.attribution.first()).map(|by| clean(&by.display, 80)).collect();
        let names = names.into_iter().take(5).collect::<Vec<_>>().join(", ");
        let by = if names.is_empty() { "nobody known".to_owned() } else { names };
        lines.push(format!("{} still open, now attributed to {by}.", count(group.moved.len() as u64, "finding")));
    }
    lines
}

//! Topics for Security Hub: one for each instance, with all of its findings. It wants findings, not news: no waiting, no
//! digest, and a reminder only so often that it does not forget them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Scope;
use super::listed::listed;
use super::settings::NotifySettings;
use super::topic::{Kinds, Topic, state_of};
use crate::report::destination::Audience;
use crate::report::notice::{GroupKey, Notice, NoticeKind};
use crate::report::text::clean;
use crate::types::{Code, Finding, FindingStatus, FleetName, InstanceId, Place, Severity};

/// Findings of one instance that are imported; one import takes as many.
const FINDINGS: usize = 100;

/// Findings that are not updated for 90 days are deleted ("Updating findings"): a week leaves room for a scanner that
/// stands still.
const AGAIN: Duration = Duration::from_secs(7 * 86_400);

/// How notices for a hub are paced.
pub(super) fn settings(settings: &NotifySettings) -> NotifySettings {
    NotifySettings {
        group_wait: Duration::ZERO,
        update_interval: Duration::ZERO,
        repeat_interval: AGAIN,
        storm_groups: usize::MAX,
        flap_changes: usize::MAX,
        ..settings.clone()
    }
}

/// Acknowledged and silenced findings are findings all the same.
pub(super) fn topics(scope: &Scope<'_>) -> Vec<Topic> {
    let mut instances: BTreeMap<(Place, InstanceId, Option<FleetName>), Vec<&Finding>> = BTreeMap::new();
    for finding in scope.report.findings.iter().chain(&scope.report.resolved) {
        let place = Place::new(finding.account.clone(), finding.region.clone());
        let key = (place, finding.instance.clone(), finding.fleet.clone());
        instances.entry(key).or_default().push(finding);
    }
    instances.into_iter().map(|((place, id, fleet), findings)| topic(scope, place, id, fleet, findings)).collect()
}

fn topic(
    scope: &Scope<'_>,
    place: Place,
    id: InstanceId,
    fleet: Option<FleetName>,
    mut findings: Vec<&Finding>,
) -> Topic {
    findings
        .sort_by_key(|finding| (!finding.is_active(), std::cmp::Reverse(scope.view.severity(finding)), &finding.id));
    let kept = scope.kept.contains(&id);
    let firing = !kept && findings.iter().any(|finding| finding.is_active());
    let severity = findings.iter().map(|finding| scope.view.severity(finding)).fold(Severity::Info, Severity::max);
    let group = GroupKey { fleet: fleet.clone(), code: Code::known("instance"), actor: Some(id.as_str().to_owned()) };
    let title = format!("findings of {}", clean(id.as_str(), 40));
    let mut notice = Notice::blank(NoticeKind::New, group, severity, &title, scope.now);
    notice.scan_id = Some(scope.report.scan_id.clone());
    notice.findings = findings.iter().take(FINDINGS).map(|finding| listed(finding, &scope.view)).collect();
    if kept {
        // What was replaced and is only kept is nobody's problem any more.
        notice.findings.iter_mut().for_each(|finding| FindingStatus::Resolved.as_str().clone_into(&mut finding.status));
    }
    notice.totals.findings = findings.len() as u64;
    notice.totals.instances = 1;
    let mut marks: Vec<String> = findings
        .iter()
        .map(|finding| {
            format!("{} {} {} {}", finding.id, finding.status, finding.fingerprint, scope.view.severity(finding))
        })
        .collect();
    marks.sort();
    notice.state = state_of(marks);
    let group_text = notice.group.to_string();
    Topic {
        notice,
        group_text,
        firing,
        quiet: false,
        ended_now: false,
        always_alone: true,
        audience: Audience::Fleet(fleet),
        accounts: [place.account].into(),
        kinds: Kinds {
            first: NoticeKind::New,
            update: NoticeKind::Update,
            repeat: NoticeKind::Repeat,
            end: NoticeKind::Resolved,
        },
        instances: [id].into(),
    }
}

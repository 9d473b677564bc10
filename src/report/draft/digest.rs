//! A storm of groups told as one list of counts.

use std::collections::{BTreeMap, BTreeSet};

use super::history::Past;
use super::topic::{Phase, Step, Topic};
use super::{Scope, Wanted};
use crate::report::backoff::later;
use crate::report::notice::{Covered, GroupKey, Notice, NoticeKind};
use crate::report::render::parts::count;
use crate::report::text::clean;
use crate::types::{Code, Severity};

/// Lines of counts in a digest; the rest is counted in its last line.
const LINES: usize = 20;
/// Groups a digest remembers as told. What does not fit is told by the next digest.
const COVERED: usize = 5000;

/// The group under which digests are kept.
pub(super) fn key() -> GroupKey {
    GroupKey { fleet: None, code: Code::known("digest"), actor: Some("storm".to_owned()) }
}

/// The key of a group within a digest.
pub(super) fn short_key(group: &str) -> String {
    blake3::hash(group.as_bytes()).to_hex().get(..16).unwrap_or_default().to_owned()
}

/// One digest for many topics. `None` while the last one still waits to be sent, unless something ended: the
/// next scan will not say so again.
pub(super) fn digest(scope: &Scope<'_>, past: &Past<'_>, topics: &[Topic], wanted: &[Wanted<'_>]) -> Option<Notice> {
    let ended = wanted.iter().any(|wanted| wanted.step.phase == Phase::End);
    let due_at = match &past.digest {
        Some((at, _)) if *at > scope.now && !ended => return None,
        Some((at, _)) if *at > scope.now => *at,
        Some((at, _)) => later(*at, scope.settings.update_interval).max(scope.now),
        None => later(scope.now, scope.settings.group_wait),
    };
    let severity = wanted.iter().map(|wanted| wanted.topic.notice.severity).fold(Severity::Info, Severity::max);
    let fired: Vec<_> = wanted.iter().filter(|wanted| wanted.step.phase != Phase::End).collect();
    let over = (wanted.len() - fired.len()) as u64;
    let title = match (fired.len() as u64, over) {
        (0, over) => format!("{over} groups resolved at once"),
        (fired, 0) => format!("{fired} groups of findings at once"),
        (fired, over) => format!("{fired} groups of findings at once, {over} resolved"),
    };
    // Where something of the storm goes on, its incident does too.
    let kind = match () {
        () if !fired.is_empty() => NoticeKind::Digest,
        () if goes_on(past, topics) => NoticeKind::DigestEnding,
        () => NoticeKind::Resolved,
    };
    let mut notice = Notice::blank(kind, key(), severity, &title, scope.now);
    notice.due_at = due_at;
    notice.scan_id = Some(scope.report.scan_id.clone());
    notice.lines = lines(wanted);
    notice.totals.findings = fired.iter().map(|wanted| wanted.topic.notice.totals.findings).sum();
    notice.totals.instances =
        fired.iter().flat_map(|wanted| &wanted.topic.instances).collect::<BTreeSet<_>>().len() as u64;
    notice.covers = covers(past, topics, wanted);
    Some(notice)
}

/// The end of a digest, where one thing stands for each problem: once nothing of what it told of goes on.
pub(super) fn over(scope: &Scope<'_>, past: &Past<'_>, topics: &[Topic]) -> Option<Notice> {
    let (at, last) = past.digest.as_ref().filter(|(_, last)| last.kind.is_firing())?;
    if goes_on(past, topics) {
        return None;
    }
    let title = "Resolved: everything that a digest told of has ended";
    let mut notice = Notice::blank(NoticeKind::Resolved, key(), last.severity, title, scope.now);
    notice.due_at = scope.now.max(*at);
    notice.scan_id = Some(scope.report.scan_id.clone());
    Some(notice)
}

/// Whether something that the last digest told of as firing still is.
fn goes_on(past: &Past<'_>, topics: &[Topic]) -> bool {
    let Some((_, last)) = &past.digest else { return false };
    let told = |topic: &&Topic| last.covers.get(&short_key(&topic.group_text)).is_some_and(|covered| covered.firing);
    topics.iter().filter(|topic| topic.firing).any(|topic| told(&topic))
}

fn lines(wanted: &[Wanted<'_>]) -> Vec<String> {
    let mut rows: BTreeMap<(String, String, bool), (u64, u64, Severity)> = BTreeMap::new();
    for Wanted { topic, step: Step { phase, .. }, .. } in wanted {
        let group = &topic.notice.group;
        let fleet = group.fleet.as_ref().map_or_else(|| "no fleet".to_owned(), |fleet| clean(fleet.as_str(), 40));
        let row = rows.entry((fleet, clean(group.code.as_str(), 60), *phase == Phase::End)).or_default();
        row.0 += 1;
        row.1 += topic.notice.totals.findings;
        row.2 = row.2.max(topic.notice.severity);
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by_key(|((_, _, ended), (groups, _, severity))| (*ended, std::cmp::Reverse((*severity, *groups))));
    let rest = rows.len().saturating_sub(LINES);
    let mut lines: Vec<_> = rows
        .into_iter()
        .take(LINES)
        .map(|((fleet, code, ended), (groups, findings, severity))| {
            let (groups, findings) = (count(groups, "group"), count(findings, "finding"));
            let level = if ended { "resolved".to_owned() } else { severity.to_string() };
            format!("{level}: {fleet} {code}: {groups}, {findings}")
        })
        .collect();
    if rest > 0 {
        lines.push(format!("and {rest} more kinds of findings"));
    }
    lines
}

/// What is told now, and what the last digest told and still holds.
fn covers(past: &Past<'_>, topics: &[Topic], wanted: &[Wanted<'_>]) -> BTreeMap<String, Covered> {
    let mut covers: BTreeMap<_, _> = wanted
        .iter()
        .take(COVERED)
        .map(|wanted| {
            let covered = Covered { state: wanted.topic.notice.state.clone(), firing: wanted.topic.firing };
            (short_key(&wanted.topic.group_text), covered)
        })
        .collect();
    if let Some((_, before)) = &past.digest {
        for topic in topics.iter().filter(|topic| topic.firing) {
            if covers.len() >= COVERED {
                break;
            }
            let key = short_key(&topic.group_text);
            if let Some(covered) = before.covers.get(&key) {
                covers.entry(key).or_insert_with(|| covered.clone());
            }
        }
    }
    covers
}

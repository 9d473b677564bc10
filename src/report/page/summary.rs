//! The top of the page: how it stands, and what somebody should look at first.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Known;
use super::words::{ago, minute, name, number, percent};
use crate::report::view::View;
use crate::types::{Finding, FindingStatus, FleetName, Severity, Verdict};

/// Groups listed in full; the others are in the list of findings.
const SHOWN: usize = 12;

/// How it stands.
pub(super) struct Summary {
    pub(super) clean: String,
    pub(super) drifted: String,
    pub(super) unjudged: String,
    pub(super) total: String,
    pub(super) coverage: String,
    /// Widths of the bar's parts, of 1000.
    pub(super) bar: [usize; 3],
    pub(super) scanned: String,
    pub(super) scanned_ago: String,
    pub(super) exit: &'static str,
    pub(super) mode: String,
    pub(super) made: String,
    pub(super) open: String,
    pub(super) worst: Option<&'static str>,
    pub(super) alarms: Vec<String>,
    pub(super) head: String,
    pub(super) version: &'static str,
    pub(super) days: u32,
}

/// Findings of one code in one fleet.
pub(super) struct Group {
    pub(super) severity: &'static str,
    pub(super) code: String,
    pub(super) fleet: String,
    pub(super) instances: String,
    pub(super) findings: String,
    pub(super) since: String,
    pub(super) who: String,
    pub(super) example: String,
}

pub(super) fn summary(known: &Known) -> Summary {
    let (clean, drifted, unjudged) =
        (known.count(Verdict::Clean), known.count(Verdict::Drifted), known.count(Verdict::Unjudged));
    let total = clean + drifted + unjudged;
    let part = |count: usize| if count == 0 { 0 } else { (count * 1000 / total.max(1)).max(4) };
    let (bad, blind) = (part(drifted), part(unjudged));
    let open = known.findings.iter().filter(|finding| finding.is_active());
    let worst = open.clone().map(|finding| finding.severity).max();
    Summary {
        clean: number(clean),
        drifted: number(drifted),
        unjudged: number(unjudged),
        total: number(total),
        coverage: percent(total - unjudged, total),
        bar: [1000_usize.saturating_sub(bad + blind), bad, blind],
        scanned: minute(known.scan.started_at),
        scanned_ago: ago(known.scan.finished_at, known.now),
        exit: exit_words(known.scan.exit_code),
        mode: known.mode.clone(),
        made: minute(known.now),
        open: number(open.count()),
        worst: worst.map(Severity::as_str),
        alarms: alarms(known),
        head: known.head.as_ref().map_or_else(|| "empty".to_owned(), |(seq, hash)| format!("{seq}:{hash}")),
        version: env!("CARGO_PKG_VERSION"),
        days: known.days,
    }
}

fn exit_words(code: u8) -> &'static str {
    match code {
        0 => "complete, nothing to report",
        1 => "complete, with findings",
        2 => "failed",
        3 => "partial: something could not be judged",
        4 => "complete, enforcement is held",
        _ => "ended otherwise",
    }
}

/// What is wrong with cattleguard itself, or was stopped by somebody.
fn alarms(known: &Known) -> Vec<String> {
    let mut alarms = Vec::new();
    for (fleet, reason) in &known.pauses {
        let what = fleet
            .as_ref()
            .map_or_else(|| "All enforcement".to_owned(), |fleet| format!("Fleet {}", name(fleet.as_str())));
        alarms.push(format!("{what} is paused: {}", crate::report::text::clean(reason, 300)));
    }
    for (fleet, reason) in known.plan.iter().flat_map(|plan| &plan.frozen) {
        alarms.push(format!("Fleet {} is frozen: {}", name(fleet.as_str()), crate::report::text::clean(reason, 300)));
    }
    let (dead, _) = known.outbox;
    if dead > 0 {
        alarms.push(format!(
            "{} could not be delivered: cattleguard notify status",
            crate::report::render::parts::count(dead, "notice")
        ));
    }
    if known.now.duration_since(known.scan.finished_at).as_hours() >= 24 {
        alarms.push(format!("The last scan is {} old", ago(known.scan.finished_at, known.now)));
    }
    let stuck = known.operations.iter().filter(|record| record.status == crate::remediate::OperationStatus::NeedsHuman);
    for record in stuck {
        alarms.push(format!(
            "{} of {} needs a person: cattleguard operations show {}",
            record.kind,
            name(record.instance.as_str()),
            record.id
        ));
    }
    alarms
}

/// Open findings by code and fleet, worst first, and how many more groups there are.
pub(super) fn groups(known: &Known) -> (Vec<Group>, usize) {
    let mut found: BTreeMap<(&str, Option<&FleetName>), Vec<&Finding>> = BTreeMap::new();
    // An event that a finding about the state tells of as well is told once.
    let view = View::new(&known.results, &known.findings, None);
    let open = known.findings.iter().filter(|finding| finding.status == FindingStatus::Open);
    for finding in open.filter(|finding| view.told_by(finding).is_none()) {
        found.entry((finding.code.as_str(), finding.fleet.as_ref())).or_default().push(finding);
    }
    let mut groups: Vec<_> = found.into_iter().collect();
    let worst = |list: &[&Finding]| list.iter().map(|finding| finding.severity).max().unwrap_or_default();
    groups.sort_by_key(|(_, list)| std::cmp::Reverse((worst(list), list.len())));
    let more = groups.len().saturating_sub(SHOWN);
    groups.truncate(SHOWN);
    (groups.into_iter().map(|((code, fleet), list)| group(code, fleet, &list, known.now)).collect(), more)
}

fn group(code: &str, fleet: Option<&FleetName>, list: &[&Finding], now: Timestamp) -> Group {
    let instances: BTreeSet<_> = list.iter().map(|finding| &finding.instance).collect();
    let since = list.iter().map(|finding| finding.first_seen).min().unwrap_or(now);
    let mut people: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in list {
        if let Some(first) = finding.attribution.first() {
            *people.entry(&first.display).or_default() += 1;
        }
    }
    let first = people.iter().max_by_key(|(_, count)| **count).map(|(who, _)| crate::report::text::clean(who, 48));
    let who = match (first, people.len()) {
        (None, _) => "nobody in the trail explains it".to_owned(),
        (Some(who), 1) => who,
        (Some(who), count) => format!("{who} and {} more", count - 1),
    };
    let worst = list.iter().max_by_key(|finding| finding.severity);
    let fleet = fleet.map_or_else(|| "no fleet".to_owned(), |fleet| name(fleet.as_str()));
    Group {
        severity: worst.map_or("info", |finding| finding.severity.as_str()),
        code: name(code),
        instances: number(instances.len()),
        findings: number(list.len()),
        since: ago(since, now),
        who,
        example: worst.map_or(String::new(), |finding| crate::report::text::clean(&finding.summary, 160)),
        fleet,
    }
}

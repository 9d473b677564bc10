//! What we know of the instance is fresh and has no hole that matters for this operation.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::types::{CoverageStatus, OperationKind, Source};

use super::{Answer, Candidate, Context};

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Answer {
    let Some(fleet) = candidate.fleet else {
        return Answer::hold("without a fleet nothing says how fresh the evidence must be");
    };
    let inventory = needs_inventory(candidate, fleet.expect_inventory);
    let mut sources: BTreeSet<Source> = candidate.findings.iter().map(|finding| read_as(finding.source)).collect();
    sources.insert(Source::Ec2);
    if inventory {
        sources.insert(Source::Ssm);
    }
    if let Some(hole) = sources.into_iter().find_map(|source| hole(candidate, context, source)) {
        return Answer::hold(hole);
    }
    if !inventory {
        return Answer::allow("everything that this operation rests on was read completely");
    }
    let blind = candidate.all_findings.iter().find(|f| f.is_active() && f.code.family() == "blind");
    if let Some(finding) = blind {
        return Answer::hold(format!("the instance cannot be seen completely: {}", finding.summary));
    }
    let limit = SignedDuration::try_from(fleet.inventory_max_age).unwrap_or(SignedDuration::MAX);
    match newest_inventory(candidate) {
        None => Answer::hold("the instance has reported no inventory; it lifts when it does"),
        Some(time) if context.input.now.duration_since(time) > limit => Answer::hold(format!(
            "the newest inventory was captured at {time}, longer ago than fleet {} allows ({} s); a new capture lifts it",
            fleet.name,
            limit.as_secs()
        )),
        Some(time) => Answer::allow(format!("the inventory of {time} is fresh and every source was read completely")),
    }
}

/// Replacing rests on everything we know of a server. Containing must not wait for a server to report on
/// itself when other sources accuse it: silencing the agent would be the way to escape.
fn needs_inventory(candidate: &Candidate<'_>, expected: bool) -> bool {
    let from_inside = candidate.findings.iter().any(|finding| read_as(finding.source) == Source::Ssm);
    expected && (candidate.kind == OperationKind::Replace || from_inside)
}

/// The agent's reports come through SSM.
fn read_as(source: Source) -> Source {
    if source == Source::Agent { Source::Ssm } else { source }
}

fn newest_inventory(candidate: &Candidate<'_>) -> Option<Timestamp> {
    candidate.instance.inventory.values().filter_map(|item| item.captured_at).max()
}

fn hole(candidate: &Candidate<'_>, context: &Context<'_, '_>, source: Source) -> Option<String> {
    let instance = candidate.instance;
    let entries =
        context.input.coverage.iter().filter(|entry| {
            entry.source == source && entry.account == instance.account && entry.region == instance.region
        });
    // Several entries of one source: the worst counts.
    let worst = entries.max_by_key(|entry| (entry.status, entry.reason.clone()));
    let place = instance.place();
    match worst {
        None => Some(format!("{} was not read in {place}; it lifts with a scan that reads it", source.as_str())),
        Some(entry) if entry.status == CoverageStatus::Complete => None,
        Some(entry) => Some(format!(
            "{} was not read completely in {place}: {}; it lifts with a scan that can",
            source.as_str(),
            entry.reason.as_deref().unwrap_or("no reason given")
        )),
    }
}

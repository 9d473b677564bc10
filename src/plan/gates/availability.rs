//! Target groups, zones and Auto Scaling groups keep their minimum.
//!
//! On the hygiene track the replacement serves before the old instance is drained, so nothing is lost; the
//! minimum must then merely hold as things are. Containing takes the instance away first.

use crate::plan::context::Ledger;
use crate::types::{CoverageStatus, Fleet, Source, TargetMembership};

use super::{Answer, Candidate, Context};

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>, ledger: &Ledger) -> Answer {
    let Some(fleet) = candidate.fleet else {
        return Answer::refuse("without a fleet nothing says how many healthy targets must remain");
    };
    if let Some(hole) = unread(candidate, context) {
        return Answer::hold(hole);
    }
    match below_targets(candidate, fleet, ledger).or_else(|| below_group(candidate, ledger)) {
        Some(reason) => Answer::hold(reason),
        None if candidate.instance.targets.is_empty() && candidate.instance.asg.is_none() => {
            Answer::allow("no load balancer and no Auto Scaling group counts on it")
        }
        None if candidate.loses_capacity() => Answer::allow("enough others stay healthy without it"),
        None => Answer::allow("its replacement serves before it is drained"),
    }
}

fn unread(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Option<String> {
    let instance = candidate.instance;
    let in_group = instance.asg.is_some() || instance.tags.contains_key("aws:autoscaling:groupName");
    let sources = [(Source::Elb, true), (Source::Autoscaling, in_group)];
    sources.into_iter().filter(|(_, needed)| *needed).find_map(|(source, _)| {
        let mut entries = context.input.coverage.iter().filter(|entry| {
            entry.source == source && entry.account == instance.account && entry.region == instance.region
        });
        let first = entries.next();
        let complete = |entry: &crate::types::Coverage| entry.status == CoverageStatus::Complete;
        let known = first.is_some_and(complete) && entries.all(complete);
        (!known).then(|| {
            format!(
                "{} was not read completely in {}, so nobody knows who counts on the instance; a complete scan lifts this",
                source.as_str(),
                instance.place()
            )
        })
    })
}

fn below_targets(candidate: &Candidate<'_>, fleet: &Fleet, ledger: &Ledger) -> Option<String> {
    let zone = candidate.instance.zone.as_str();
    candidate.instance.targets.iter().find_map(|target| {
        let group = target.target_group.as_str();
        let healthy = |other: &TargetMembership| other.target_group == group && other.health == "healthy";
        let own = u32::from(candidate.loses_capacity() && candidate.instance.targets.iter().any(healthy));
        let left = target.healthy_in_group.saturating_sub(ledger.taken_from_group(group)).saturating_sub(own);
        let left_in_zone = target.healthy_in_zone.saturating_sub(ledger.taken_from_zone(group, zone)).saturating_sub(own);
        if left < fleet.min_healthy {
            return Some(format!(
                "{left} healthy targets would remain in {group}, fleet {} wants at least {}; it lifts when more are healthy",
                fleet.name, fleet.min_healthy
            ));
        }
        (target.healthy_in_zone > 0 && left_in_zone == 0).then(|| {
            format!("no healthy target would remain in {group} in {zone}; it lifts when another is healthy there")
        })
    })
}

fn below_group(candidate: &Candidate<'_>, ledger: &Ledger) -> Option<String> {
    let membership = candidate.instance.asg.as_ref()?;
    let (in_service, least) = (membership.in_service?, membership.min_size?);
    let serves = membership.lifecycle_state.as_deref() == Some("InService");
    let own = i32::from(candidate.loses_capacity() && serves);
    let left = in_service.saturating_sub(ledger.taken_from_asg(candidate.instance)).saturating_sub(own);
    (left < least).then(|| {
        format!(
            "{left} instances would remain in service in the Auto Scaling group {}, its minimum is {least}; \
             a greater group or a smaller minimum lifts this",
            membership.group
        )
    })
}

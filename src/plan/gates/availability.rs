//! Target groups, zones and Auto Scaling groups keep their minimum.
//!
//! On the hygiene track the replacement serves before the old instance is drained, so nothing is lost; the
//! minimum must then merely hold as things are. Containing takes the instance away first.

use std::collections::BTreeSet;

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
    match below_targets(candidate, fleet, context, ledger).or_else(|| below_group(candidate, ledger)) {
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

fn below_targets(
    candidate: &Candidate<'_>,
    fleet: &Fleet,
    context: &Context<'_, '_>,
    ledger: &Ledger,
) -> Option<String> {
    let zone = candidate.instance.zone.as_str();
    candidate.instance.targets.iter().find_map(|target| {
        let group = target.target_group.as_str();
        let healthy = |other: &TargetMembership| other.target_group == group && other.health == "healthy";
        let own = u32::from(candidate.loses_capacity() && candidate.instance.targets.iter().any(healthy));
        let (kept, kept_in_zone) = kept_in(context, group, zone);
        let gone = own.saturating_add(ledger.taken_from_group(group)).saturating_add(kept);
        let gone_in_zone = own.saturating_add(ledger.taken_from_zone(group, zone)).saturating_add(kept_in_zone);
        let left = target.healthy_in_group.saturating_sub(gone);
        let left_in_zone = target.healthy_in_zone.saturating_sub(gone_in_zone);
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

/// Healthy targets that were replaced and are only kept, in a group and in one zone of it: somebody has registered them
/// again, and they are no capacity to count on.
fn kept_in(context: &Context<'_, '_>, group: &str, zone: &str) -> (u32, u32) {
    let input = context.input;
    let mut counted = BTreeSet::new();
    let (mut kept, mut here) = (0, 0);
    for instance in input.subjects.iter().map(|subject| subject.instance) {
        let healthy = |target: &TargetMembership| target.target_group == group && target.health == "healthy";
        let counts = input.history.retained.contains(&instance.id) && instance.targets.iter().any(healthy);
        if counts && counted.insert(&instance.id) {
            kept += 1;
            here += u32::from(instance.zone == zone);
        }
    }
    (kept, here)
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

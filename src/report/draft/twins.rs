//! Findings about an event and about the state that it made: people are told once. Which of the two that is depends on the
//! destination: one that does not take the state's group, or is not told of it now, is told of the event.

use std::collections::{BTreeMap, BTreeSet};

use super::Scope;
use super::drift::{is_silenced, key};
use super::history::{Last, Past};
use super::topic::Topic;
use crate::report::destination::Destination;
use crate::report::notice::GroupKey;
use crate::types::{Finding, FindingId};

/// Findings about events that are told by themselves.
pub(super) type Apart<'a> = BTreeSet<&'a FindingId>;

/// An event finding, the state finding that tells all that it could, and the group of that one.
struct Twin<'a> {
    event: &'a Finding,
    state: &'a Finding,
    group: GroupKey,
    group_text: String,
}

/// All of a scan.
pub(super) struct Twins<'a>(Vec<Twin<'a>>);

pub(super) fn twins<'a>(scope: &Scope<'a>) -> Twins<'a> {
    let twins = scope.active().filter_map(|event| {
        let state = scope.view.told_by(event)?;
        let group = key(state, state.attribution.first());
        Some(Twin { event, state, group_text: group.to_string(), group })
    });
    Twins(twins.collect())
}

impl<'a> Twins<'a> {
    /// Those whose state one destination is not told of.
    pub(super) fn apart(
        &self,
        scope: &Scope<'_>,
        topics: &[Topic],
        destination: &Destination,
        past: &Past<'_>,
    ) -> Apart<'a> {
        if self.0.is_empty() {
            return Apart::new();
        }
        let groups: BTreeMap<&str, &Topic> = topics.iter().map(|topic| (topic.group_text.as_str(), topic)).collect();
        let mut known: BTreeMap<&str, Option<Last>> = BTreeMap::new();
        let apart = self.0.iter().filter(|twin| {
            let group = twin.group_text.as_str();
            // Without a topic the whole fleet is told as one; where it does not fire, policy asks for nothing.
            let Some(topic) = groups.get(group).filter(|topic| topic.firing) else { return false };
            let last = known.entry(group).or_insert_with(|| past.last(topic));
            !twin.is_told(scope, topic, destination, last.as_ref())
        });
        apart.map(|twin| &twin.event.id).collect()
    }
}

impl Twin<'_> {
    /// Whether the destination is told of the state, or was. What is acknowledged was seen by a person.
    fn is_told(&self, scope: &Scope<'_>, topic: &Topic, destination: &Destination, last: Option<&Last>) -> bool {
        if is_silenced(scope, &self.group, self.state) || !topic.concerns(destination, last) {
            return false;
        }
        let severity = scope.view.severity(self.event);
        let quiet = |severity| destination.quiet_until(severity, scope.now).is_some();
        last.is_some_and(|last| last.firing) || !quiet(topic.notice.severity) || quiet(severity)
    }
}

#[cfg(test)]
#[path = "twins_tests.rs"]
mod tests;

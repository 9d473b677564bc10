//! Who changed servers, and by which door they came.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;

use super::Known;
use super::words::{ago, number};
use crate::report::door::Door;
use crate::report::text::clean;
use crate::types::{ActorKind, CallOutcome, ChangeEvent, InstanceId};

/// People listed.
const SHOWN: usize = 40;

/// Everybody who changed a server in the period.
pub(super) struct People {
    pub(super) doors: Vec<(&'static str, String)>,
    pub(super) rows: Vec<Person>,
    pub(super) more: usize,
}

/// One of them.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) principal: String,
    pub(super) kind: &'static str,
    /// Calls by door; empty where there was none.
    pub(super) doors: Vec<String>,
    pub(super) instances: String,
    pub(super) refused: String,
    pub(super) last: String,
}

struct Tally<'a> {
    event: &'a ChangeEvent,
    doors: [usize; Door::ALL.len()],
    instances: BTreeSet<&'a InstanceId>,
    calls: usize,
    refused: usize,
    last: Timestamp,
}

pub(super) fn people(known: &Known) -> People {
    let ours: HashSet<&str> = known.operations.iter().filter_map(|record| record.facts.principal.as_deref()).collect();
    let mut tallies: BTreeMap<(&str, &str), Tally<'_>> = BTreeMap::new();
    let mut totals = [0_usize; Door::ALL.len()];
    for event in known.events.iter().filter(|event| !ours.contains(event.actor.principal.as_str())) {
        let issuer = event.actor.issuer.as_deref().unwrap_or(&event.actor.principal);
        let tally = tallies.entry((&event.actor.display, issuer)).or_insert_with(|| Tally {
            event,
            doors: [0; Door::ALL.len()],
            instances: BTreeSet::new(),
            calls: 0,
            refused: 0,
            last: event.time,
        });
        tally.calls += 1;
        tally.last = tally.last.max(event.time);
        tally.instances.extend(&event.instances);
        if event.outcome != CallOutcome::Succeeded {
            tally.refused += 1;
        }
        let door = Door::of(event);
        for (index, _) in Door::ALL.iter().enumerate().filter(|(_, one)| **one == door) {
            if let (Some(mine), Some(all)) = (tally.doors.get_mut(index), totals.get_mut(index)) {
                *mine += 1;
                *all += 1;
            }
        }
    }
    let mut tallies: Vec<_> = tallies.into_values().collect();
    // Who came to more servers by a personal door comes first; services on their own come last.
    let personal = |tally: &Tally<'_>| tally.doors.iter().take(4).sum::<usize>();
    tallies.sort_by_key(|tally| std::cmp::Reverse((personal(tally), tally.instances.len(), tally.calls)));
    let more = tallies.len().saturating_sub(SHOWN);
    tallies.truncate(SHOWN);
    People {
        doors: Door::ALL.iter().zip(totals).map(|(door, count)| (door.as_str(), number(count))).collect(),
        rows: tallies.into_iter().map(|tally| person(&tally, known.now)).collect(),
        more,
    }
}

fn person(tally: &Tally<'_>, now: Timestamp) -> Person {
    let actor = &tally.event.actor;
    let or_empty = |count: usize| if count == 0 { String::new() } else { number(count) };
    Person {
        name: clean(&actor.display, 64),
        principal: clean(actor.issuer.as_deref().unwrap_or(&actor.principal), 160),
        kind: kind(actor.kind),
        doors: tally.doors.iter().map(|count| or_empty(*count)).collect(),
        instances: number(tally.instances.len()),
        refused: or_empty(tally.refused),
        last: ago(tally.last, now),
    }
}

fn kind(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::IamUser => "IAM user",
        ActorKind::AssumedRole => "role session",
        ActorKind::IdentityCenter => "Identity Center",
        ActorKind::Federated => "federated",
        ActorKind::Root => "root",
        ActorKind::AwsService => "AWS service",
        ActorKind::OtherAccount => "other account",
        ActorKind::Instance => "a server",
        ActorKind::Unknown => "unknown",
    }
}

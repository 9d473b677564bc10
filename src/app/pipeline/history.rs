//! The journal of operations -> what planning and policy need to know of the past.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::evaluate::{HistoryFacts, RecentOperation};
use crate::plan::{self, CapacityBackoff, History, Lineage, OperationState, PastOperation, PastReplacement};
use crate::remediate::{self, Method, OperationRecord, OperationStatus, captures_after, led_to};
use crate::store::{Store, StoreError};
use crate::types::{Golden, GoldenStatus, InstanceId, OperationKind, Place, PlanHash};

/// Budgets and back-offs look back no further. The lineage of an instance is followed to its beginning.
const REMEMBER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The engine's mark in the notes of an operation whose launch failed for want of capacity.
const NO_CAPACITY: &str = "capacity:";

/// First wait after a launch failed for want of capacity; it doubles with every further one.
const FIRST_BACKOFF_S: i64 = 60;
/// Longest wait.
const LONGEST_BACKOFF_S: i64 = 600;

/// Operations of the last days, those that are not over, and those of these instances and of all they descend from.
pub(super) fn load<'i>(
    store: &dyn Store,
    now: Timestamp,
    instances: impl Iterator<Item = &'i InstanceId>,
) -> Result<Vec<OperationRecord>, StoreError> {
    let since = now.checked_sub(REMEMBER).unwrap_or(Timestamp::MIN);
    let mut found = store.operations_since(since)?;
    found.extend(store.unfinished_operations()?);
    found.extend(past_of(store, instances)?);
    Ok(in_order(found))
}

/// Operations of these instances and of all they descend from, oldest first.
pub(in crate::app) fn past_of<'i>(
    store: &dyn Store,
    instances: impl Iterator<Item = &'i InstanceId>,
) -> Result<Vec<OperationRecord>, StoreError> {
    let mut found = Vec::new();
    let mut asked = BTreeSet::new();
    let mut open: Vec<InstanceId> = instances.cloned().collect();
    while let Some(id) = open.pop() {
        if !asked.insert(id.clone()) {
            continue;
        }
        let of = store.operations_of(&id)?;
        open.extend(
            of.iter().filter(|one| one.facts.replacement.as_ref() == Some(&id)).map(|one| one.instance.clone()),
        );
        found.extend(of);
    }
    Ok(in_order(found))
}

/// Each once, oldest first.
fn in_order(mut records: Vec<OperationRecord>) -> Vec<OperationRecord> {
    let mut known = BTreeSet::new();
    records.retain(|record| known.insert(record.id.clone()));
    records.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    records
}

/// What planning needs of these operations, oldest first. Fingerprints of a lineage count against the golden that
/// it was replaced from: promoting another version of its line lifts a frozen lineage.
pub(super) fn history(records: &[OperationRecord], goldens: &[Golden]) -> History {
    let made: BTreeSet<&InstanceId> = records.iter().filter_map(|one| one.facts.replacement.as_ref()).collect();
    let in_place = records.iter().filter(|one| one.settings.method == Method::RootVolume).map(|one| &one.instance);
    let lineages = made.iter().copied().chain(in_place).map(|id| (id.clone(), lineage(records, goldens, id)));
    History {
        operations: records.iter().filter_map(past).collect(),
        lineages: lineages.filter(|(_, lineage)| !lineage.replacements.is_empty()).collect(),
        retained: retained(records),
        contained: contained(records),
        capacity: capacity(records),
    }
}

/// An operation as budgets count it. One that only waits for its retention counts as finished when that began; one
/// that launched nothing, because there was no capacity, took nothing from anybody.
fn past(record: &OperationRecord) -> Option<PastOperation> {
    let state = match record.status {
        status if status.is_in_flight() => OperationState::InFlight,
        OperationStatus::RolledBack if lacked_capacity(record) || record.was_withdrawn() => return None,
        _ => OperationState::Finished(finished(record)),
    };
    Some(PastOperation {
        kind: record.kind,
        instance: record.instance.clone(),
        replacement: record.facts.replacement.clone(),
        fleet: record.fleet.clone(),
        place: record.place.clone(),
        zone: record.before.detail.instance.zone.clone(),
        golden: record.golden.clone(),
        begun_at: record.created_at,
        state,
    })
}

/// When the work on an operation ended: the retention is no work.
fn finished(record: &OperationRecord) -> Timestamp {
    let seconds = i64::try_from(record.settings.retain_s).unwrap_or(i64::MAX);
    let retaining =
        record.facts.retain_until.and_then(|until| until.checked_sub(SignedDuration::from_secs(seconds)).ok());
    retaining.or(record.ended_at).unwrap_or(record.created_at)
}

fn lineage(records: &[OperationRecord], goldens: &[Golden], instance: &InstanceId) -> Lineage {
    let replacement = |record: &OperationRecord| PastReplacement {
        at: finished(record),
        fingerprints: if outdated(record, goldens) { Vec::new() } else { record.requested.fingerprints.clone() },
    };
    Lineage { replacements: led_to(records, instance).into_iter().map(replacement).collect() }
}

/// Whether another version of the golden's line has been promoted since.
fn outdated(record: &OperationRecord, goldens: &[Golden]) -> bool {
    let Some(from) = &record.golden else { return false };
    goldens
        .iter()
        .any(|one| one.status == GoldenStatus::Promoted && one.line == from.line && one.version != from.version)
}

fn retained(records: &[OperationRecord]) -> BTreeSet<InstanceId> {
    remediate::kept(records).into_iter().cloned().collect()
}

/// Quarantined, and not released since.
fn contained(records: &[OperationRecord]) -> BTreeSet<InstanceId> {
    let mut contained = BTreeSet::new();
    for record in records.iter().filter(|one| one.status == OperationStatus::Done) {
        match record.kind {
            OperationKind::Quarantine => drop(contained.insert(record.instance.clone())),
            OperationKind::Release | OperationKind::Rollback => drop(contained.remove(&record.instance)),
            OperationKind::Replace => {}
        }
    }
    contained
}

fn lacked_capacity(record: &OperationRecord) -> bool {
    record.facts.notes.iter().any(|note| note.starts_with(NO_CAPACITY))
}

/// For each place, type and zone: how long launches wait after the failures since the last success.
fn capacity(records: &[OperationRecord]) -> Vec<CapacityBackoff> {
    let mut failures: BTreeMap<(Place, String, String), (u32, Timestamp)> = BTreeMap::new();
    let mut ended: Vec<&OperationRecord> = records.iter().filter(|one| one.kind == OperationKind::Replace).collect();
    ended.sort_by_key(|one| finished(one));
    for record in ended {
        let instance = &record.before.detail.instance;
        let key = (record.place.clone(), instance.instance_type.clone(), instance.zone.clone());
        match record.status {
            OperationStatus::RolledBack if lacked_capacity(record) => {
                let (count, at) = failures.entry(key).or_insert((0, Timestamp::MIN));
                *count = count.saturating_add(1);
                *at = finished(record);
            }
            _ if record.facts.replacement.is_some() => drop(failures.remove(&key)),
            _ => {}
        }
    }
    let held = failures.into_iter().map(|((place, instance_type, zone), (count, at))| {
        let wait = FIRST_BACKOFF_S.saturating_mul(1_i64 << count.saturating_sub(1).min(16)).min(LONGEST_BACKOFF_S);
        let until = at.checked_add(SignedDuration::from_secs(wait)).unwrap_or(Timestamp::MAX);
        CapacityBackoff { place, instance_type, zone, until }
    });
    held.collect()
}

/// When root volumes were replaced by their goldens', and attested: the last time of each instance.
pub(super) fn renewed(records: &[OperationRecord]) -> BTreeMap<InstanceId, Timestamp> {
    let in_place = |one: &&OperationRecord| {
        one.kind == OperationKind::Replace
            && one.settings.method == Method::RootVolume
            && one.status == OperationStatus::Done
    };
    let mut renewed: BTreeMap<InstanceId, Timestamp> = BTreeMap::new();
    for record in records.iter().filter(in_place) {
        let at = captures_after(record);
        renewed.entry(record.instance.clone()).and_modify(|last| *last = at.max(*last)).or_insert(at);
    }
    renewed
}

/// What policy may know of an instance's past.
pub(super) fn facts(records: &[OperationRecord], instance: &InstanceId, now: Timestamp) -> HistoryFacts {
    let line = led_to(records, instance);
    let today = |record: &&&OperationRecord| now.duration_since(finished(record)) < SignedDuration::from_hours(24);
    let family: BTreeSet<&InstanceId> = line.iter().map(|one| &one.instance).chain([instance]).collect();
    let recent = records.iter().rev().filter(|one| family.contains(&one.instance)).map(|one| RecentOperation {
        kind: one.kind,
        state: policy_state(one.status).to_owned(),
        started_at: one.created_at,
    });
    HistoryFacts {
        lineage_generation: count(line.len()),
        replacements_24h: count(line.iter().filter(today).count()),
        same_fingerprint_hosts: 0,
        recent_operations: recent.collect(),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// As the input schema names it.
fn policy_state(status: OperationStatus) -> &'static str {
    match status {
        OperationStatus::Running | OperationStatus::RollingBack => "running",
        OperationStatus::Retaining | OperationStatus::Done => "succeeded",
        OperationStatus::NeedsHuman => "failed",
        OperationStatus::RolledBack => "rolled-back",
    }
}

/// The approvals that count: of operations, and of plans as a whole, that enough different people approved.
pub fn approvals(given: &[remediate::Approval], needed: usize) -> Vec<plan::Approval> {
    let mut by_hash: BTreeMap<&PlanHash, BTreeMap<&str, (Timestamp, Timestamp)>> = BTreeMap::new();
    for remediate::Approval { plan, operations, approver, at, expires_at } in given {
        let whole = operations.is_empty().then_some(plan);
        for hash in operations.iter().chain(whole) {
            let person = by_hash.entry(hash).or_default().entry(approver).or_insert((*at, *expires_at));
            // Who approved it twice, in two plans, did so last when it counts.
            *person = (*person).max((*at, *expires_at));
        }
    }
    let enough = by_hash.into_iter().filter(|(_, people)| people.len() >= needed);
    let counted = enough.filter_map(|(plan, people)| {
        let names: Vec<&str> = people.keys().copied().collect();
        // It counts for as long as enough of them do, and since enough of them have.
        let mut ends: Vec<Timestamp> = people.values().map(|(_, until)| *until).collect();
        let mut given: Vec<Timestamp> = people.values().map(|(at, _)| *at).collect();
        ends.sort();
        given.sort();
        let expires_at = ends.len().checked_sub(needed.max(1)).and_then(|index| ends.get(index)).copied()?;
        let given_at = given.last().copied()?;
        Some(plan::Approval { plan: plan.clone(), approver: names.join(" and "), given_at, expires_at })
    });
    counted.collect()
}

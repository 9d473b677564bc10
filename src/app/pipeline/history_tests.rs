//! What the journal becomes for planning.

use jiff::SignedDuration;

use super::history::{approvals, facts, history, load};
use crate::plan::{OperationState, PastOperation};
use crate::remediate::next_generation;
use crate::remediate::sample::{at, operation, place, turned};
use crate::remediate::{Approval, Facts, Journal as _, Method, OperationRecord, OperationStatus, Settings};
use crate::store::{Leases as _, SqliteStore};
use crate::types::{Baseline, Golden, GoldenRef, GoldenStatus, InstanceId, LaunchContract, OperationKind};

/// A replacement of one instance by another that began at this second and stands so.
fn replaced(id: &str, old: &str, new: &str, begun: i64, status: OperationStatus) -> OperationRecord {
    let record = OperationRecord {
        golden: Some(GoldenRef::new("web", "1")),
        facts: Facts { replacement: Some(new.into()), ..Facts::default() },
        ..operation(id, OperationKind::Replace, old, begun)
    };
    turned(&record, status, begun + 100).0
}

fn no_capacity(id: &str, begun: i64) -> OperationRecord {
    let mut record =
        turned(&operation(id, OperationKind::Replace, id, begun), OperationStatus::RolledBack, begun + 10).0;
    record.facts.notes.push("capacity: InsufficientInstanceCapacity".to_owned());
    record
}

fn golden(version: &str, status: GoldenStatus) -> Golden {
    Golden {
        line: "web".into(),
        version: version.into(),
        status,
        images: vec![],
        contract: LaunchContract::default(),
        baseline: Baseline::default(),
        reference_instance: None,
        recorded_by: "carol@ops".to_owned(),
        recorded_at: at(0),
        promoted_at: None,
        note: None,
    }
}

fn id(text: &str) -> InstanceId {
    InstanceId::new(text)
}

#[test]
fn nothing_was_ever_done() {
    assert_eq!(history(&[], &[]), crate::plan::History::default());
    assert_eq!(facts(&[], &id("i-1"), at(0)), crate::evaluate::HistoryFacts::default());
    assert_eq!(next_generation(&[], &id("i-1")), 1);
}

#[test]
fn generations_are_counted_back_to_the_first_of_the_line() {
    let records = [
        replaced("op-1", "i-1", "i-2", 0, OperationStatus::Done),
        replaced("op-2", "i-2", "i-3", 1_000, OperationStatus::Done),
        replaced("op-3", "i-3", "i-dead", 2_000, OperationStatus::RolledBack),
        replaced("op-4", "i-3", "i-4", 90_000, OperationStatus::Retaining),
    ];
    let past = history(&records, &[]);
    let line = &past.lineages[&id("i-4")].replacements;
    assert_eq!(line.len(), 3, "what was rolled back led to nothing");
    assert_eq!(line[0].fingerprints, ["aa"]);
    assert_eq!(past.lineages[&id("i-3")].replacements.len(), 2);
    assert!(!past.lineages.contains_key(&id("i-dead")) && !past.lineages.contains_key(&id("i-1")));
    assert_eq!(next_generation(&records, &id("i-4")), 4);
    let told = facts(&records, &id("i-4"), at(91_000));
    assert_eq!((told.lineage_generation, told.replacements_24h), (3, 1));
    let states: Vec<&str> = told.recent_operations.iter().map(|one| one.state.as_str()).collect();
    assert_eq!(states, ["succeeded", "rolled-back", "succeeded", "succeeded"], "newest first, the line's as well");
}

#[test]
fn a_line_that_goes_in_a_circle_ends() {
    let records = [
        replaced("op-1", "i-1", "i-2", 0, OperationStatus::Done),
        replaced("op-2", "i-2", "i-1", 10, OperationStatus::Done),
    ];
    assert!(history(&records, &[]).lineages[&id("i-1")].replacements.len() <= 2);
}

#[test]
fn another_promoted_version_lifts_a_frozen_lineage() {
    let records = [replaced("op-1", "i-1", "i-2", 0, OperationStatus::Done)];
    let fingerprints = |goldens: &[Golden]| history(&records, goldens).lineages[&id("i-2")].replacements[0].clone();
    assert_eq!(fingerprints(&[golden("1", GoldenStatus::Promoted)]).fingerprints, ["aa"]);
    let corrected = [golden("1", GoldenStatus::Deprecated), golden("2", GoldenStatus::Promoted)];
    assert!(fingerprints(&corrected).fingerprints.is_empty());
    assert_eq!(fingerprints(&corrected).at, at(100), "the pace of replacements is still limited");
}

#[test]
fn a_root_volume_that_was_replaced_counts_although_the_instance_stays() {
    let mut record = replaced("op-1", "i-1", "i-1", 0, OperationStatus::Done);
    record.facts.replacement = None;
    record.settings = Settings { method: Method::RootVolume, ..Settings::default() };
    let past = history(&[record], &[]);
    assert_eq!(past.lineages[&id("i-1")].replacements.len(), 1);
}

#[test]
fn retaining_is_not_in_flight_and_needing_a_person_is() {
    let mut retaining = replaced("op-1", "i-1", "i-2", 0, OperationStatus::Retaining);
    let retain_s = i64::try_from(retaining.settings.retain_s).expect("a week");
    retaining.facts.retain_until = Some(at(500 + retain_s));
    let stuck = replaced("op-2", "i-3", "i-4", 0, OperationStatus::NeedsHuman);
    let past = history(&[retaining, stuck], &[]);
    let states: Vec<(&str, OperationState)> =
        past.operations.iter().map(|one: &PastOperation| (one.instance.as_str(), one.state)).collect();
    assert_eq!(states, [("i-1", OperationState::Finished(at(500))), ("i-3", OperationState::InFlight)]);
    assert_eq!(past.operations[1].replacement, Some(id("i-4")));
    assert_eq!(past.retained, [id("i-1")].into());
}

#[test]
fn a_release_ends_the_containment() {
    let done =
        |name: &str, kind, begun| turned(&operation(name, kind, "i-1", begun), OperationStatus::Done, begun + 1).0;
    let quarantined = done("op-1", OperationKind::Quarantine, 0);
    assert_eq!(history(std::slice::from_ref(&quarantined), &[]).contained, [id("i-1")].into());
    let released = [quarantined.clone(), done("op-2", OperationKind::Release, 10)];
    assert!(history(&released, &[]).contained.is_empty());
    let again = [released[0].clone(), released[1].clone(), done("op-3", OperationKind::Quarantine, 20)];
    assert_eq!(history(&again, &[]).contained, [id("i-1")].into());
    let underway = turned(&quarantined, OperationStatus::NeedsHuman, 5).0;
    assert!(history(&[underway], &[]).contained.is_empty(), "not proven to be contained");
}

#[test]
fn failed_launches_wait_longer_each_time_and_a_good_one_starts_over() {
    let waits = |records: &[OperationRecord]| -> Vec<i64> {
        let last = records.last().and_then(|one| one.ended_at).expect("ended");
        let held = history(records, &[]).capacity;
        held.iter().map(|one| one.until.duration_since(last).as_secs()).collect()
    };
    let mut records = Vec::new();
    for (number, expected) in (0..).zip([60, 120, 240, 480, 600, 600]) {
        records.push(no_capacity(&format!("op-{number}"), number * 1_000));
        assert_eq!(waits(&records), [expected]);
    }
    let past = history(&records, &[]);
    assert!(past.operations.is_empty(), "nothing was taken from anybody");
    let held = &past.capacity[0];
    assert_eq!((&held.place, held.instance_type.as_str(), held.zone.as_str()), (&place(), "m7g.large", "eu-west-1a"));

    let mut elsewhere = no_capacity("op-8", 8_000);
    elsewhere.before.detail.instance.zone = "eu-west-1b".to_owned();
    records.push(elsewhere);
    assert_eq!(history(&records, &[]).capacity.len(), 2, "each zone by itself");
    records.push(replaced("op-9", "i-9", "i-10", 9_000, OperationStatus::Done));
    let zones: Vec<String> = history(&records, &[]).capacity.into_iter().map(|one| one.zone).collect();
    assert_eq!(zones, ["eu-west-1b"]);
}

#[test]
fn an_approval_counts_when_enough_different_people_gave_it() {
    let approval = |plan: &str, approver: &str, until: i64| Approval {
        plan: plan.into(),
        operations: Default::default(),
        approver: approver.to_owned(),
        at: at(0),
        expires_at: at(until),
    };
    let given = [approval("p-1", "erin", 100), approval("p-1", "frank", 50), approval("p-2", "erin", 100)];
    let counted = |needed| -> Vec<(String, String, i64)> {
        let shown = |one: crate::plan::Approval| {
            (one.plan.to_string(), one.approver, one.expires_at.duration_since(at(0)).as_secs())
        };
        approvals(&given, needed).into_iter().map(shown).collect()
    };
    let entry = |plan: &str, by: &str, until| (plan.to_owned(), by.to_owned(), until);
    assert_eq!(counted(1), [entry("p-1", "erin and frank", 100), entry("p-2", "erin", 100)]);
    assert_eq!(counted(2), [entry("p-1", "erin and frank", 50)], "for as long as both do");
    assert_eq!(counted(3), []);
}

/// The lineage of what is judged now is loaded however old it is; the rest only as far as budgets look back.
#[test]
fn what_is_loaded() {
    let store = SqliteStore::open_in_memory().expect("memory");
    let lease = store.acquire("scan", "test", at(0), 3_600).expect("free");
    for record in [
        replaced("op-1", "i-1", "i-2", 0, OperationStatus::Done),
        replaced("op-2", "i-2", "i-3", 10, OperationStatus::Done),
        replaced("op-3", "i-8", "i-9", 20, OperationStatus::Done),
        replaced("op-4", "i-5", "i-6", 30, OperationStatus::Retaining),
    ] {
        let begun = OperationRecord {
            status: OperationStatus::Running,
            facts: Facts::default(),
            ended_at: None,
            ..record.clone()
        };
        store.begin_operation(&lease, &begun).expect("begins");
        let entry = turned(&record, record.status, 100).1;
        store.record_progress(&lease, &record, &entry).expect("legal");
    }
    let later = at(0).checked_add(SignedDuration::from_hours(24 * 60)).expect("in range");
    let loaded = load(&store, later, [id("i-3")].iter()).expect("readable");
    let ids: Vec<&str> = loaded.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["op-1", "op-2", "op-4"]);
}

//! Made-up operations for the tests of whoever keeps, plans by or shows them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    BeforeImage, Facts, InstanceDetail, JournalEntry, OperationRecord, OperationStatus, PlacementDetail, Requested,
    Settings, Step, StepRecord, StepState, WriteCall,
};
use crate::types::{Instance, InstanceId, OperationKind, Place, SecurityGroupId, Severity, Track};

/// Seconds after an arbitrary start.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

pub(crate) fn place() -> Place {
    Place::new("000000000000", "eu-west-1")
}

fn instance(id: &str) -> Instance {
    Instance { image: "ami-00000001".into(), launched_at: at(-1000), ..crate::types::sample::instance(id) }
}

pub(crate) fn before(id: &str) -> BeforeImage {
    BeforeImage {
        detail: InstanceDetail {
            instance: instance(id),
            vpc: Some("vpc-1".to_owned()),
            termination_protected: false,
            stop_protected: false,
            shutdown_behavior: "stop".to_owned(),
            addresses: vec![],
            auto_public_ip: None,
            interfaces: vec![],
            placement: PlacementDetail::default(),
            ebs_root: true,
            instance_store: false,
            profile: None,
        },
        targets: vec![],
        group: None,
        role: None,
        isolation_group: "sg-isolate".into(),
        open_group: None,
        quarantine_profile: None,
        no_substitute: false,
        acls: BTreeMap::new(),
        user_data: None,
    }
}

/// Protect, isolate, verify: enough of a quarantine for whoever does not carry it out.
pub(crate) fn steps(id: &str) -> Vec<StepRecord> {
    let instance = InstanceId::new(id);
    let protect = |on| WriteCall::SetTerminationProtection { instance: instance.clone(), on };
    let groups = |group: &str| WriteCall::SetInterfaceGroups {
        interface: "eni-1".into(),
        groups: BTreeSet::from([SecurityGroupId::new(group)]),
    };
    [
        Step::call("protect", "", protect(true)).undone_by(protect(false)),
        Step::call("isolate-interface", "eni-1", groups("sg-isolate")).undone_by(groups("sg-web")),
        Step::wait("verify-cut", "", super::Condition::CutVerified, 300),
    ]
    .map(StepRecord::pending)
    .into()
}

/// An operation that has just begun.
pub(crate) fn operation(id: &str, kind: OperationKind, instance: &str, begun: i64) -> OperationRecord {
    OperationRecord {
        id: id.into(),
        kind,
        place: place(),
        instance: instance.into(),
        fleet: "web".into(),
        golden: None,
        track: Track::Hygiene,
        severity: Severity::High,
        requested: Requested {
            by: "cattleguard".to_owned(),
            reasons: vec!["changed in place".to_owned()],
            plan: None,
            operation: None,
            findings: vec!["f-1".into()],
            fingerprints: vec!["aa".to_owned()],
            overridden: None,
        },
        undoes: None,
        settings: Settings::default(),
        before: before(instance),
        generation: 1,
        created_at: at(begun),
        deadline: at(begun + 6 * 3_600),
        status: OperationStatus::Running,
        note: None,
        steps: steps(instance),
        facts: Facts::default(),
        ended_at: None,
    }
}

/// The record with one step in another state, and the entry that tells of it.
pub(crate) fn moved(
    record: &OperationRecord,
    index: usize,
    state: StepState,
    second: i64,
) -> (OperationRecord, JournalEntry) {
    let mut next = record.clone();
    let step = &mut next.steps[index];
    step.state = state;
    let made = match (&step.step.does, state) {
        (super::Does::Call(call), StepState::Intended) => Some(call.clone()),
        (_, StepState::Undoing) => step.step.undo.first().cloned(),
        _ => None,
    };
    if made.is_some() {
        step.call = made.clone();
    }
    let entry = JournalEntry {
        seq: 0,
        operation: record.id.clone(),
        at: at(second),
        step: Some(index),
        name: step.step.name.clone(),
        state: Some(state),
        call: made,
        request_id: None,
        detail: None,
    };
    (next, entry)
}

/// The record with another status, and the entry that tells of it.
pub(crate) fn turned(
    record: &OperationRecord,
    status: OperationStatus,
    second: i64,
) -> (OperationRecord, JournalEntry) {
    let ended_at = status.is_over().then(|| at(second));
    let entry = JournalEntry {
        seq: 0,
        operation: record.id.clone(),
        at: at(second),
        step: None,
        name: status.as_str().to_owned(),
        state: None,
        call: None,
        request_id: None,
        detail: None,
    };
    (OperationRecord { status, ended_at, ..record.clone() }, entry)
}

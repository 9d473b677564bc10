//! The evidence in the order in which the rules need it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::remediate::Method;
use crate::testing::histories::evidence::{Evidence, Fact};
use crate::testing::{AccountEntry, By, Change, Scene, SeenOperation, ServerScene};
use crate::types::{InstanceId, OperationId, OperationKind, Track};

/// How long after somebody else's doing an enforcer may not have noticed it yet.
const UNNOTICED: SignedDuration = SignedDuration::from_secs(300);

/// What an operation said of itself when it began.
pub(super) struct Stated<'a> {
    pub(super) kind: OperationKind,
    pub(super) track: Track,
    pub(super) method: Method,
    pub(super) moves_data: bool,
    pub(super) undoes: Option<&'a OperationId>,
    /// When.
    pub(super) at: Timestamp,
}

pub(super) struct Case<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) stated: BTreeMap<&'a OperationId, Stated<'a>>,
    /// What each operation launched.
    pub(super) launched: BTreeMap<&'a OperationId, BTreeSet<&'a InstanceId>>,
}

impl<'a> Case<'a> {
    pub(super) fn new(evidence: &'a Evidence) -> Self {
        let mut stated = BTreeMap::new();
        for witnessed in &evidence.facts {
            if let Fact::Began { operation, kind, track, method, moves_data, undoes, .. } = &witnessed.fact {
                let said = Stated {
                    kind: *kind,
                    track: *track,
                    method: *method,
                    moves_data: *moves_data,
                    undoes: undoes.as_ref(),
                    at: witnessed.at,
                };
                stated.insert(operation, said);
            }
        }
        let mut launched: BTreeMap<&OperationId, BTreeSet<&InstanceId>> = BTreeMap::new();
        for entry in &evidence.log {
            if let (By::Enforcer(operation), Change::Launched { .. }) = (&entry.by, &entry.change) {
                launched.entry(operation).or_default().insert(&entry.instance);
            }
        }
        Self { evidence, stated, launched }
    }

    /// What enforcers changed, with the operation and how the account met it.
    pub(super) fn ours(&self) -> impl Iterator<Item = (&'a AccountEntry, &'a OperationId, Option<&'a SeenOperation>)> {
        self.evidence.log.iter().filter_map(|entry| match &entry.by {
            By::Enforcer(operation) => Some((entry, operation, self.evidence.operations.get(operation))),
            By::Person(_) | By::AutoScaling | By::World => None,
        })
    }

    pub(super) fn launched_by(&self, operation: &OperationId) -> impl Iterator<Item = &'a InstanceId> {
        self.launched.get(operation).into_iter().flatten().copied()
    }

    /// Whether somebody else has changed a server within the time in which that may go unnoticed.
    pub(super) fn disturbed_lately(&self, instance: &InstanceId, at: Timestamp) -> bool {
        self.others_on(instance, at).any(|entry| at.duration_since(entry.at) <= UNNOTICED)
    }

    /// Whether somebody else has ever changed a server, up to a time.
    pub(super) fn disturbed(&self, instance: &InstanceId, at: Timestamp) -> bool {
        self.others_on(instance, at).next().is_some()
    }

    fn others_on(&self, instance: &InstanceId, at: Timestamp) -> impl Iterator<Item = &'a AccountEntry> {
        let instance = instance.clone();
        self.evidence.log.iter().filter(move |entry| {
            entry.instance == instance
                && entry.at <= at
                && !matches!(entry.by, By::Enforcer(_))
                && !matches!(entry.change, Change::Launched { .. })
        })
    }
}

/// The target groups that an instance was in when its operation began.
pub(super) fn groups_of(seen: &SeenOperation) -> BTreeSet<&str> {
    let form = seen.form.iter().flat_map(|form| &form.targets);
    form.map(|(group, _, _)| group.as_str()).collect()
}

/// A server of a scene, unless it is on its way out.
pub(super) fn living<'s>(scene: &'s Scene, instance: &InstanceId) -> Option<&'s ServerScene> {
    scene.get(instance).filter(|server| !matches!(server.state.as_str(), "shutting-down" | "terminated"))
}
